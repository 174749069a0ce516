"""The classes that a target declares against the folders, or the names, that there are."""

from dlspec.diagnostics.suggest import suggest
from dlspec.language.features import ClassFeature
from dlspec.language.sections import Data
from dlspec.language.sources import FolderSource
from dlspec_pipelines.steps.datasets.table import Table, unpreparable_data


def require_declared_classes(table: Table, data: Data) -> None:
    """Check that the folders of a source, or its names, have the `classes` of its target.

    Raises:
        StepError: If a folder or a name is none of the classes, or a class has none (DL613).
    """
    if not isinstance(data.source, FolderSource):
        return
    for name, feature in data.targets.items():
        if not isinstance(feature, ClassFeature) or feature.class_ != "class":
            continue
        if isinstance(feature.classes, int):
            continue
        folders = sorted({str(value) for value in table.columns["class"].tolist()})
        classes = [str(value) for value in feature.classes]
        strange = [folder for folder in folders if folder not in classes]
        absent = [one for one in classes if one not in folders]
        if strange or absent:
            told = _differing_classes(strange, absent, named=data.source.names is not None)
            raise _differing_classes_error(name, told, (strange, absent, folders))


def _differing_classes(strange: list[str], absent: list[str], *, named: bool) -> str:
    """Return what differs; of folders whose files are `named`, classes stand in these names."""
    told = []
    if absent:
        nowhere = "is in no file's name" if named else "has no folder"
        told.append(f"{_quoted_names(absent)} of `classes` {nowhere}")
    if strange:
        what = "the names of files hold" if named else "the folder"
        which = ", which is" if named else " is"
        told.append(f"{what} {_quoted_names(strange)}{which} none of its `classes`")
    return ", and ".join(told)


def _differing_classes_error(
    target: str, told: str, found: tuple[list[str], list[str], list[str]]
) -> Exception:
    strange, absent, folders = found
    near = [(one, suggest(one, strange)) for one in absent]
    slips = [f"`{folder}` in the place of `{one}`" for one, folder in near if folder is not None]
    listed = ", ".join(folders[:30]) + (", ..." if len(folders) > 30 else "")
    return unpreparable_data(
        f"target `{target}`: {told}",
        help=f"write {' and '.join(slips)}" if slips else f"write `classes: [{listed}]`",
    )


def _quoted_names(names: list[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(f"`{name}`" for name in names[:10]) + more
