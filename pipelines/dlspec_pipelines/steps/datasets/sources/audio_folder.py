"""Reads `audio_folder`."""

from dataclasses import dataclass
from pathlib import Path

from dlspec.language.sources import AudioFolderSource
from dlspec_pipelines.steps.datasets.class_folders import (
    digest_of_folder,
    folder_table,
    without_unreadable,
)
from dlspec_pipelines.steps.datasets.sound_files import read_sound
from dlspec_pipelines.steps.datasets.table import Table


@dataclass(frozen=True, slots=True)
class AudioFolderReader:
    """Reads `AudioFolderSource`; a relative path starts in `base`."""

    source: AudioFolderSource
    base: Path
    text_columns: tuple[str, ...] = ()

    def read_table(self) -> Table:
        """Read the names of the files and their classes."""
        table = folder_table(self.source, self.base, text_columns=self.text_columns)
        if self.source.unreadable == "skip":
            return without_unreadable(table, read_sound)
        return table

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return digest_of_folder(self.source, self.base)
