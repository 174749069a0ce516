"""The source `text_folder`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Text, spec_key
from dlspec.language.sources.folder_keys import FOLDER, FOLDER_DOC, NAMES, NAMES_DOC


@dataclass(frozen=True, slots=True)
class TextFolderSource:
    """A folder of text files for each class; columns `text`, `file`, `class`, at times `part`."""

    word: ClassVar[str] = "text_folder"
    tool: ClassVar[str] = "folder"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".txt",)
    has_test_rows: ClassVar[bool] = True

    text_folder: str = spec_key(FOLDER, FOLDER_DOC)
    names: str | None = spec_key(NAMES, NAMES_DOC, default=None)
    encoding: str = spec_key(Text(), "Text encoding of the files.", default="utf-8")

    @property
    def files(self) -> tuple[str, ...]:
        """Return its folder."""
        return (self.text_folder,)
