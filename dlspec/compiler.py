"""The stages in a row: text -> tree -> ModelSpec -> flat graph -> Graph -> Plan."""

import gc
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dlspec.decode.decode import decode
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic, Reporter, SpecError
from dlspec.diagnostics.source import Source, Span, span_at_offset
from dlspec.diagnostics.work import MOST_WORK, Work, WorkSpentError
from dlspec.expand.expand import expand
from dlspec.expand.kept_lifts import lift_saved_model
from dlspec.expand.taken_findings import told_in_the_spec
from dlspec.language.catalogue import installed_keras
from dlspec.language.catalogue.project import project_of
from dlspec.language.catalogue.target import Target
from dlspec.language.kinds import keys_of
from dlspec.language.sections import Data, Document, is_free_of_poison
from dlspec.resolve.followers import report_followers
from dlspec.resolve.minimised_terms import asked_terms, predicting_graph, resolve_objective
from dlspec.resolve.model_starts import model_starts
from dlspec.resolve.own_losses import resolve_losses
from dlspec.resolve.plan import Graph, LossGraph, Plan
from dlspec.resolve.planned_turns import resolve_turns
from dlspec.resolve.resolve import is_resolved_whole, resolve
from dlspec.resolve.word_vectors import resolve_word_vectors
from dlspec.rules.check import check
from dlspec.rules.heads import takes_logits
from dlspec.rules.sample_weight import sample_weights_of
from dlspec.rules.subject import Checked, beside_terms, checked_spec
from dlspec.syntax.extends import overlay_on_base
from dlspec.syntax.flow_text import flow_text
from dlspec.syntax.moved_paths import with_moved_paths
from dlspec.syntax.nodes import Entry, Node
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.parse import parse
from dlspec.syntax.set_values import set_values, without_orphaned_params
from dlspec.syntax.spec_files import read_source
from dlspec.syntax.substitution import as_node
from dlspec.syntax.tree_text import tree_text

# The version that an import of Keras would take, and the newest where there is none.
INSTALLED = "installed"
# CPython lays frames into chunks of 16 kB and hands an empty one back at once: a loop that stands
# at the end of one asks the system for memory at every turn, 1.2 s of 1.5 s in one text. A frame of
# so many slots gets a chunk of 512 kB, in which all frames above it have room.
_FRAME_SLOTS = 32_768
# Where a value that is set stands, for diagnostics.
SET_SOURCE = "--set"


@dataclass(frozen=True, slots=True)
class Compilation:
    """What one file gave: the plan, unless an error stands among the diagnostics.

    `text` says by itself what was compiled: the file's own text, or, where that extends another
    or `--set` changed it, all of it together; None where it cannot be read.
    """

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]
    source: Source | None
    text: str | None = None


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
    path: str | Path,
    *,
    params: Mapping[str, object] | None = None,
    sets: Mapping[str, object] | None = None,
    keras: str | None = INSTALLED,
) -> Compilation:
    """Compile the spec at `path` and return the plan together with every finding.

    Args:
        params: Values that replace those under the spec's `params`.
        sets: Values by the name of a param, or by the path of any value.
        keras: The version of Keras that must have all that the spec names; None is the newest.
    """
    reporter = Reporter()
    source = read_source(Path(path), reporter)
    if source is None:
        return Compilation(None, reporter.diagnostics, None)
    return compile_source(source, params=params, sets=sets, keras=keras)


def compile_source(
    source: Source,
    *,
    params: Mapping[str, object] | None = None,
    sets: Mapping[str, object] | None = None,
    keras: str | None = INSTALLED,
) -> Compilation:
    """Compile a text and return the plan together with every finding, warnings included.

    Args:
        params: Values that replace those under the spec's `params`.
        sets: Values by the name of a param, or by the path of any value.
        keras: The version of Keras that must have all that the spec names; None is the newest.
    """
    version = installed_keras() if keras == INSTALLED else keras
    target = Target(version, project_of(source.path), lift=lift_saved_model)
    reporter = Reporter(work=Work())
    try:
        with _no_search_for_cycles():
            return _compile_read_source(source, target, reporter, params or {}, sets or {})
    except WorkSpentError as error:
        stopped = _spent_work(error, source, alone=not reporter.diagnostics)
        return Compilation(None, (*reporter.diagnostics, stopped), source)


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Let no search for cycles of objects run: trees have none, and it takes 40 % of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _spent_work(error: WorkSpentError, source: Source, *, alone: bool) -> Diagnostic:
    """Return the finding for a text that asks for more work than a compilation may take."""
    return Diagnostic(
        Code.TOO_LARGE,
        f"the spec asks for more than {MOST_WORK:_} steps of work",
        error.span or span_at_offset(source, 0),
        "checking stopped here",
        help="shorten the loops, lists and texts that it repeats"
        if alone
        else "mend what is told before it, and check again",
    )


def _compile_read_source(
    source: Source,
    target: Target,
    reporter: Reporter,
    params: Mapping[str, object],
    sets: Mapping[str, object],
) -> Compilation:
    tree = parse(source, reporter)
    if tree is None:
        return Compilation(None, reporter.diagnostics, source)
    whole = overlay_on_base(tree, source.path, reporter)
    wanted = _params_and_paths(whole, _override_nodes(sets))
    overrides = {**_override_nodes(params), **wanted.params}
    changed = without_orphaned_params(
        whole, set_values(whole, wanted.paths, reporter), kept=overrides
    )
    plan = _compile_tree_to_plan(changed, source, target, reporter, overrides)
    taken = _place_of_architecture(changed)
    told = tuple(told_in_the_spec(found, taken) for found in reporter.diagnostics)
    text = source.text
    if whole is not tree or overrides or wanted.paths:
        text = _self_contained_text(with_moved_paths(changed, Path(source.path).parent), overrides)
    return Compilation(None if reporter.failed else plan, told, source, text)


_compile_read_source.__code__ = _compile_read_source.__code__.replace(co_stacksize=_FRAME_SLOTS)


def _place_of_architecture(tree: MappingNode) -> Span | None:
    model = tree.get("model")
    word = model.get("zoo") if isinstance(model, MappingNode) else None
    return word.span if word is not None else None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is set: params, which keep their kind, and values by their paths."""

    params: Mapping[str, Node]
    paths: Mapping[str, Node]


def _params_and_paths(tree: MappingNode, sets: Mapping[str, Node]) -> _Wanted:
    """Tell params from paths: a word alone is a param, unless it is that of a section."""
    node = tree.get("params")
    declared = [entry.name for entry in node.entries] if isinstance(node, MappingNode) else []
    # What another file gives has been read when values are set.
    sections = {key.name for key in keys_of(Document)} - {"extends"}
    params, paths = {}, {}
    for path, value in sets.items():
        name = path.removeprefix("params.")
        if name != path or path in declared or ("." not in path and path not in sections):
            params[name] = value
        else:
            paths[path] = value
    return _Wanted(params, paths)


def _self_contained_text(tree: MappingNode, overrides: Mapping[str, Node]) -> str:
    """Return a tree with its params overridden as a text that extends no other."""
    entries = []
    for entry in tree.entries:
        value = entry.value
        if entry.name == "params" and isinstance(value, MappingNode):
            own = (Entry(e.key, overrides.get(e.name, e.value)) for e in value.entries)
            value = MappingNode(tuple(own), value.span)
        if entry.name != "extends":
            entries.append(Entry(entry.key, value))
    return tree_text(MappingNode(tuple(entries), tree.span))


def _override_nodes(params: Mapping[str, object]) -> dict[str, Node]:
    """Return override values as nodes of a source of their own, so that errors can show them."""
    nodes = {}
    for name, value in params.items():
        # As YAML writes it, on one line.
        text = f"{name}={flow_text(value, indent=0, width=sys.maxsize)}"
        source = Source(SET_SOURCE, text)
        nodes[name] = as_node(value, Span(source, 1, len(name) + 2, 1, len(text) + 1))
    return nodes


def _compile_tree_to_plan(
    tree: MappingNode,
    source: Source,
    target: Target,
    reporter: Reporter,
    overrides: Mapping[str, Node],
) -> Plan:
    stem = Path(source.path).stem if source.path.endswith((".yaml", ".yml")) else None
    spec, scope = decode(tree, target, reporter, overrides=overrides, stem=stem)
    asked = asked_terms(spec)
    flat = expand(spec.name, spec.model, scope, target, reporter, asked=asked)
    precision = spec.runtime.precision if is_free_of_poison(spec.runtime) else "float32"
    whole = resolve(flat, reporter, precision=precision)
    objective = resolve_objective(spec, whole, flat, reporter)
    turns = resolve_turns(spec, objective if is_resolved_whole(whole, flat) else None, reporter)
    vectors = resolve_word_vectors(spec, whole, flat, reporter)
    if len(whole.nodes) == len(flat.nodes):
        report_followers(spec, whole, flat, reporter)
    graph = whole if asked is None else predicting_graph(whole)
    losses = resolve_losses(spec, graph, scope, target, reporter)
    seen = checked_spec(spec, target, scope, graph, flat, reporter)
    checked = seen if objective is None else beside_terms(seen, objective)
    check(checked)
    complete = len(whole.nodes) == len(flat.nodes) and len(graph.outputs) > 0
    assert reporter.failed or complete, "a part of the graph is missing and nothing was reported"
    return Plan(
        name=spec.name,
        description=spec.description,
        tags=spec.tags,
        owners=spec.owners,
        params=spec.params,
        graph=graph,
        data=_weighed_data(checked),
        training=spec.training,
        evaluation=spec.evaluation,
        retraining=spec.retraining,
        runtime=spec.runtime,
        prediction=spec.prediction,
        losses=_loss_graphs(losses, checked),
        objective=objective,
        turns=turns,
        starts=tuple(model_starts(flat, Path(source.path).parent)),
        vectors=vectors,
    )


def _weighed_data(checked: Checked) -> Data | None:
    """Return the data section with what its samples count for; as it is where it cannot be read."""
    written = checked.written_data
    if written is None:
        return checked.spec.data
    return replace(written, weights=sample_weights_of(checked))


def _loss_graphs(losses: Mapping[str, Graph], checked: Checked) -> dict[str, LossGraph]:
    return {
        head.name: LossGraph(losses[head.name], takes_logits(head))
        for head in checked.heads
        if head.name in losses
    }
