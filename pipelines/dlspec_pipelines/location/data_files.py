"""The files that specs read, as observable source assets that specs share."""

import hashlib
import os
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import dagster as dg

from dlspec.language.data_sources import CsvSource, JsonLinesSource, NpzSource, ParquetSource
from dlspec_pipelines.specs import SpecFile, key_part


def data_files(spec: SpecFile) -> dict[dg.AssetKey, Path]:
    """Return the files that a spec reads, by asset key; none for embedded and generated data."""
    base = spec.path.absolute().parent
    paths = [_data_file_path(name, base) for name in _source_file_names(spec)]
    return {_data_file_key(path, base): path for path in paths}


def data_keys(spec: SpecFile) -> list[dg.AssetKey]:
    """Return the keys of the files that a spec reads."""
    return list(data_files(spec))


def file_assets(specs: Iterable[SpecFile]) -> list[dg.AssetsDefinition]:
    """Build one asset for each file that at least one of the specs reads."""
    files: dict[dg.AssetKey, Path] = {}
    for spec in specs:
        files |= data_files(spec)
    return [_file_asset(key, path) for key, path in files.items()]


def content_version(path: Path) -> dg.DataVersion:
    """Return the SHA-256 of a file, read as a stream; "missing" when it is not there."""
    try:
        with path.open("rb") as file:
            return dg.DataVersion(hashlib.file_digest(file, "sha256").hexdigest())
    except FileNotFoundError:
        return dg.DataVersion("missing")


def file_stamp(path: Path) -> str:
    """Return what changes when a file is written, without reading it."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return "missing"
    return f"{facts.st_mtime_ns}:{facts.st_size}"


def _file_asset(key: dg.AssetKey, path: Path) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        key,
        group_name="data_files",
        kinds={path.suffix.removeprefix(".") or "file"},
        description=f"`{path.name}`, known by its content.",
        metadata={"path": dg.MetadataValue.path(str(path))},
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
    source = spec.plan.data and spec.plan.data.source
    match source:
        case CsvSource():
            return source.csv
        case ParquetSource():
            return source.parquet
        case JsonLinesSource():
            return source.json_lines
        case NpzSource():
            return (source.npz,)
    return ()


def _data_file_path(name: str, base: Path) -> Path:
    """Return the path that the dataset step will find, or the first it would try."""
    shared = os.environ.get("DLSPEC_DATA")
    tried = [base / name, *([Path(shared).expanduser() / name] if shared else [])]
    return next((p for p in tried if p.is_file()), tried[0]).resolve()


def _data_file_key(path: Path, base: Path) -> dg.AssetKey:
    shared = os.environ.get("DLSPEC_DATA")
    roots = [base.parent, *([Path(shared).expanduser().resolve()] if shared else [])]
    inside = next((path.relative_to(root) for root in roots if path.is_relative_to(root)), path)
    return dg.AssetKey(["file", *(key_part(part) for part in inside.parts if part != path.anchor)])
