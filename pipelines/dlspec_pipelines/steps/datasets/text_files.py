"""Whole files of text, packed or not, in any encoding."""

import codecs
import gzip
import zlib
from pathlib import Path

from dlspec_pipelines.steps.datasets.table import unreadable_source
from dlspec_pipelines.steps.datasets.table_files import file_not_opened_error

# What the standard library raises of a gzip file that is damaged or cut off.
BROKEN_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)
_NEW_LINE = b"\n"


def text_of_file(path: Path, encoding: str) -> str:
    """Return the text of a file; one whose name ends in `.gz` is unpacked.

    Raises:
        StepError: If it cannot be opened or unpacked, or has another encoding (DL610).
    """
    try:
        return _decoded_file(path, encoding).removeprefix("\ufeff")
    except (UnicodeError, LookupError) as error:
        raise wrong_encoding_error(path, encoding, error) from error
    except BROKEN_GZIP as error:
        raise unreadable_source(f"`{path}` cannot be unpacked: {error}") from error
    except OSError as error:
        raise file_not_opened_error(path, error) from error


def wrong_encoding_error(path: Path, encoding: str, error: Exception) -> Exception:
    """Return the error for a file that has another encoding, with the first line of another."""
    where, meant = "", _encoding_of_mark(path)
    if not isinstance(error, LookupError):
        # A reader of parts tells a place within its part.
        try:
            _decoded_file(path, encoding)
        except UnicodeDecodeError as whole:
            where = f", line {1 + whole.object.count(_NEW_LINE, 0, whole.start)},"
            error = whole
        except UnicodeError as whole:
            # Of a file without the mark that its encoding begins with.
            error = whole
    return unreadable_source(
        f"`{path}`{where} is not text in the encoding `{encoding}`: {error}",
        help=f"write `encoding: {meant}`, whose mark the file begins with"
        if meant is not None
        else "say the encoding of the file, such as `encoding: latin-1`; of lines in several "
        "encodings, write all in one",
    )


def _encoding_of_mark(path: Path) -> str | None:
    """Return the encoding whose byte order mark a file begins with; None without one."""
    with path.open("rb") as file:
        begin = file.read(4)
    # The mark of UTF-32 begins with that of UTF-16.
    if begin in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return "utf-32"
    return "utf-16" if begin[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else None


def _decoded_file(path: Path, encoding: str) -> str:
    written = path.read_bytes()
    whole = gzip.decompress(written) if path.suffix.lower() == ".gz" else written
    return whole.decode(encoding)
