"""A column that names sounds, by the headers of its files: seconds, rates, channels."""

from pathlib import Path

import numpy as np

from dlspec_pipelines.steps.datasets.file_decoding import decode_all_files
from dlspec_pipelines.steps.datasets.sound_files import sound_facts
from dlspec_pipelines.steps.datasets.table import Array, Table
from dlspec_pipelines.steps.preparation.named_files import named_file_paths


def sound_column_words(name: str, table: Table) -> str:
    """Return how long the sounds of a column are, and of which rates and channels.

    Raises:
        StepError: If a value names no file (DL613).
    """
    facts = np.zeros((3, table.rows))

    def note(row: int, path: Path) -> None:
        header = sound_facts(path)
        facts[:, row] = header.frames / header.sample_rate, header.sample_rate, header.channels

    decode_all_files(named_file_paths(name, table), note)
    # What has no header has no rate.
    seconds, rates, channels = facts[:, facts[1] > 0]
    if not seconds.size:
        return ""
    length = f"{seconds.min():.3g} to {seconds.max():.3g} seconds, median {np.median(seconds):.3g}"
    return f"{length}; {_counted(rates)} Hz; channels {_counted(channels)}"


def _counted(values: Array) -> str:
    """Return the values that there are, with how many there are of each where they differ."""
    found, counts = np.unique(values.astype(np.int64), return_counts=True)
    if len(found) == 1:
        return f"{found[0]:,}"
    return ", ".join(f"{value:,} ({n:,})" for value, n in zip(found, counts, strict=True))
