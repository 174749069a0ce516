"""Which words stand beside which in the samples of an epoch."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dlspec.language.features import TextFeature, TokensFeature
from dlspec.language.sample_draws import silent_ids
from dlspec_pipelines.steps.engine.batches import Samples, sample_chunks
from dlspec_pipelines.steps.engine.context_draw import (
    ContextColumn,
    ContextRows,
    DrawnContexts,
    contexts_in_rows,
    count_contexts,
    words_of_rows,
)

IDS = 9
SILENT = (0, 1, 3)


def pairs_by_hand(rows, window):
    """Yield every pair of words that stand near each other, as one would count them."""
    for row in rows.tolist():
        for i, centre in enumerate(row):
            for j, context in enumerate(row):
                near = i != j and abs(i - j) <= window
                if near and centre not in SILENT and context not in SILENT:
                    yield centre, context


def drawn_of(rows, *, window=2, negatives=3, seed=(1, 0), block=20):
    words = words_of_rows(rows, IDS, SILENT)
    counts = count_contexts(rows, window, words.is_word)
    return DrawnContexts(ContextRows(rows, counts, words, window, negatives), seed, block)


ROWS = st.integers(1, 8).flatmap(
    lambda length: arrays(
        np.int32, st.tuples(st.integers(1, 9), st.just(length)), elements=st.integers(0, IDS - 1)
    )
)


@settings(deadline=None, max_examples=150)
@given(rows=ROWS, window=st.integers(1, 9))
def test_words_stand_beside_all_words_in_the_window_and_no_others(rows, window):
    is_word = words_of_rows(rows, IDS, SILENT).is_word
    centres, contexts = contexts_in_rows(rows, window, is_word)
    found = Counter(zip(centres.tolist(), contexts.tolist(), strict=True))
    assert found == Counter(pairs_by_hand(rows, window))
    by_row = [len(list(pairs_by_hand(row[None], window))) for row in rows]
    assert count_contexts(rows, window, is_word).tolist() == by_row


@settings(deadline=None, max_examples=100)
@given(
    rows=ROWS,
    window=st.integers(1, 4),
    negatives=st.integers(1, 4),
    block=st.integers(1, 60),
    step=st.integers(1, 40),
)
def test_an_epoch_holds_every_pair_once_with_its_negatives(rows, window, negatives, block, step):
    # Two words at least, so that there is another one to draw.
    rows = np.concatenate([rows, np.full((1, rows.shape[1]), 4), np.full((1, rows.shape[1]), 5)])
    drawn = drawn_of(rows, window=window, negatives=negatives, block=block)
    whole = drawn.samples(0, len(drawn))
    target, context, label = whole
    true = label[:, 0] == 1
    seen = Counter(zip(target[true].tolist(), context[true].tolist(), strict=True))
    wanted = Counter(pairs_by_hand(rows, window))
    assert seen == wanted
    assert len(drawn) == (1 + negatives) * wanted.total()
    times = Counter(one for pair in wanted.elements() for one in pair[:1])
    assert Counter(target[~true].tolist()) == Counter({w: negatives * n for w, n in times.items()})
    assert not set(context.tolist()) & set(SILENT)
    assert set(context[~true].tolist()) <= set(np.unique(rows).tolist())
    assert np.array_equal(drawn.labels(), label)
    # Read in pieces, from any sample on, they are the same.
    for first in range(0, len(drawn), step):
        piece = drawn.samples(first, min(first + step, len(drawn)))
        for part, all_of_it in zip(piece, whole, strict=True):
            assert np.array_equal(part, all_of_it[first : first + step])


def test_a_drawn_word_is_never_the_true_one_and_as_frequent_as_its_weight():
    rows = np.repeat(np.array([[2], [4], [5], [6]]), [1, 16, 81, 256], axis=0)
    words = words_of_rows(rows, IDS, SILENT)
    # 1, 16, 81 and 256 to the power of 0.75.
    assert (words.weights / 2**16).tolist() == [0, 0, 1, 0, 8, 27, 64, 0, 0]
    generator = np.random.Generator(np.random.Philox(1))
    for word, others in {5: [1 / 73, 8 / 73, 0, 64 / 73], 7: [0.01, 0.08, 0.27, 0.64]}.items():
        drawn = words.draw_other_than(np.full(40_000, word), generator)
        shares = np.bincount(drawn, minlength=IDS)[[2, 4, 5, 6]] / 40_000
        assert shares == pytest.approx(others, abs=0.01)


def test_an_epoch_depends_on_its_seed_alone_and_puts_words_in_an_order_of_its_own():
    generator = np.random.Generator(np.random.Philox(2))
    rows = generator.integers(0, IDS, (50, 7)).astype(np.int32)
    one, again, other = (
        drawn_of(rows, seed=seed, block=200).samples(0, 400) for seed in ((1, 0), (1, 0), (1, 1))
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0], other[0])
    # A batch holds true contexts and drawn words mixed.
    assert 0 < one[2][:32].sum() < 32


def test_chunks_are_read_in_any_amount_of_memory():
    generator = np.random.Generator(np.random.Philox(3))
    rows = generator.integers(0, IDS, (400, 9)).astype(np.int32)
    whole = drawn_of(rows, block=1000)
    columns = [ContextColumn(drawn_of(rows, block=1000), number) for number in range(3)]
    samples = Samples(
        dict(zip(("target", "context"), columns, strict=False)),
        {"label": columns[2]},
        "mapping",
        "single",
    )
    chunks = list(sample_chunks(samples, 32, start=320, chunk_bytes=40_000))
    assert len(chunks) > 3
    for number, wanted in enumerate(whole.samples(320, len(whole))):
        found = np.concatenate([chunk.arrays[number] for chunk in chunks])
        assert found.dtype == columns[number].dtype
        assert np.array_equal(found, wanted)
    places = np.array([5, 1000, 3])
    assert np.array_equal(columns[1][places], whole.samples(0, len(whole))[1][places])


def test_ids_that_stand_for_no_word_are_known_of_each_feature():
    assert silent_ids(TextFeature("t", 5, 100)) == (0, 1)
    assert silent_ids(TextFeature("t", 5, 100, start=True, end=True)) == (0, 1, 2, 3)
    assert silent_ids(TokensFeature("t", 5, 100)) == (0,)
    assert silent_ids(TokensFeature("t", 5, 100, above="unknown", unknown=2)) == (0, 2)
