"""Files that a spec names by a URL: downloaded once, asked after, and used without a network."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.tools.commands.remarks import print_remark
from dlspec_pipelines.steps.datasets.source_digests import digest_of_source_file
from dlspec_pipelines.steps.json_documents import DOWNLOAD, document_text, read_document
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import download_folder, wait_for_file, whole_file, write_whole

# A run asks after a file several times within moments, the sensor every ten seconds.
_FRESH_S = 8.0
# A server that says nothing for so long is not there; a whole download may take any time.
_CONNECT_S, _SILENCE_S = 20.0, 60.0
# What servers and stores tell of a file that changes with its content.
_FACTS = (
    "ETag",
    "etag",
    "Content-MD5",
    "md5Hash",
    "Last-Modified",
    "LastModified",
    "last_modified",
    "updated",
    "mtime",
    "created",
    "size",
)
_asked: dict[str, tuple[float, dict[str, str]]] = {}
_told: set[str] = set()


def is_url(name: str) -> bool:
    """Return whether a name in a spec is that of a file elsewhere."""
    return "://" in name


def local_copy_of_url(url: str, *, anew: bool = False) -> Path:
    """Return a copy of a file, downloaded where there is none or the file has changed.

    Where the server cannot be reached, the copy that is there is taken.

    Args:
        anew: Download it, whatever the server says.

    Raises:
        StepError: If there is no such file, or neither a server nor a copy (DL610).
    """
    folder = download_folder(url)
    copy, note = folder / _name_of_copy(url), folder / "download.json"
    with wait_for_file(folder.parent / f"{folder.name}.lock"):
        known = _known_facts(copy, note)
        try:
            facts = url_facts(url)
            if known is None or known != facts or anew:
                _fetch(url, copy, note, facts)
        except Unreachable as error:
            if known is None:
                raise
            # Said once: a run asks several times.
            if url not in _told:
                _told.add(url)
                print_remark(f"{error.message}: the copy of before is used")
    return copy


def url_facts(url: str) -> dict[str, str]:
    """Return what tells one content of a file from another, without reading it.

    Raises:
        StepError: If there is no such file, or no answer (DL610).
    """
    moment, facts = _asked.get(url, (0.0, {}))
    if facts and time.monotonic() - moment < _FRESH_S:
        return facts
    info = _asking(url, lambda fs, path: fs.info(path))
    if info.get("type") == "directory":
        raise _not_read(f"`{url}` is a folder", help="name its files, or download it")
    facts = {name: str(info[name]) for name in _FACTS if info.get(name) is not None}
    facts = facts or {"url": url}
    _asked[url] = (time.monotonic(), facts)
    return facts


class Unreachable(StepError):  # noqa: N818 - the sentence a person reads says it
    """A server that gives no answer."""


def _name_of_copy(url: str) -> str:
    return unquote(PurePosixPath(urlsplit(url).path).name) or "file"


def _known_facts(copy: Path, note: Path) -> dict[str, str] | None:
    """Return what the server said of the copy that is there; None where it is not whole."""
    try:
        said = read_document(note, DOWNLOAD)
        whole = digest_of_source_file(copy) == said["sha256"]
    except (StepError, OSError):
        return None
    facts: dict[str, str] = said["facts"]
    return facts if whole else None


def _fetch(url: str, copy: Path, note: Path, facts: dict[str, str]) -> None:
    with whole_file(copy) as file:
        place = str(file.name)
        _asking(url, lambda fs, path: fs.get_file(path, place))
        size, said = Path(place).stat().st_size, facts.get("size")
        if said is not None and int(said) != size:
            raise _not_read(
                f"`{url}` ended after {size:,} of {counted(int(said), 'byte')}", help="try it again"
            )
    with copy.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    write_whole(note, document_text(DOWNLOAD, {"url": url, "facts": facts, "sha256": digest}))


def _asking(url: str, question: Any) -> Any:  # noqa: ANN401 - fsspec has no types
    """Ask the file system of a URL, and say what it refuses as what a person can act on."""
    # Half a second together, and files of this machine need neither.
    import aiohttp
    import fsspec

    protocol = url.partition("://")[0]
    options: dict[str, Any] = {}
    if protocol in ("http", "https"):
        limits = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S)
        options["client_kwargs"] = {"timeout": limits}
    try:
        return question(*fsspec.core.url_to_fs(url, **options))
    except ImportError as error:
        raise _not_read(
            f"`{url}` needs a package that is not installed: {error}",
            help=f"run `pip install 'fsspec[{protocol}]'`",
        ) from error
    except ValueError as error:
        raise _not_read(
            f"`{url}` cannot be read: {error}",
            help="write a URL such as `https://host/file.csv` or `s3://bucket/file.csv`",
        ) from error
    except (TimeoutError, OSError, aiohttp.ClientError) as error:
        raise _refused_url(url, error) from error


def _refused_url(url: str, error: BaseException) -> StepError:
    import aiohttp

    chain = list(_causes_of(error))
    if isinstance(error, aiohttp.ClientResponseError):
        return _not_read(
            f"the server of `{url}` answers {error.status} {error.message}",
            help="see whether the URL is right, and whether everybody may read it",
        )
    if isinstance(error, PermissionError):
        return _not_read(
            f"`{url}` may not be read", help="give this machine the credentials of its store"
        )
    silent = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)
    if any(isinstance(one, silent) for one in chain):
        return Unreachable(
            f"`{url}` cannot be reached: {_first_words(chain)}",
            code=Code.SOURCE_NOT_READABLE.value,
            help="see whether there is a network, or go on when there is one",
        )
    if isinstance(error, FileNotFoundError):
        return _not_read(f"there is no file `{url}`", help="correct the URL")
    return _not_read(f"`{url}` cannot be read: {_first_words(chain)}", help="correct the URL")


def _causes_of(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_words(chain: list[BaseException]) -> str:
    last = chain[-1]
    return (str(last).splitlines() or [""])[0] or type(last).__name__


def _not_read(message: str, *, help: str) -> StepError:
    return StepError(message, code=Code.SOURCE_NOT_READABLE.value, help=help)
