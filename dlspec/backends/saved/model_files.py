"""A saved model's bytes -> the plain data of its architecture; what it is, its content tells."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any, BinaryIO

from dlspec.backends.hdf5.attributes import model_attributes
from dlspec.backends.saved.document_parts import Path
from dlspec.backends.saved.json_listing import Listing
from dlspec.backends.saved.json_text import locate_json, read_json
from dlspec.backends.saved.yaml_text import YamlText
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source, Span, span_at_offset

# The architecture of the largest application is 3 MB; a text of this size is read in seconds.
MAX_TEXT = 40_000_000
# Standard input is kept in memory, weights and all.
MAX_STREAM = 4_000_000_000
_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_HELP = (
    "a saved model is a `.keras` file, an `.h5` of a whole model, or what `to_json` or `to_yaml` "
    "gave"
)


@dataclass(frozen=True, slots=True)
class Document:
    """The data of one file, where its values stand, and whether it says how it was trained."""

    path: str
    form: str
    data: Any
    locate: Callable[[Path], Span]
    keras_version: str | None = None
    backend: str | None = None
    trained: bool = False


def load_document(path: str, stdin: BinaryIO) -> Document:
    """Return what a file says of its architecture.

    Args:
        path: The file; `-` is standard input.

    Raises:
        SpecError: If it cannot be read, or is no saved model.
    """
    reporter = Reporter()
    file = _open_model_file(path, stdin, reporter)
    document = None
    if file is not None:
        with file:
            document = _read_model_file(file, path, reporter)
    reporter.raise_errors()
    assert document is not None, "what is not read is reported"
    return document


def _read_model_file(file: BinaryIO, path: str, reporter: Reporter) -> Document | None:
    head = file.read(8)
    file.seek(0)
    if head == _HDF5:
        return _document_from_hdf5(file, path, reporter)
    if head.startswith(_ZIP):
        return _document_from_archive(file, path, reporter)
    content = file.read(MAX_TEXT + 1)
    if len(content) > MAX_TEXT:
        _report_too_large_architecture(path, reporter)
        return None
    try:
        source = Source(path, content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        _report_no_saved_model(path, "neither text, nor a zip archive, nor HDF5", reporter)
        return None
    return _document_from_text(source, reporter)


def _open_model_file(path: str, stdin: BinaryIO, reporter: Reporter) -> BinaryIO | None:
    if path == "-":
        content = stdin.read(MAX_STREAM + 1)
        if len(content) > MAX_STREAM:
            _report_too_large_architecture(path, reporter)
            return None
        return io.BytesIO(content)
    try:
        return FilePath(path).open("rb")
    except (OSError, ValueError) as error:
        # ValueError: a path with a null byte, which has no reason of the system's own.
        reason = error.strerror if isinstance(error, OSError) else None
        reporter.error(
            Code.UNREADABLE,
            span_at_offset(Source(path, ""), 0),
            f"`{path}` cannot be read",
            label=(reason or "not a path").lower(),
            help="check the path and its permissions",
        )
        return None


def _document_from_text(source: Source, reporter: Reporter) -> Document | None:
    text = source.text.lstrip()
    if text[:1] in ("{", "["):
        data = read_json(source, reporter)
        locate = lambda path: locate_json(source, path)  # noqa: E731 - one expression
        return _document_of_data(source.path, "JSON", data, locate) if data is not None else None
    if text[:1] == '"':
        # `to_json` gives a text, and some wrote that text as JSON once more.
        inner = read_json(source, reporter)
        if isinstance(inner, str) and inner[:1] == "{":
            return _document_from_text(Source(source.path, inner), reporter)
    if not ("class_name:" in text or "node_config:" in text or "layers:" in text):
        _report_no_saved_model(source.path, _reason_text_is_no_model(text), reporter)
        return None
    reader = YamlText(source, reporter)
    data = reader.read()
    return _document_of_data(source.path, "YAML", data, reader.locate) if data is not None else None


def _reason_text_is_no_model(text: str) -> str:
    if not text:
        return "it is empty"
    if text.startswith("dlspec:") or "\ndlspec:" in text:
        return "it is a spec already"
    return "the text names no class of a layer"


def _document_of_data(path: str, form: str, data: Any, locate: Callable[[Path], Span]) -> Document:  # noqa: ANN401 - JSON
    top = data if isinstance(data, dict) else {}
    trained = bool(top.get("compile_config") or top.get("optimizer") or top.get("loss"))
    version, backend = (_text_or_none(top.get(key)) for key in ("keras_version", "backend"))
    return Document(path, form, data, locate, version, backend, trained)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _document_from_archive(file: BinaryIO, path: str, reporter: Reporter) -> Document | None:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "config.json" not in names:
                _report_no_saved_model(path, "the archive holds no `config.json`", reporter)
                return None
            with archive.open("config.json") as member:
                content = member.read(MAX_TEXT + 1)
            version = _version_of_archive(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        # What zipfile raises for broken, encrypted and strangely packed members.
        _report_no_saved_model(path, f"the archive is broken: {error}".lower(), reporter)
        return None
    form = "Keras 2 archive" if (version or "").startswith("2.") else "Keras 3 archive"
    found = _document_from_embedded_json(content, f"{path}/config.json", form, reporter)
    return None if found is None else replace(found, keras_version=version or found.keras_version)


def _version_of_archive(archive: zipfile.ZipFile) -> str | None:
    """Return which Keras wrote an archive: from 2.12 on its releases wrote them too."""
    if "metadata.json" not in archive.namelist():
        return None
    with archive.open("metadata.json") as member:
        content = member.read(MAX_TEXT + 1)
    try:
        metadata = json.loads(content)
    except ValueError:
        return None
    return _text_or_none(metadata.get("keras_version")) if isinstance(metadata, dict) else None


def _document_from_hdf5(file: BinaryIO, path: str, reporter: Reporter) -> Document | None:
    said = model_attributes(file)
    if isinstance(said, str):
        _report_no_saved_model(
            path, f"the HDF5 file is broken: {said[:1].lower()}{said[1:]}", reporter
        )
        return None
    config = said["model_config"]
    if config is None:
        _report_no_saved_model(
            path, "there is no `model_config`: the file holds weights only", reporter
        )
        return None
    content = config.encode("utf-8", "replace")
    found = _document_from_embedded_json(content, f"{path}/model_config", "HDF5", reporter)
    if found is None:
        return None
    return replace(
        found,
        keras_version=said["keras_version"],
        backend=said["backend"],
        trained=said["training_config"] is not None,
    )


def _document_from_embedded_json(
    content: bytes, path: str, form: str, reporter: Reporter
) -> Document | None:
    """Return the JSON inside a binary file; its places are those of a listing of the layers."""
    if len(content) > MAX_TEXT:
        _report_too_large_architecture(path, reporter)
        return None
    data = read_json(Source(path, content.decode("utf-8", "replace")), reporter)
    if data is None:
        return None
    file = path.rpartition("/")[0]
    return _document_of_data(file, form, data, Listing(file, data).locate)


def _report_too_large_architecture(path: str, reporter: Reporter) -> None:
    reporter.error(
        Code.TOO_LARGE,
        span_at_offset(Source(path, ""), 0),
        f"the architecture in `{path}` is larger than {MAX_TEXT // 1_000_000} MB",
        label="no model is described at that length",
    )


def _report_no_saved_model(path: str, label: str, reporter: Reporter) -> None:
    reporter.error(
        Code.NOT_A_MODEL,
        span_at_offset(Source(path, ""), 0),
        f"`{path}` holds no saved Keras model",
        label=label,
        help=_HELP,
    )
