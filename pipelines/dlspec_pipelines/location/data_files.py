"""The files that specs read, as observable source assets that specs share."""

import json
import os
import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import dagster as dg

from dlspec.resolve.plan import canonical_digest
from dlspec_pipelines.specs import SpecFile, key_part
from dlspec_pipelines.steps.datasets.folder_files import stamp_of_files_below
from dlspec_pipelines.steps.datasets.source_digests import (
    digest_of_source_file,
    digest_of_source_folder,
)
from dlspec_pipelines.steps.step_errors import StepError

# The version of a file that is not there.
MISSING = "missing"
# Folders without an underscore, then a name with one ending: only the last underscore was a dot.
_CERTAIN = re.compile(r"([A-Za-z0-9]+/)*[A-Za-z0-9]+\.[A-Za-z0-9]+\Z")
# Two of ten thousand files share eight digits once in eighty such projects.
_DIGEST_DIGITS = 8


def data_files(spec: SpecFile) -> dict[dg.AssetKey, Path | str]:
    """Return the files that a spec reads, by asset key; none for embedded and generated data.

    A file of this machine is a path, another a URL.
    """
    base = spec.path.absolute().parent
    paths = [_data_file_path(name, base) for name in _source_file_names(spec)]
    return {_data_file_key(path, base): path for path in paths}


def data_keys(spec: SpecFile) -> list[dg.AssetKey]:
    """Return the keys of the files that a spec reads."""
    return list(data_files(spec))


def file_assets(specs: Iterable[SpecFile]) -> list[dg.AssetsDefinition]:
    """Build one asset for each file that at least one of the specs reads."""
    files: dict[dg.AssetKey, Path | str] = {}
    for spec in specs:
        files |= data_files(spec)
    return [_file_asset(key, path) for key, path in files.items()]


def content_version(path: Path | str) -> dg.DataVersion:
    """Return the SHA-256 of a file or of all in a folder; "missing" when it is not there."""
    if isinstance(path, str):
        return dg.DataVersion(_url_version(path))
    try:
        if path.is_dir():
            return dg.DataVersion(digest_of_source_folder(path))
        return dg.DataVersion(digest_of_source_file(path))
    except FileNotFoundError:
        return dg.DataVersion(MISSING)


def file_stamp(path: Path | str) -> str:
    """Return what changes when a file, or one in a folder, is written, without reading it."""
    if isinstance(path, str):
        return _url_stamp(path)
    try:
        if path.is_dir():
            return stamp_of_files_below(path)
        facts = path.stat()
    except FileNotFoundError:
        return MISSING
    return f"{facts.st_mtime_ns}:{facts.st_size}"


def _url_version(url: str) -> str:
    from dlspec_pipelines.steps.datasets.downloads import local_copy_of_url

    try:
        return digest_of_source_file(local_copy_of_url(url))
    except StepError:
        return MISSING


def _url_stamp(url: str) -> str:
    from dlspec_pipelines.steps.datasets.downloads import url_facts

    try:
        return json.dumps(url_facts(url), sort_keys=True)
    except StepError:
        # A server that gives no answer is as a file that is not there: it may come back as it was.
        return MISSING


def _file_asset(key: dg.AssetKey, path: Path | str) -> dg.AssetsDefinition:
    place = PurePosixPath(path)
    folder = isinstance(path, Path) and path.is_dir()
    told = dg.MetadataValue.url if isinstance(path, str) else dg.MetadataValue.path
    spec = dg.AssetSpec(
        key,
        group_name="data_files",
        kinds={key_part(place.suffix.removeprefix(".")) or ("folder" if folder else "file")},
        description=f"`{place.name}`, known by its content.",
        metadata={"path": told(str(path))},
    )
    with warnings.catch_warnings():
        # Dagster is pinned to a minor version, within which a beta function stays.
        warnings.simplefilter("ignore", dg.BetaWarning)

        decorator: Callable[[Callable[[], dg.ObserveResult]], dg.AssetsDefinition] = (
            dg.multi_observable_source_asset(name="__".join(key.path), specs=[spec])
        )

        @decorator
        def observe() -> dg.ObserveResult:
            return dg.ObserveResult(asset_key=key, data_version=content_version(path))

    return observe


def _source_file_names(spec: SpecFile) -> tuple[str, ...]:
    data = spec.plan.data
    if data is None:
        return ()
    return (*data.source.files, *(() if data.test is None else data.test.files))


def _data_file_path(name: str, base: Path) -> Path | str:
    """Return the path that the dataset step will find, or the first it would try; or the URL."""
    if "://" in name:
        return name
    shared = os.environ.get("DLSPEC_DATA")
    tried = [base / name, *([Path(shared).expanduser() / name] if shared else [])]
    return next((p for p in tried if p.exists()), tried[0]).resolve()


def _data_file_key(path: Path | str, base: Path) -> dg.AssetKey:
    """Return a key that no other file has: where its path begins, then its folded parts.

    Dagster takes letters, digits and underscores, and joins the parts of a key with an underscore.
    Where the path could not be told from that again, a digest of it ends the key.
    """
    if isinstance(path, str):
        protocol, _, rest = path.partition("://")
        names = [key_part(part) for part in rest.partition("?")[0].split("/") if part]
        names[-1] += f"_{canonical_digest(path)[:_DIGEST_DIGITS]}"
        return dg.AssetKey(["url", key_part(protocol), *names])
    shared = os.environ.get("DLSPEC_DATA")
    roots = {"file": _root_of_specs(base)}
    if shared:
        roots["shared_file"] = Path(shared).expanduser().resolve()
    places = (
        (place, path.relative_to(root).parts)
        for place, root in roots.items()
        if path.is_relative_to(root)
    )
    place, parts = next(places, ("absolute_file", path.parts[1:]))
    folded = [key_part(part) for part in parts]
    if not _CERTAIN.match("/".join(parts)):
        folded[-1] += f"_{canonical_digest(parts)[:_DIGEST_DIGITS]}"
    return dg.AssetKey([place, *folded])


def _root_of_specs(base: Path) -> Path:
    """Return the folder above `specs/`, however deep below that a spec lies; else its parent."""
    above = (folder.parent for folder in (base, *base.parents) if folder.name == "specs")
    return next(above, base.parent).resolve()
