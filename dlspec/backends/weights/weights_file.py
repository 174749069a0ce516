"""Weights read from a run, a `.keras`, a `.weights.h5` or an old `.h5`; nothing is executed."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py

from dlspec.backends.hdf5.walk import why_unreadable
from dlspec.backends.weights.hdf5_datasets import (
    damaged_hdf5_error,
    datasets_below,
    descend_to_member,
    hdf5_member,
    open_hdf5,
    part_of_dataset,
    text_of_attribute,
)
from dlspec.backends.weights.stored import (
    Layout,
    Part,
    Stored,
    StoredLayer,
    WeightsError,
    in_order,
    legacy_layers,
    snake_case_class_name,
)
from dlspec.diagnostics.counts import counted

# The array in which `write_weights` keeps places and names in the model's order.
ORDER = "dlspec_layers"
_MEMBER = "model.weights.h5"
# NASNetMobile's config has 0.76 MB, a 350th of it.
_MOST_JSON_BYTES = 1 << 28
# Keras stores its members as they are; what shrinks to less than this was made to fill memory.
_MOST_EXPANSION = 100
# What Keras 3 calls the list of a model's layers, and what it called it before 3.0.
_LISTS = ("layers", "_layer_checkpoint_dependencies")
# A run folder comes with its model, a `.keras` without a weight does not.
_HELP = "name a run, a `.keras`, a `.weights.h5` or an `.h5` file that Keras wrote"


def read_weights(path: Path) -> Stored:
    """Return what a file of weights holds: names, shapes and places, no numbers yet.

    Args:
        path: A run folder, a `.keras` file, Keras 3's `.weights.h5`, or an `.h5` of any Keras.

    Raises:
        WeightsError: If it is none of these, is damaged, or holds links to other files.
    """
    file = path / "model.keras" if path.is_dir() else path
    if not file.is_file():
        raise WeightsError(f"`{file}` is no file", help=_HELP)
    _require_sound(file)
    stored = look_into(file)
    if not stored.layers:
        raise WeightsError(f"`{file}` holds no weights of layers", help=_HELP)
    return stored


def _require_sound(file: Path) -> None:
    """Refuse a file that crashes the HDF5 library, which would end this process without a word."""
    is_archive = zipfile.is_zipfile(file)
    if is_archive:
        with _open_archive(file) as archive:
            _weights_member_info(archive, file)
    reason = why_unreadable(file, _MEMBER if is_archive else None)
    if reason is not None:
        raise damaged_hdf5_error(file, reason)


def look_into(file: Path) -> Stored:
    """Return what a file holds that is known to be sound, since this process wrote it.

    Raises:
        WeightsError: As `read_weights` does.
    """
    with open_weights_file(file) as (handle, config):
        return _stored_weights(handle, config, file)


@contextmanager
def open_weights_file(file: Path) -> Iterator[tuple[h5py.File, Any]]:
    """Open the HDF5 part of a file of weights, with the model's config where the file has one.

    Raises:
        WeightsError: If there is none, or it is damaged.
    """
    if not zipfile.is_zipfile(file):
        with open_hdf5(file, file) as handle:
            yield handle, None
        return
    with _open_archive(file) as archive:
        info, config = _weights_member_info(archive, file), _archived_model_config(archive)
        # Not compressed, a member is read in place; else HDF5's jumps would unpack it anew.
        with archive.open(info) as stream:
            in_place = info.compress_type == zipfile.ZIP_STORED
            with open_hdf5(stream if in_place else io.BytesIO(stream.read()), file) as handle:
                yield handle, config


@contextmanager
def _open_archive(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        # What zipfile raises for broken, encrypted and strangely packed members.
        raise WeightsError(f"`{file}` is damaged: {error}", help=_HELP) from error


def _weights_member_info(archive: zipfile.ZipFile, file: Path) -> zipfile.ZipInfo:
    try:
        info = archive.getinfo(_MEMBER)
    except KeyError as error:
        raise WeightsError(f"`{file}` holds no `{_MEMBER}`", help=_HELP) from error
    if info.file_size > _MOST_EXPANSION * max(info.compress_size, 1):
        raise WeightsError(f"`{file}` unpacks to {counted(info.file_size, 'byte')}", help=_HELP)
    return info


def _archived_model_config(archive: zipfile.ZipFile) -> Any:  # noqa: ANN401 - JSON data
    try:
        info = archive.getinfo("config.json")
    except KeyError:
        return None
    if info.file_size > _MOST_JSON_BYTES:
        return None
    try:
        return json.loads(archive.read(info))
    except (ValueError, RecursionError):
        # The order and the names are lost with it; the weights can be read all the same.
        return None


def _stored_weights(handle: h5py.File, config: Any, file: Path) -> Stored:  # noqa: ANN401 - JSON data
    group = handle
    if "model_weights" in handle:
        found = hdf5_member(handle, "model_weights")
        group = found if isinstance(found, h5py.Group) else handle
    if "layer_names" in group.attrs or "layer_names0" in group.attrs:
        return Stored(file, "legacy", _layers_of_legacy_file(group, file), ordered=True)
    layout: Layout = "keras"
    order = _written_order(handle) or list(_config_order(config, ""))
    names = dict(order)
    layers = [
        StoredLayer(names.get(place) or name or place, place, parts)
        for place, name, parts in _layers_with_weights(handle)
    ]
    named = bool(names) or any(layer.name != layer.place for layer in layers)
    return Stored(
        file,
        layout,
        in_order(layers, [place for place, _ in order]),
        ordered=bool(order) and all(layer.place in names for layer in layers),
        named=named,
    )


# -- Keras 3 -------------------------------------------------------------------------------------


def _layers_with_weights(handle: h5py.File) -> Iterator[tuple[str, str | None, tuple[Part, ...]]]:
    """Yield the place, the name and the arrays of each layer with weights."""
    found: dict[str, list[Part]] = {}
    for path, dataset in datasets_below(handle):
        steps = path.split("/")
        places = [i for i in range(len(steps) - 2) if steps[i] in _LISTS]
        if not places or "vars" not in steps or steps[0] not in _LISTS:
            # An optimizer's state, or a variable of the model itself.
            continue
        end = places[-1] + 2
        read = part_of_dataset("/".join(steps[end:]), dataset, path)
        if read is not None:
            found.setdefault("/".join(steps[:end]), []).append(read)
    for place, parts in found.items():
        yield _canonical_place(place), _full_layer_name(handle, place), tuple(parts)


def _canonical_place(place: str) -> str:
    return "/".join(_LISTS[0] if step in _LISTS else step for step in place.split("/"))


def _full_layer_name(handle: h5py.File, place: str) -> str | None:
    """Return a layer's name after those of the models around it, or None where one is missing."""
    steps = place.split("/")
    names = []
    for i, step in enumerate(steps[:-1]):
        if step in _LISTS:
            names.append(_stored_layer_name(handle, "/".join(steps[: i + 2])))
    known = [name for name in names if name is not None]
    return "/".join(known) if len(known) == len(names) else None


def _stored_layer_name(handle: h5py.File, place: str) -> str | None:
    group = descend_to_member(handle, place)
    if not isinstance(group, h5py.Group) or "vars" not in group:
        return None
    return text_of_attribute(hdf5_member(group, "vars").attrs.get("name"))


def _written_order(handle: h5py.File) -> list[tuple[str, str]]:
    if ORDER not in handle:
        return []
    found = hdf5_member(handle, ORDER)
    if not isinstance(found, h5py.Dataset) or found.dtype != "uint8" or found.ndim != 1:
        return []
    if found.size > _MOST_JSON_BYTES:
        return []
    try:
        pairs = json.loads(found[()].tobytes())
    except (ValueError, RecursionError):
        return []
    return [(str(place), str(name)) for place, name in pairs]


def _config_order(config: Any, prefix: str, names: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a config of Keras
    """Yield the places and names of a model's layers from its config, in the model's order."""
    inner = config.get("config") if isinstance(config, Mapping) else None
    listed = inner.get("layers") if isinstance(inner, Mapping) else None
    used: dict[str, int] = {}
    for layer in listed if isinstance(listed, list) else ():
        if not isinstance(layer, Mapping) or not isinstance(layer.get("class_name"), str):
            continue
        settings = layer.get("config")
        settings = settings if isinstance(settings, Mapping) else {}
        name = f"{names}{settings.get('name')}"
        kind = snake_case_class_name(layer["class_name"])
        turn = used[kind] = used.get(kind, -1) + 1
        place = f"{prefix}layers/{kind}_{turn}" if turn else f"{prefix}layers/{kind}"
        yield place, name
        yield from _config_order(layer, f"{place}/", f"{name}/")
        yield from _config_order(settings.get("layer"), f"{place}/layer/", f"{name}/")


# -- Keras 1 and 2 -------------------------------------------------------------------------------


def _layers_of_legacy_file(group: h5py.Group, file: Path) -> tuple[StoredLayer, ...]:
    if text_of_attribute(group.attrs.get("backend")) == "theano":
        raise WeightsError(
            f"`{file}` was written by Keras on Theano, which keeps convolutions flipped",
            help="load and save it once with Keras 2 on TensorFlow",
        )
    layers: list[StoredLayer] = []
    for name in _listed_attribute_texts(group, "layer_names"):
        found = descend_to_member(group, name)
        if isinstance(found, h5py.Group):
            layers += legacy_layers(name, _legacy_variables(found))
    return tuple(layers)


def _legacy_variables(group: h5py.Group) -> Iterator[tuple[str, tuple[int, ...], str, str]]:
    for name in _listed_attribute_texts(group, "weight_names"):
        found = descend_to_member(group, name)
        read = (
            part_of_dataset("", found, str(found.name)) if isinstance(found, h5py.Dataset) else None
        )
        if read is None:
            raise WeightsError(f"`{name}` in `{group.file.filename}` is no array of numbers")
        yield name, read.shape, read.dtype, read.path


def _listed_attribute_texts(group: h5py.Group, name: str) -> Iterator[str]:
    """Yield the texts of an attribute; a long one is written in numbered pieces."""
    pieces = [name] if name in group.attrs else []
    while not pieces or (pieces[0] != name and f"{name}{len(pieces)}" in group.attrs):
        if f"{name}{len(pieces)}" not in group.attrs:
            return
        pieces.append(f"{name}{len(pieces)}")
    for piece in pieces:
        for value in group.attrs[piece]:
            yield text_of_attribute(value) or str(value)
