"""The weights of a saved model -> a file of weights for the spec made of it."""

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras

from dlspec.backends.compile_plan import compile as build
from dlspec.backends.saved.built_model import built_model
from dlspec.backends.saved.import_findings import Findings
from dlspec.backends.saved.importing import Imported, import_saved_model
from dlspec.backends.saved.model_files import Document, load_document
from dlspec.backends.weights import (
    Stored,
    WeightsError,
    read_weights,
    transfer_weights,
    write_weights,
)
from dlspec.backends.weights.matched_layers import Transfer
from dlspec.compiler import loads
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Reporter, SpecError

# A sentence stays readable; the rest is counted.
_SHOWN = 5


class KeptError(ValueError):
    """Weights that a file does not hold, or that would not give the outputs it had."""


def keep_weights(found: Imported, target: Path) -> None:
    """Write the weights of an imported model to `target`, under the names of the spec's nodes.

    Raises:
        KeptError: If the file has no weights that this Keras can take as they are.
        OSError: If the target cannot be written.
    """
    reason = reason_against_weights(found)
    if reason is not None:
        other = "; import its `.keras` or `.h5` file, or leave `--weights` out"
        raise KeptError(reason + other * _describes_alone(found))
    try:
        stored = read_weights(Path(found.document.path))
        _refuse_missing_weights(found, stored)
        model = built_model(found.graph, Findings(found.document.locate, Reporter()))
        assert model is not None, "it was built without values before"
        missing = transfer_weights(model, stored).initialised
        if missing:
            raise KeptError(_missing_weights_reason(missing))
        write_weights(_spec_model_with_weights(found.text, model), target)
    except WeightsError as error:
        raise KeptError(str(error)) from error


def _spec_model_with_weights(text: str, model: keras.Model) -> keras.Model:
    """Return the spec's own model with the weights of the one that was read."""
    made = build(loads(text))
    shapes = [tuple(weight.shape) for weight in model.weights]
    assert [tuple(weight.shape) for weight in made.weights] == shapes
    made.set_weights(model.get_weights())
    return made


def lifted_model(document: Document) -> Mapping[str, object]:
    """Return the spec of a saved model under the names of its layers, and what keeps its weights.

    Raises:
        SpecError: If something in the model cannot be said; it lists all that cannot.
    """
    found = import_saved_model(document, name="lifted", flat=True)
    return {"text": found.text, "fresh": reason_against_weights(found)}


def transfer_saved_model(model: keras.Model, path: Path) -> Transfer:
    """Give a model, or what is left of it before its head, the weights of its saved model.

    Raises:
        WeightsError: If the file holds no weights that fit, or is no saved model any more.
    """
    try:
        found = import_saved_model(load_document(str(path), io.BytesIO()), flat=True)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "model.weights.h5")
            keep_weights(found, file)
            return transfer_weights(model, read_weights(file), by="name")
    except SpecError as error:
        raise WeightsError(str(error.diagnostics[0].message)) from error
    except KeptError as error:
        raise WeightsError(str(error)) from error


def reason_against_weights(found: Imported) -> str | None:
    """Return why the weights of a file would not give the outputs it had; None where they may."""
    document = found.document
    if _describes_alone(found):
        return f"`{document.path}` describes a model and holds no weights"
    is_old = document.form == "HDF5" and (document.keras_version or "1")[:1] in "01"
    if is_old or document.backend in ("theano", "cntk"):
        # Keras 1 laid out kernels by backend, and Theano's convolutions turn them round.
        return (
            f"`{document.path}` keeps weights as Keras 1, Theano or CNTK laid them out; "
            "save it again with Keras 2 on TensorFlow"
        )
    if found.inexact:
        return f"with these weights the outputs would differ: {found.inexact[0]}"
    return None


def _describes_alone(found: Imported) -> bool:
    return found.document.path == "-" or found.document.form in ("JSON", "YAML")


def _refuse_missing_weights(found: Imported, stored: Stored) -> None:
    """Refuse a file that describes more weights than it holds, before memory is asked for."""
    held = sum(layer.size for layer in stored.layers)
    if found.parameters > held:
        raise KeptError(
            f"`{found.document.path}` describes {counted(found.parameters, 'weight')}, "
            f"and holds {held:,}"
        )


def _missing_weights_reason(missing: Mapping[str, str]) -> str:
    shown = ", ".join(f"`{name}` ({reason})" for name, reason in list(missing.items())[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return f"the file lacks weights of {shown}{more}"
