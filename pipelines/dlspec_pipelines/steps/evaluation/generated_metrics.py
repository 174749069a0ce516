"""The metrics of generated sequences: what a model says by itself, against what it should say."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlspec.language.metrics import GENERATED_METRICS
from dlspec_pipelines.steps.evaluation.beam_search import Ids, Rules, said_until
from dlspec_pipelines.steps.evaluation.measures import (
    Measures,
    sequence_accuracy,
    token_accuracy,
    value_or_reason,
)
from dlspec_pipelines.steps.evaluation.outputs import PADDING, Predicted
from dlspec_pipelines.steps.evaluation.text_metrics import character_error_rate, word_error_rate
from dlspec_pipelines.steps.preparation.ids_as_text import TextOfIds
from dlspec_pipelines.steps.step_errors import NotDefined

# BLEU-4. Source: Papineni et al. 2002, section 2.3.
_LONGEST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Generated:
    """Generated sequences beside the truth, one row for each sample.

    Attributes:
        true: (samples, length) ids, padding behind the last.
        said: (samples, length) ids, padding behind `stop`.
        text: What makes a text of ids; None where nobody knows their words.
    """

    true: Ids
    said: Ids
    rules: Rules
    text: TextOfIds | None = None


def measure_generated(names: Sequence[str], generated: Generated) -> Measures:
    """Return those metrics of `names` that are metrics of generated sequences."""
    measured = Measures()
    for name in names:
        if name in GENERATED_METRICS:
            function = _GENERATED_FUNCTIONS[name]
            measured.note(name, value_or_reason(function, generated, name=name))
    return measured


def beside_truth(true: Ids, said: Ids, rules: Rules, text: TextOfIds | None = None) -> Generated:
    """Return generated ids in the width of the truth."""
    wide = np.full_like(true, PADDING)
    wide[:, : said.shape[1]] = said
    return Generated(true, wide, rules, text)


def _generated_bleu(generated: Generated) -> float:
    true, said = _sides(generated)
    if max(map(len, true), default=0) < _LONGEST:
        raise NotDefined(f"`generated_bleu` is not defined: no target has {_LONGEST} ids")
    return corpus_bleu(true, said)


def _generated_rouge_1(generated: Generated) -> float:
    return _mean_over_rows(generated, lambda true, said: rouge_of_ngrams(true, said, 1))


def _generated_rouge_2(generated: Generated) -> float:
    return _mean_over_rows(generated, lambda true, said: rouge_of_ngrams(true, said, 2))


def _generated_rouge_l(generated: Generated) -> float:
    return _mean_over_rows(generated, rouge_of_sequence)


def _mean_over_rows(generated: Generated, score: Callable[[list[int], list[int]], float]) -> float:
    return float(np.mean([score(*pair) for pair in zip(*_sides(generated), strict=True)]))


def _sides(generated: Generated) -> tuple[list[list[int]], list[list[int]]]:
    """Return the ids of each row before `stop`, true and said."""
    rules = replace(generated.rules, length=generated.true.shape[1])
    true, said = (
        [_without_padding(row[: said_until(row, rules)]) for row in side]
        for side in (generated.true, generated.said)
    )
    return true, said


def _generated_token_accuracy(generated: Generated) -> float:
    return token_accuracy(Predicted("tokens", generated.true, generated.said))


def _generated_sequence_accuracy(generated: Generated) -> float:
    return sequence_accuracy(Predicted("tokens", generated.true, generated.said))


def _generated_character_error_rate(generated: Generated) -> float:
    return character_error_rate(_until_stop(generated))


def _generated_word_error_rate(generated: Generated) -> float:
    return word_error_rate(_until_stop(generated))


def _until_stop(generated: Generated) -> Predicted:
    """Return both sides up to the id that ends each row."""
    rules = replace(generated.rules, length=generated.true.shape[1])
    true, said = (_rows_until_stop(side, rules) for side in (generated.true, generated.said))
    return Predicted("sequence", true, said, text=generated.text)


def _rows_until_stop(ids: Ids, rules: Rules) -> Ids:
    ends = np.array([said_until(row, rules) for row in ids])
    return np.where(np.arange(ids.shape[1]) < ends[:, None], ids, PADDING)


_GENERATED_FUNCTIONS: Mapping[str, Callable[[Generated], float]] = {
    "generated_token_accuracy": _generated_token_accuracy,
    "generated_sequence_accuracy": _generated_sequence_accuracy,
    "generated_character_error_rate": _generated_character_error_rate,
    "generated_word_error_rate": _generated_word_error_rate,
    "generated_bleu": _generated_bleu,
    "generated_rouge_1": _generated_rouge_1,
    "generated_rouge_2": _generated_rouge_2,
    "generated_rouge_l": _generated_rouge_l,
}
assert set(_GENERATED_FUNCTIONS) == set(GENERATED_METRICS), (
    "a generated metric has a record and no function, or the reverse: "
    f"{set(_GENERATED_FUNCTIONS) ^ set(GENERATED_METRICS)}"
)


def _without_padding(ids: Ids) -> list[int]:
    listed: list[int] = ids.tolist()
    while listed and listed[-1] == PADDING:
        listed.pop()
    return listed


def corpus_bleu(references: Sequence[Sequence[int]], said: Sequence[Sequence[int]]) -> float:
    """Return BLEU-4 over all sequences, from 0 to 1, with one reference for each and no smoothing.

    Source: Papineni et al. (2002), "BLEU: a Method for Automatic Evaluation of Machine
    Translation", section 2.3.
    """
    right, total = [0] * _LONGEST, [0] * _LONGEST
    for reference, hypothesis in zip(references, said, strict=True):
        for n in range(1, _LONGEST + 1):
            here, there = _count_ngrams(hypothesis, n), _count_ngrams(reference, n)
            right[n - 1] += (here & there).total()
            total[n - 1] += here.total()
    if 0 in right:
        return 0.0
    precision = sum(math.log(r / t) for r, t in zip(right, total, strict=True)) / _LONGEST
    lengths = sum(map(len, references)), sum(map(len, said))
    return math.exp(precision + min(0.0, 1 - lengths[0] / lengths[1]))


def rouge_of_ngrams(reference: Sequence[int], said: Sequence[int], n: int) -> float:
    """Return the F1 of the stretches of `n` ids that two sequences share, from 0 to 1.

    Source: Lin (2004), "ROUGE: A Package for Automatic Evaluation of Summaries", section 2.
    """
    here, there = _count_ngrams(said, n), _count_ngrams(reference, n)
    return _f1((here & there).total(), here.total(), there.total())


def rouge_of_sequence(reference: Sequence[int], said: Sequence[int]) -> float:
    """Return the F1 of the longest sequence of ids, gaps allowed, that is in both, from 0 to 1.

    Source: Lin (2004), section 3; the length as in Hyyrö (2004), "Bit-Parallel LCS-length
    Computation Revisited", figure 4, with a bit for each id of the reference.
    """
    places: dict[int, int] = {}
    for place, one in enumerate(reference):
        places[one] = places.get(one, 0) | 1 << place
    every = (1 << len(reference)) - 1
    left = every
    for one in said:
        met = left & places.get(one, 0)
        left = ((left + met) | (left - met)) & every
    return _f1(len(reference) - left.bit_count(), len(said), len(reference))


def _f1(shared: int, said: int, reference: int) -> float:
    return 2 * shared / (said + reference) if shared else 0.0


def _count_ngrams(ids: Sequence[int], n: int) -> "Counter[tuple[int, ...]]":
    return Counter(tuple(ids[i : i + n]) for i in range(len(ids) - n + 1))
