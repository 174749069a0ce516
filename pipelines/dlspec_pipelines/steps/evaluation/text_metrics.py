"""Metrics of decoded texts: the edits that make them the truth, over its length."""

import numpy as np

from dlspec_pipelines.steps.edit_distances import edit_distances
from dlspec_pipelines.steps.evaluation.class_metrics import Counts
from dlspec_pipelines.steps.evaluation.outputs import PADDING, Predicted
from dlspec_pipelines.steps.preparation.ids_as_text import characters_said, words_said
from dlspec_pipelines.steps.step_errors import NotDefined


def character_error_rate(p: Predicted) -> float:
    """Return the share of the truth's characters that must be edited in what is decoded.

    Raises:
        NotDefined: If no target holds a character.
    """
    return _error_rate("character_error_rate", p)


def word_error_rate(p: Predicted) -> float:
    """Return the share of the truth's words that must be edited in what is decoded.

    Raises:
        NotDefined: If no target holds a word.
    """
    return _error_rate("word_error_rate", p)


def _error_rate(name: str, p: Predicted) -> float:
    edits, lengths = edits_of_rows(name, p)
    if not lengths.any():
        raise NotDefined(f"`{name}` is not defined: the targets hold padding alone")
    return float(edits.sum() / lengths.sum())


def edits_of_rows(name: str, p: Predicted) -> tuple[Counts, Counts]:
    """Return how many edits make each guess the truth, and how long the truth is."""
    if p.kind == "number":  # as `reduced_to_rows` leaves them
        return p.guess.astype(np.float64), p.true.astype(np.float64)
    items = characters_said if name == "character_error_rate" else words_said
    true, said = (
        [items(row[row != PADDING].tolist(), p.text) for row in side] for side in (p.true, p.guess)
    )
    lengths = np.array([len(items) for items in true], dtype=np.float64)
    return edit_distances(true, said).astype(np.float64), lengths
