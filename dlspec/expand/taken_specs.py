"""`{spec: other.yaml}`: the model of another spec, read as `extends` reads the one below."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dlspec.decode.decode import decode
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.graph_nodes import Expansion
from dlspec.expand.taken_files import report_missing_file
from dlspec.expand.taken_graph import TakenGraph
from dlspec.syntax.extends import overlay_on_base
from dlspec.syntax.nodes import Entry, Scalar
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.parse import parse
from dlspec.syntax.spec_files import read_source


def read_taken_spec(word: Scalar, entries: Sequence[Entry], state: Expansion) -> TakenGraph | None:
    """Return the model of another spec with its params, or report what is wrong.

    Args:
        word: Its path, relative to the file in which it is written.
        entries: What `with` gives to its params.
    """
    here = Path(word.span.source.path)
    path = here.parent / str(word.value)
    opened = (*state.opened, here.resolve())
    if path.resolve() in opened:
        state.reporter.error(
            Code.RECURSION,
            word.span,
            f"`{path.name}` takes its own model",
            label=" -> ".join(one.name for one in (*opened, path)),
            help="name another spec, or write the model out",
        )
        return None
    tree = _read_tree(path, word, state.reporter)
    if tree is None:
        return None
    state.opened = opened
    params = tree.get("params")
    known = [one.name for one in params.entries] if isinstance(params, MappingNode) else []
    given = {e.name: e.value for e in entries if _is_declared(e.key, known, word, state.reporter)}
    spec, scope = decode(tree, state.target, state.reporter, overrides=given, stem=path.stem)
    if spec.model.inputs and _writes_inputs(tree):
        # What its other sections read changes nothing of the model.
        scope.read.clear()
    return TakenGraph(spec.model, scope)


def _writes_inputs(tree: MappingNode) -> bool:
    model = tree.get("model")
    return isinstance(model, MappingNode) and model.get("inputs") is not None


def _read_tree(path: Path, word: Scalar, reporter: Reporter) -> MappingNode | None:
    if not path.is_file():
        report_missing_file(word, path, reporter)
        return None
    source = read_source(path, reporter)
    tree = parse(replace(source, taken=True), reporter) if source is not None else None
    return overlay_on_base(tree, str(path), reporter) if tree is not None else None


def _is_declared(key: Scalar, known: list[str], word: Scalar, reporter: Reporter) -> bool:
    if key.value in known:
        return True
    near = replacement_word(str(key.value), known, work=reporter.work)
    reporter.error(
        Code.UNKNOWN_PARAM,
        key.span,
        f"`{word.value}` takes no `{key.value}`",
        label="not a param of this spec",
        help=near or (f"it takes {', '.join(known)}" if known else "leave `with` out"),
    )
    return False
