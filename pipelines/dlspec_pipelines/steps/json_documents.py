"""The form of every JSON file that is kept: format, version, checksum, then what it says.

The checksum is that of the rest, so a file that was cut or edited, or in which a bit flipped, is
told from one that is as it was written. Readers refuse what they do not know with a sentence.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import way_back

_HEAD = ("format", "version", "checksum")


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file: the word that it begins with, and the version that is written and read."""

    word: str
    version: int = 1


RUN = Format("dlspec-run")
PLAN = Format("dlspec-plan")
PREPARATION = Format("dlspec-preparation")
CONTRACT = Format("dlspec-contract", 3)
METRICS = Format("dlspec-metrics")
UNDEFINED_METRICS = Format("dlspec-undefined-metrics")
THRESHOLDS = Format("dlspec-thresholds")
FILE_DIGESTS = Format("dlspec-file-digests")
DOWNLOAD = Format("dlspec-download")
SOURCE_DIGESTS = Format("dlspec-source-digests")
RUN_NUMBERS = Format("dlspec-run-numbers")
WORK = Format("dlspec-work")


def document_text(form: Format, content: Mapping[str, object]) -> str:
    """Return content as the text of a file; `document_content` gives it back."""
    assert not set(_HEAD) & set(content), "content must not hide what every file begins with"
    plain = json.loads(json.dumps(content))
    head = {"format": form.word, "version": form.version, "checksum": _content_checksum(plain)}
    return json.dumps({**head, **plain}, indent=2, ensure_ascii=False) + "\n"


def read_document(path: Path, form: Format) -> dict[str, Any]:
    """Return what a file says, without what every file begins with.

    Raises:
        StepError: If it is missing, damaged, of another format, or of a version not known here.
    """
    return document_content(read_text_file(path), form, path)


def read_text_file(path: Path) -> str:
    """Return the text of a file that a step left.

    Raises:
        StepError: If it is missing or cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise StepError(f"`{path}` is missing", help=way_back(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise StepError(f"`{path}` is damaged: {error}", help=way_back(path)) from error


def document_content(text: str, form: Format, path: Path) -> dict[str, Any]:
    """Return what a text says, without what every file begins with.

    Args:
        path: Where the text was read, for an error.

    Raises:
        StepError: If it is damaged, of another format, or of a version not known here.
    """
    said = parsed_document(text, path)
    word, version, checksum = (said.pop(name, None) for name in _HEAD)
    if word != form.word:
        raise StepError(
            f"`{path}` is a file of the format `{word}`, not `{form.word}`", help=way_back(path)
        )
    if version != form.version:
        raise StepError(
            f"`{path}` has version {version} of `{word}`, and this dlspec reads version "
            f"{form.version}",
            help=f"read it with the dlspec that wrote it; here: {way_back(path)}",
        )
    if checksum != _content_checksum(said):
        raise StepError(
            f"`{path}` is damaged: its content is not what was written", help=way_back(path)
        )
    return said


def parsed_document(text: str, path: Path) -> dict[str, Any]:
    """Return a whole document that names its format.

    Raises:
        StepError: If it is no JSON object, or of a time before files had a format.
    """
    try:
        said = json.loads(text)
    except ValueError as error:
        reason = str(error) if text else "it is empty"
        raise StepError(f"`{path}` is damaged: {reason}", help=way_back(path)) from error
    if not isinstance(said, dict):
        raise StepError(f"`{path}` is damaged: it holds no mapping", help=way_back(path))
    if "format" not in said:
        raise StepError(
            f"`{path}` names no `format`: an earlier dlspec wrote it, or it is damaged",
            help=way_back(path),
        )
    return said


def _content_checksum(content: Mapping[str, object]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
