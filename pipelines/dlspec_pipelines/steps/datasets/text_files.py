"""Whole files of text, packed or not, in any encoding."""

import gzip
from pathlib import Path

from dlspec_pipelines.steps.datasets.table import unreadable_source
from dlspec_pipelines.steps.datasets.table_files import file_not_opened_error


def text_of_file(path: Path, encoding: str) -> str:
    """Return the text of a file; one whose name ends in `.gz` is unpacked.

    Raises:
        StepError: If it cannot be opened or unpacked, or has another encoding (DL610).
    """
    try:
        written = path.read_bytes()
        whole = gzip.decompress(written) if path.suffix.lower() == ".gz" else written
        return whole.decode(encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        raise unreadable_source(
            f"`{path}` is not text in the encoding `{encoding}`: {error}",
            help="say the encoding of the file, such as `encoding: latin-1`",
        ) from error
    except (gzip.BadGzipFile, EOFError) as error:
        raise unreadable_source(f"`{path}` cannot be unpacked: {error}") from error
    except OSError as error:
        raise file_not_opened_error(path, error) from error
