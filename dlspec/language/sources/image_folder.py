"""The source `image_folder`."""

from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import spec_key
from dlspec.language.sources.folder_keys import (
    FOLDER,
    FOLDER_DOC,
    NAMES,
    NAMES_DOC,
    UNREADABLE,
    UNREADABLE_DOC,
)


@dataclass(frozen=True, slots=True)
class ImageFolderSource:
    """A folder of pictures for each class; columns `file`, `class` and, of sub-folders, `part`."""

    word: ClassVar[str] = "image_folder"
    tool: ClassVar[str] = "folder"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
    has_test_rows: ClassVar[bool] = True

    image_folder: str = spec_key(FOLDER, FOLDER_DOC)
    names: str | None = spec_key(NAMES, NAMES_DOC, default=None)
    unreadable: str = spec_key(UNREADABLE, UNREADABLE_DOC, default="error")

    @property
    def files(self) -> tuple[str, ...]:
        """Return its folder."""
        return (self.image_folder,)
