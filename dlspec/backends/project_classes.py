"""The project's own layers as classes: imported because pyproject.toml lists them."""

import inspect
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import keras

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic, SpecError
from dlspec.language.catalogue import ClassEntry, ListedObject, Origin
from dlspec.language.catalogue.own_layers import listed_layers
from dlspec.language.catalogue.project import Project


def class_of_entry(entry: ClassEntry) -> Any:  # noqa: ANN401 - a Keras class
    """Return the class that an entry of the catalogue, or of a project, stands for.

    Raises:
        SpecError: If a project's module cannot be imported, or holds no such layer.
    """
    if entry.origin is None:
        return getattr(import_module(entry.module), entry.name)
    return _imported_layer_class(entry, entry.origin)


def _imported_layer_class(entry: ClassEntry, origin: Origin) -> type[keras.Layer]:
    try:
        with _roots_on_path(origin.roots):
            module = import_module(origin.module)
    except ImportError as error:
        raise _unusable_layer_error(
            entry, f"`{origin.module}` cannot be imported: {error}"
        ) from error
    except (Exception, SystemExit) as error:
        # The project's own code, which may raise anything.
        reason = f"{type(error).__name__}: {error}"
        raise _unusable_layer_error(
            entry, f"`{origin.module}` cannot be imported: {reason}"
        ) from error
    found = getattr(module, origin.name, None)
    if not inspect.isclass(found) or not issubclass(found, keras.Layer):
        raise _unusable_layer_error(entry, f"`{origin.name}` is no subclass of `keras.Layer`")
    file = _file_of(found)
    if file is None or not file.samefile(origin.file):
        raise _unusable_layer_error(
            entry,
            f"this process has `{found.__module__}` from another file",
            help="give the module another name, or use a process for each project",
        )
    return found


@contextmanager
def _roots_on_path(roots: Iterable[Path]) -> Iterator[None]:
    added = [str(root) for root in roots]
    sys.path[:0] = added
    try:
        yield
    finally:
        for path in added:
            sys.path.remove(path)


def _file_of(found: type) -> Path | None:
    module = sys.modules.get(found.__module__)
    file = getattr(module, "__file__", None)
    return Path(file) if file is not None else None


def _unusable_layer_error(entry: ClassEntry, label: str, *, help: str | None = None) -> SpecError:
    assert entry.origin is not None
    message = f"the layer `{entry.name}` of this project cannot be used"
    place = entry.origin.place
    return SpecError((Diagnostic(Code.LISTED_LAYER, message, place, label, help=help),))


def entry_of_live_layer(layer: object, project: Project | None) -> ClassEntry | None:
    """Return the entry of a live layer whose class the project lists; None when it lists none.

    Nothing is imported: the class is there already.
    """
    kind = type(layer)
    file = _file_of(kind)
    for entry in listed_layers(project):
        origin = entry.origin
        assert origin is not None
        known = kind.__qualname__ == origin.defined and file is not None and file.exists()
        if known and file is not None and file.samefile(origin.file):
            return entry
    return None


def require_saved(layer: keras.Layer, made: ListedObject) -> None:
    """Refuse a layer that a `.keras` file would not give back as it was made.

    Raises:
        SpecError: If its config makes no layer, or leaves out an argument that it was given.
    """
    try:
        config = layer.get_config()
        type(layer).from_config(dict(config))
    except (KeyError, NotImplementedError, TypeError, ValueError) as error:
        # Keras puts what went wrong last, after the whole config.
        last = (str(error).strip() or type(error).__name__).splitlines()[-1]
        reason = last.removeprefix("Exception encountered: ")
        raise _unusable_layer_error(
            made.listed,
            f"its config does not make it again: {reason}",
            help="let `get_config` return what `__init__` takes, and nothing else",
        ) from error
    plain = type(layer).from_config.__func__ is keras.Layer.from_config.__func__
    lost = [name for name in made.arguments if name not in config]
    if plain and lost:
        named = " and ".join(f"`{name}`" for name in lost)
        raise _unusable_layer_error(
            made.listed,
            f"its `get_config` leaves out {named}, so that a saved model would lose it",
            help=f"add {named} to what `get_config` returns",
        )


def custom_objects(entries: Iterable[ClassEntry]) -> dict[str, Any]:
    """Return the classes of a project by the names under which `.keras` files know them."""
    classes = [class_of_entry(entry) for entry in entries]
    return {keras.saving.get_registered_name(found): found for found in classes}
