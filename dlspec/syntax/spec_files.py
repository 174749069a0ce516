"""Spec files read within bounds, and written whole or not at all."""

import os
import tempfile
from pathlib import Path

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source, span_at_offset

# A thousand times the longest spec of the zoo written flat; read within a second.
MAX_BYTES = 10_000_000


def read_source(path: Path, reporter: Reporter) -> Source | None:
    """Return the text of a file as UTF-8, without a byte order mark; None when it is reported."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        # ValueError: a path with a null byte, which has no reason of the system's own.
        reason = error.strerror if isinstance(error, OSError) else None
        reporter.error(
            Code.UNREADABLE,
            span_at_offset(Source(str(path), ""), 0),
            f"`{path}` cannot be read",
            label=(reason or "not a path").lower(),
            help="check the path and its permissions",
        )
        return None
    return decode_source(content, str(path), reporter)


def decode_source(content: bytes, path: str, reporter: Reporter) -> Source | None:
    """Return bytes, such as standard input's, as UTF-8 text; None when a refusal is reported."""
    if len(content) > MAX_BYTES:
        reporter.error(
            Code.TOO_LARGE,
            span_at_offset(Source(path, ""), 0),
            f"`{path}` is larger than {MAX_BYTES // 1_000_000} MB",
            label="no spec is that long",
            help="keep data in files of its own, under `data.source`",
        )
        return None
    try:
        return Source(path, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        _report_byte(content, path, reporter, at=error.start)
        return None


def _report_byte(content: bytes, path: str, reporter: Reporter, *, at: int) -> None:
    before = content[:at].decode("utf-8", "replace")
    shown = Source(path, before + content[at : at + 80].decode("utf-8", "replace"))
    reporter.error(
        Code.NOT_UTF8,
        span_at_offset(shown, len(before)),
        f"`{path}` is not UTF-8",
        label=f"the byte 0x{content[at]:02x} begins no character",
        help="save the file as UTF-8",
    )


def replace_text(path: Path, text: str) -> None:
    """Give a file a new text in one step; its permissions, and a link to it, stay as they are.

    Raises:
        OSError: If the folder or the file cannot be written; the file is then as it was.
    """
    file = path.resolve()
    mode = file.stat().st_mode
    # A rename asks for no right on the file itself; without this a locked file would be replaced.
    with file.open("rb+"):
        pass
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=file.parent, prefix=".", suffix=".part", delete=False
    ) as part:
        whole = Path(part.name)
        try:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
            whole.chmod(mode & 0o7777)
            whole.replace(file)
        finally:
            whole.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a file whole, over what is there under its name; its folder is made.

    Raises:
        OSError: If the folder or the file cannot be written; the file is then as it was.
    """
    if path.exists():
        replace_text(path, text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(exist_ok=False)
    try:
        replace_text(path, text)
    except BaseException:
        # Ctrl-C too leaves no empty file.
        path.unlink()
        raise
