"""The source `text_folder`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Text, spec_key
from dlspec.language.sources.folder_keys import FOLDER


@dataclass(frozen=True, slots=True)
class TextFolderSource:
    """A folder of text files for each class; columns `text`, `file`, `class`, at times `part`."""

    word: ClassVar[str] = "text_folder"
    tool: ClassVar[str] = "folder"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".txt",)
    has_test_rows: ClassVar[bool] = True

    text_folder: str = spec_key(
        FOLDER,
        "The folder, relative to the spec: a folder for each class, or `train`, `test` and so on "
        "with those in each.",
    )
    encoding: str = spec_key(Text(), "Text encoding of the files.", default="utf-8")

    @property
    def files(self) -> tuple[str, ...]:
        """Return its folder."""
        return (self.text_folder,)
