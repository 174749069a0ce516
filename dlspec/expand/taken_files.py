"""`{file: model.keras}`: a saved Keras model, as a spec that says the same."""

from pathlib import Path

from dlspec.decode.decode import decode
from dlspec.decode.spec import GraphSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.source import Source
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.graph_nodes import Expansion
from dlspec.expand.taken_graph import TakenGraph
from dlspec.language.lifted_models import LiftedModel
from dlspec.syntax.nodes import Scalar
from dlspec.syntax.parse import parse

# Beside `file`: not its weights, and none else.
FRESH = "fresh"


def read_taken_file(word: Scalar, graph: GraphSpec, state: Expansion) -> TakenGraph | None:
    """Return the model that a file holds, or report why it cannot be taken.

    Args:
        word: Its path, relative to the file in which it is written.
    """
    path = Path(word.span.source.path).parent / str(word.value)
    if not path.is_file():
        report_missing_file(word, path, state.reporter)
        return None
    assert state.target.lift is not None, "whoever compiles a spec says how models are read"
    found = state.target.lift(path)
    if not isinstance(found, LiftedModel):
        state.reporter.error(
            found.code,
            word.span,
            found.message,
            label=found.label,
            notes=found.notes,
            help=found.help,
        )
        return None
    if found.fresh is not None and graph.weights is None:
        _report_no_weights_in_file(word, found.fresh, state.reporter)
    tree = parse(Source(str(path), found.text, taken=True), state.reporter)
    if tree is None:
        return None
    spec, scope = decode(tree, state.target, state.reporter, overrides={}, stem=None)
    return TakenGraph(spec.model, scope)


def report_missing_file(word: Scalar, path: Path, reporter: Reporter) -> None:
    """Report a file that is not there, with one of its folder whose name is near."""
    folder = path.parent
    beside = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    near = replacement_word(path.name, beside, work=reporter.work)
    written = str(word.value).removesuffix(path.name)
    reporter.error(
        Code.REFERENCE_NOT_FOUND,
        word.span,
        f"there is no file `{word.value}` whose model could be taken",
        label=f"looked for {path}",
        help=Replacement(f"{written}{near.text}", certain=near.certain)
        if near
        else "write a path relative to this file",
    )


def _report_no_weights_in_file(word: Scalar, reason: str, reporter: Reporter) -> None:
    reporter.error(
        Code.REFERENCE_NOT_FOUND,
        word.span,
        f"the model cannot begin with the weights of `{word.value}`",
        label=reason,
        help=f"add `weights: {FRESH}`, or name the run or the file whose weights it begins with",
    )
