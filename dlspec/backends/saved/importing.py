"""A saved model -> the text of a spec, and what a reader of it has to know."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import keras
from keras.src.backend.common import global_state

from dlspec.backends.lift.decompile import decompile
from dlspec.backends.saved.architecture import SavedGraph
from dlspec.backends.saved.built_model import built_model
from dlspec.backends.saved.document_parts import MalformedError, Part
from dlspec.backends.saved.import_findings import Findings
from dlspec.backends.saved.keras3_models import ModernReader, is_keras3_model
from dlspec.backends.saved.legacy.legacy_models import read_legacy_model
from dlspec.backends.saved.model_files import Document
from dlspec.compiler import compile_source
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.resolve.plan import Graph, Plan
from dlspec.rules.dropped_masks import dropped_masks

_TRAINING = (
    "the file says how the model was trained; a spec says that under `training`, "
    "which is not written"
)
_LOST_MASKS = (
    "Keras 2 used the mask of padding where Keras 3 does not (DL512), so padded samples come out "
    "otherwise"
)
_UNINITIALIZED = "uninitialized_variables"


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a spec, notes on what was dropped or assumed, and where it came from.

    `inexact` are the notes that tell of other outputs under the same weights; `parameters` counts
    the weights that the file describes.
    """

    text: str
    notes: tuple[str, ...]
    inexact: tuple[str, ...]
    document: Document
    graph: SavedGraph
    parameters: int


def import_saved_model(
    document: Document, *, name: str | None = None, flat: bool = False
) -> Imported:
    """Return the spec of a saved model; nothing that the file holds is run or imported.

    Args:
        name: What the spec is called; default: the model's name.
        flat: Whether to keep every layer's name and roll nothing up.

    Raises:
        SpecError: If something in the model cannot be said; it lists all that cannot.
    """
    reporter = Reporter()
    findings = Findings(document.locate, reporter)
    graph = read_saved_graph(document, findings)
    if graph is None:
        findings.report_refusals()
        reporter.raise_errors()
    assert graph is not None, "what is not understood is reported"
    with _layers_without_values() if not _keeps_states(graph) else nullcontext():
        model = built_model(graph, findings, rename=not flat)
        findings.report_refusals()
        reporter.raise_errors()
        assert model is not None, "what is not built is reported"
        text = decompile(model, name=name, flat=flat)
    if document.trained:
        findings.note(_TRAINING)
    plan = _checked_plan(text, document.path, reporter)
    if not _is_of_keras3(document):
        _note_masks_lost_since(plan.graph, findings)
    return Imported(
        text, findings.notes, findings.inexact, document, graph, int(model.count_params())
    )


def read_saved_graph(document: Document, findings: Findings) -> SavedGraph | None:
    """Return the records of a document's model; None when a refusal is reported."""
    try:
        top = _top_part(document)
        if _is_of_keras3(document):
            return ModernReader(findings).model(top)
        return read_legacy_model(top, findings)
    except MalformedError as error:
        findings.report_malformed_part(error.path, error.reason)
        return None


def _top_part(document: Document) -> Part:
    top = Part(document.data)
    # TensorFlow.js keeps what an HDF5 file has under this name, beside a list of weight files.
    for wrapper in ("modelTopology", "model_config"):
        if isinstance(top.value, dict) and wrapper in top.value:
            top = top[wrapper]
    return top


def _is_of_keras3(document: Document) -> bool:
    top = _top_part(document)
    if not (isinstance(top.value, dict) and "class_name" in top.value):
        return False
    # HDF5 of Keras 3 says no modules, and of a chain no tensors; archives of Keras 2 say modules as
    # Keras 3 does.
    generation = (document.keras_version or "").partition(".")[0]
    return generation == "3" or (generation != "2" and is_keras3_model(top))


def _note_masks_lost_since(graph: Graph, findings: Findings) -> None:
    """Note where Keras 2 used a mask that Keras 3 does not: the same weights give other outputs."""
    lost = [one.node.name for one in dropped_masks(graph) if one.kept_by_keras2]
    if lost:
        findings.note(f"{_LOST_MASKS}: {', '.join(f'`{name}`' for name in lost)}", exact=False)
    for inner in graph.models.values():
        _note_masks_lost_since(inner, findings)


def _checked_plan(text: str, path: str, reporter: Reporter) -> Plan:
    """Return the plan of the spec; raise what the compiler says, which Keras may accept."""
    found = compile_source(Source(f"<spec of {path}>", text), keras=None)
    for diagnostic in found.diagnostics:
        if diagnostic.severity == "error":
            reporter.error(
                diagnostic.code,
                diagnostic.span,
                diagnostic.message,
                label=diagnostic.label,
                notes=diagnostic.notes,
                help=diagnostic.help,
            )
    reporter.raise_errors()
    assert found.plan is not None, "without errors there is a plan"
    return found.plan


def _keeps_states(graph: SavedGraph) -> bool:
    """Return whether a layer keeps its states between batches: Keras gives those values at once."""
    return any(
        _is_stateful_config(layer.config)
        or (layer.graph is not None and _keeps_states(layer.graph))
        for layer in graph.layers
    )


def _is_stateful_config(value: Any) -> bool:  # noqa: ANN401 - a value of a config
    if isinstance(value, SavedGraph):
        return _keeps_states(value)
    if isinstance(value, list):
        return any(_is_stateful_config(item) for item in value)
    if not isinstance(value, Mapping):
        return False
    return bool(value.get("stateful")) or any(_is_stateful_config(item) for item in value.values())


@contextmanager
def _layers_without_values() -> Iterator[None]:
    """Build layers whose weights have shapes and no values: no memory, no random numbers."""
    before = list(global_state.get_global_attribute(_UNINITIALIZED, []))
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        # Keras would give them values at the end of the next scope.
        global_state.set_global_attribute(_UNINITIALIZED, before)
