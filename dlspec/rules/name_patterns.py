"""What `names` of a folder must be to make columns of the names of its files."""

from dlspec.diagnostics.codes import Code
from dlspec.language.file_names import pattern_columns
from dlspec.language.sources import FolderSource
from dlspec.rules.subject import Checked


def report_name_patterns(checked: Checked) -> None:
    """Report patterns of names that make no columns, or could be read in two ways."""
    if checked.data is None:
        return
    sources = {"data.source": checked.data.source, "data.test": checked.data.test}
    for path, source in sources.items():
        if not isinstance(source, FolderSource) or source.names is None:
            continue
        try:
            pattern_columns(source.names)
        except ValueError as error:
            checked.reporter.error(
                Code.WRONG_TYPE,
                checked.spec.places.value(f"{path}.names"),
                f"`{source.names}` is no pattern of names",
                label=str(error),
                help='write names in braces with text between them, such as `"{class}_{take}"`',
            )
