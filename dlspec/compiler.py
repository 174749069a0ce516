"""The stages in a row: text -> tree -> ModelSpec -> flat graph -> Graph -> Plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlspec.decode.decode import decode
from dlspec.diagnostics.findings import Diagnostic, Reporter, SpecError
from dlspec.diagnostics.source import Source, Span
from dlspec.expand.expand import expand
from dlspec.language.catalogue import installed_keras
from dlspec.language.catalogue.project import project_of
from dlspec.language.catalogue.target import Target
from dlspec.language.sections import is_free_of_poison
from dlspec.resolve.plan import Plan
from dlspec.resolve.resolve import resolve
from dlspec.rules.check import check
from dlspec.rules.subject import checked_spec
from dlspec.syntax.extends import overlay_on_base
from dlspec.syntax.nodes import Node
from dlspec.syntax.parse import parse
from dlspec.syntax.spec_files import read_source
from dlspec.syntax.substitution import as_node

# The version that an import of Keras would take, and the newest where there is none.
INSTALLED = "installed"


@dataclass(frozen=True, slots=True)
class Compilation:
    """What one file gave: the plan, unless an error stands among the diagnostics."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    source: Source | None


def load(path: str | Path, *, params: Mapping[str, object] | None = None) -> Plan:
    """Compile the spec at `path`.

    Args:
        params: Values that replace those under the spec's `params`.

    Raises:
        SpecError: If the file has a mistake; `diagnostics` holds every one.
    """
    return _require_plan(compile_file(path, params=params))


def loads(text: str, *, path: str = "<text>", params: Mapping[str, object] | None = None) -> Plan:
    """Compile a spec from text.

    Args:
        path: What diagnostics call the text; with an ending of `.yaml` its stem must be the name.
        params: Values that replace those under the spec's `params`.

    Raises:
        SpecError: If the text has a mistake; `diagnostics` holds every one.
    """
    return _require_plan(compile_source(Source(path, text), params=params))


def _require_plan(compilation: Compilation) -> Plan:
    if compilation.plan is None:
        raise SpecError(compilation.diagnostics)
    return compilation.plan


def compile_file(
    path: str | Path, *, params: Mapping[str, object] | None = None, keras: str | None = INSTALLED
) -> Compilation:
    """Compile the spec at `path` and return the plan together with every finding.

    Args:
        params: Values that replace those under the spec's `params`.
        keras: The version of Keras that must have all that the spec names; None is the newest.
    """
    reporter = Reporter()
    source = read_source(Path(path), reporter)
    if source is None:
        return Compilation(None, reporter.diagnostics, None)
    return compile_source(source, params=params, keras=keras)


def compile_source(
    source: Source, *, params: Mapping[str, object] | None = None, keras: str | None = INSTALLED
) -> Compilation:
    """Compile a text and return the plan together with every finding, warnings included.

    Args:
        params: Values that replace those under the spec's `params`.
        keras: The version of Keras that must have all that the spec names; None is the newest.
    """
    version = installed_keras() if keras == INSTALLED else keras
    target = Target(version, project_of(source.path))
    reporter = Reporter()
    plan = _compile_tree_to_plan(source, target, reporter, _override_nodes(params or {}))
    return Compilation(None if reporter.failed else plan, reporter.diagnostics, source)


def _override_nodes(params: Mapping[str, object]) -> dict[str, Node]:
    """Return override values as nodes of a source of their own, so that errors can show them."""
    nodes = {}
    for name, value in params.items():
        text = f"{name}={value}"
        source = Source("--set", text)
        nodes[name] = as_node(value, Span(source, 1, len(name) + 2, 1, len(text) + 1))
    return nodes


def _compile_tree_to_plan(
    source: Source, target: Target, reporter: Reporter, overrides: Mapping[str, Node]
) -> Plan | None:
    tree = parse(source, reporter)
    if tree is None:
        return None
    tree = overlay_on_base(tree, source.path, reporter)
    stem = Path(source.path).stem if source.path.endswith((".yaml", ".yml")) else None
    spec, scope = decode(tree, target, reporter, overrides=overrides, stem=stem)
    flat = expand(spec.name, spec.model, scope, target, reporter)
    precision = spec.runtime.precision if is_free_of_poison(spec.runtime) else "float32"
    graph = resolve(flat, reporter, precision=precision)
    check(checked_spec(spec, scope, graph, flat, reporter))
    complete = len(graph.nodes) == len(flat.nodes) and len(graph.outputs) > 0
    assert reporter.failed or complete, "a part of the graph is missing and nothing was reported"
    return Plan(
        name=spec.name,
        description=spec.description,
        tags=spec.tags,
        owners=spec.owners,
        params=spec.params,
        graph=graph,
        data=spec.data,
        training=spec.training,
        evaluation=spec.evaluation,
        retraining=spec.retraining,
        runtime=spec.runtime,
        prediction=spec.prediction,
    )
