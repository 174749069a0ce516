"""The source `audio_folder`."""

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
class AudioFolderSource:
    """A folder of sounds for each class; columns `file`, `class` and, of sub-folders, `part`."""

    word: ClassVar[str] = "audio_folder"
    tool: ClassVar[str] = "folder"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = (".aiff", ".flac", ".mp3", ".ogg", ".wav")
    has_test_rows: ClassVar[bool] = True

    audio_folder: str = spec_key(FOLDER, FOLDER_DOC)
    names: str | None = spec_key(NAMES, NAMES_DOC, default=None)
    unreadable: str = spec_key(UNREADABLE, UNREADABLE_DOC, default="error")

    @property
    def files(self) -> tuple[str, ...]:
        """Return its folder."""
        return (self.audio_folder,)
