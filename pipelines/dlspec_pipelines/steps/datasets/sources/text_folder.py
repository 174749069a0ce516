"""Reads `text_folder`."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dlspec.language.sources import TextFolderSource
from dlspec_pipelines.steps.datasets.class_folders import digest_of_folder, folder_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.datasets.text_files import text_of_file


@dataclass(frozen=True, slots=True)
class TextFolderReader:
    """Reads `TextFolderSource`; a relative path starts in `base`."""

    source: TextFolderSource
    base: Path
    text_columns: tuple[str, ...] = ()

    def read_table(self) -> Table:
        """Read the files, and of which classes they are."""
        table = folder_table(self.source, self.base, text_columns=self.text_columns)
        ((folder, rows),) = table.files
        texts = np.empty(rows, dtype=np.object_)
        for row, name in enumerate(table.columns["file"]):
            texts[row] = text_of_file(folder / name, self.source.encoding)
        return replace(table, columns={"text": texts, **table.columns})

    def content_identity(self) -> str:
        """Return what changes when the content does."""
        return digest_of_folder(self.source, self.base)
