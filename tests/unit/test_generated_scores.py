"""Scores of generated sequences: worked examples of papers, and the recursion they follow."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlspec.language.metrics import GENERATED_METRICS
from dlspec_pipelines.steps.evaluation.beam_search import Rules
from dlspec_pipelines.steps.evaluation.generated_metrics import (
    beside_truth,
    measure_generated,
    rouge_of_ngrams,
    rouge_of_sequence,
)

# Lin (2004), section 3.1: "police killed the gunman" and two candidates.
KILLED, KILL, OTHERWISE = [1, 2, 3, 4], [1, 5, 3, 4], [3, 4, 5, 1]
_IDS = st.lists(st.integers(1, 4), max_size=9)


def test_rouge_is_that_of_the_examples_of_its_paper():
    assert rouge_of_sequence(KILLED, KILL) == pytest.approx(3 / 4)
    assert rouge_of_sequence(KILLED, OTHERWISE) == pytest.approx(2 / 4)
    assert rouge_of_ngrams(KILLED, KILL, 2) == rouge_of_ngrams(KILLED, OTHERWISE, 2)
    assert rouge_of_ngrams(KILLED, KILL, 2) == pytest.approx(1 / 3)
    # A word said twice is met once: two of three, and two of four.
    assert rouge_of_ngrams(KILLED, [1, 2, 2], 1) == pytest.approx(2 * 2 / (3 + 4))
    assert rouge_of_ngrams(KILLED, [], 1) == rouge_of_sequence([], KILL) == 0


@given(_IDS, _IDS)
def test_the_longest_sequence_in_both_is_that_of_the_recursion(reference, said):
    @functools.cache
    def longest(i, j):
        if not (i and j):
            return 0
        if reference[i - 1] == said[j - 1]:
            return longest(i - 1, j - 1) + 1
        return max(longest(i - 1, j), longest(i, j - 1))

    shared = longest(len(reference), len(said))
    expected = 2 * shared / (len(reference) + len(said)) if shared else 0
    assert rouge_of_sequence(reference, said) == pytest.approx(expected)


WORDS = ["", "a", "b", "cc", "dd"]


def test_scores_of_generated_rows_count_up_to_the_id_that_ends_them():
    # 9 ends a row; what stands behind it counts nothing.
    true = np.array([[1, 2, 3, 9, 4], [4, 3, 9, 0, 0]])
    said = np.array([[1, 3, 9, 2], [4, 3, 9, 3]])
    rules = Rules(stop=9, length=4, beam=1, length_penalty=0.0)
    ids = beside_truth(true, said, rules)
    found = measure_generated((*GENERATED_METRICS, "accuracy"), ids)
    # 1 2 3 against 1 3, and 4 3 against the same: of five ids one is left out.
    assert found.values["generated_character_error_rate"] == pytest.approx(1 / 5)
    assert found.values["generated_word_error_rate"] == pytest.approx(1 / 5)
    assert found.values["generated_rouge_1"] == pytest.approx((4 / 5 + 1) / 2)
    assert found.values["generated_rouge_2"] == pytest.approx((0 + 1) / 2)
    assert found.values["generated_rouge_l"] == pytest.approx((4 / 5 + 1) / 2)
    assert set(found.values) | set(found.undefined) == set(GENERATED_METRICS)


def test_error_rates_of_words_and_characters_are_those_of_the_text():
    true, said = np.array([[1, 3, 9]]), np.array([[2, 3, 9]])
    rules = Rules(stop=9, length=3, beam=1, length_penalty=0.0)

    def text(ids):
        return " ".join(WORDS[i] for i in ids if i in range(1, 5))

    found = measure_generated(
        ("generated_character_error_rate", "generated_word_error_rate"),
        beside_truth(true, said, rules, text),
    )
    # "a cc" and "b cc".
    assert found.values == {
        "generated_character_error_rate": pytest.approx(1 / 4),
        "generated_word_error_rate": pytest.approx(1 / 2),
    }


def test_bleu_needs_a_target_of_four_ids():
    rules = Rules(stop=None, length=3, beam=1, length_penalty=0.0)
    ids = beside_truth(np.array([[1, 2, 3]]), np.array([[1, 2, 3]]), rules)
    found = measure_generated(("generated_bleu",), ids)
    assert found.undefined == {
        "generated_bleu": "`generated_bleu` is not defined: no target has 4 ids"
    }
