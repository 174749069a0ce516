"""A spec file -> its text, or the reason why it cannot be read."""

from pathlib import Path

from dlspec.diagnostics import Code, Reporter
from dlspec.source import Source, point

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
            point(Source(str(path), ""), 0),
            f"`{path}` cannot be read",
            label=(reason or "not a path").lower(),
            help="check the path and its permissions",
        )
        return None
    return decoded(content, str(path), reporter)


def decoded(content: bytes, path: str, reporter: Reporter) -> Source | None:
    """Return bytes, such as standard input's, as UTF-8 text; None when a refusal is reported."""
    if len(content) > MAX_BYTES:
        reporter.error(
            Code.TOO_LARGE,
            point(Source(path, ""), 0),
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
        point(shown, len(before)),
        f"`{path}` is not UTF-8",
        label=f"the byte 0x{content[at]:02x} begins no character",
        help="save the file as UTF-8",
    )
