"""A row keeps its part whatever rows come, go or change places beside it."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import chi2, chi2_contingency

from dlspec.language.features import CategoryFeature, ClassFeature, ImageFeature, NumberFeature
from dlspec.language.row_splits import FractionSplit, GivenSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource
from dlspec_pipelines.steps.datasets import ragged
from dlspec_pipelines.steps.datasets.read_source import read_source_table
from dlspec_pipelines.steps.datasets.table import Table
from dlspec_pipelines.steps.preparation.row_identity import row_identities, value_identities
from dlspec_pipelines.steps.preparation.splits import deal_rows
from dlspec_pipelines.steps.step_errors import StepError

_SOURCE = CsvSource(("a.csv",))
_FEATURES = ({"n": NumberFeature("n")}, {"c": ClassFeature("c", 3)})


def part_of_rows(split, columns):
    """Return the name of the part that each row of a table is in."""
    table = Table({name: np.asarray(column) for name, column in columns.items()})
    names = np.empty(table.rows, dtype=object)
    for name, rows in deal_rows(table, Data(_SOURCE, *_FEATURES, split)).parts.items():
        names[rows] = name
    return names


# -- stability -----------------------------------------------------------------------------------

_numbers = st.lists(st.integers(-(10**6), 10**6), min_size=150, max_size=300, unique=True)


@settings(max_examples=60, deadline=None)
@given(_numbers, st.integers(0, 2**40), st.data())
def test_a_row_keeps_its_part_when_rows_are_added_removed_and_reordered(numbers, seed, data):
    split = FractionSplit(0.2, 0.2, None, seed)
    before = dict(zip(numbers, part_of_rows(split, {"n": numbers}), strict=True))
    kept = data.draw(st.permutations(numbers))[: data.draw(st.integers(100, len(numbers)))]
    added = data.draw(st.lists(st.integers(10**7, 10**8), max_size=40, unique=True))
    changed = data.draw(st.permutations([*kept, *added]))
    after = dict(zip(changed, part_of_rows(split, {"n": changed}), strict=True))
    assert {n: after[n] for n in kept} == {n: before[n] for n in kept}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**20), st.integers(0, 2**20))
def test_a_stratified_row_keeps_its_part_too(seed, content):
    rng = np.random.default_rng(content)
    n, c = rng.normal(size=601), rng.integers(0, 3, 601)
    split = FractionSplit(0.15, 0.15, "c", seed)
    before = part_of_rows(split, {"n": n[:-1], "c": c[:-1]})
    order = rng.permutation(601)
    after = part_of_rows(split, {"n": n[order], "c": c[order]})[np.argsort(order)]
    assert (before == after[:-1]).all()


def test_a_corrected_label_does_not_move_its_row():
    n = np.arange(300.0)
    one, two = (part_of_rows(FractionSplit(seed=1), {"n": n, "c": np.full(300, c)}) for c in (0, 1))
    assert (one == two).all()


@pytest.mark.parametrize(
    ("stored", "as_well"),
    [
        (np.array([1, 2, 30]), np.array([1.0, 2.0, 30.0])),
        (np.array([1, 2, 30]), np.array(["1", "2", "30", "many"], dtype=object)),
        (np.array([0.5, 2.0]), np.array(["0.5", "2.0", None], dtype=object)),
        (np.array([True, False]), np.array([True, False, None], dtype=object)),
        (np.array([2**60 + 1, 5]), np.array([str(2**60 + 1), "5", "x"], dtype=object)),
        (np.array([0.0, np.nan]), np.array([-0.0, -np.nan])),
        (np.array([[1, 2], [3, 4]]), pd.Series([[1, 2], [3.0, 4], [5]]).to_numpy()),
        (
            np.array([["a", "b"]], dtype=object),
            pd.Series([np.array(["a", "b"], dtype=object), ["c"]]).to_numpy(),
        ),
        (
            np.array(["2024-01-02"], "datetime64[s]"),
            np.array(["2024-01-02", "NaT"], "datetime64[ns]"),
        ),
    ],
)
def test_a_value_is_the_same_however_its_column_is_stored(stored, as_well):
    assert value_identities(stored).tolist() == value_identities(as_well)[: len(stored)].tolist()


def test_a_gap_in_a_later_row_moves_no_earlier_one(tmp_path):
    rows = [f"{i},{i % 3}" for i in range(200)]
    split = FractionSplit(0.2, 0.2, None, 4)
    dealt = []
    for more in ([], [",1"], ["many,1", "20,2"]):
        (tmp_path / "a.csv").write_text("\n".join(["n,c", *rows, *more]) + "\n")
        table = read_source_table(_SOURCE, tmp_path)
        dealt.append(part_of_rows(split, table.columns)[:200].tolist())
    assert dealt[0] == dealt[1] == dealt[2]


def test_identities_stay_what_they_are_from_version_to_version():
    """Whoever upgrades must not find old test rows among the training rows."""
    table = Table(
        {
            "n": np.array([0.0, 1.5]),
            "w": np.array(["word", None], dtype=object),
            "p": np.arange(8, dtype=np.uint8).reshape(2, 2, 2),
        }
    )
    assert row_identities(table, ["n", "w", "p"]).tolist() == [
        17_438_327_838_830_585_126,
        1_931_352_587_737_429_335,
    ]


# -- what falls together -------------------------------------------------------------------------


@pytest.mark.parametrize("joined", [1, 5, 10**6])
@pytest.mark.parametrize("kind", ["u1", "i8", "f4"])
def test_the_identity_of_an_array_is_the_hash_of_its_numbers(monkeypatch, joined, kind):
    monkeypatch.setattr(ragged, "_JOINED_VALUES", joined)
    rows = [np.arange(n, dtype=kind) for n in (3, 0, 4, 1, 4)]
    stored = [row.tobytes() if kind == "u1" else row.astype("f8").tobytes() for row in rows]
    expected = [
        int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")
        for content in stored
    ]
    column = np.empty(5, dtype=object)
    column[:] = rows
    assert value_identities(column).tolist() == expected
    dense = np.stack([rows[2], rows[4]])
    assert value_identities(dense).tolist() == [expected[2], expected[4]]
    # Beside a row of another type each is looked at alone.
    column[1] = [0.5]
    assert value_identities(column)[[0, 2, 3, 4]].tolist() == [expected[n] for n in (0, 2, 3, 4)]


def test_doubled_rows_fall_together():
    n = np.repeat(np.arange(200.0), 3)
    names = part_of_rows(FractionSplit(0.2, 0.2, None, 3), {"n": n}).reshape(200, 3)
    assert (names == names[:, :1]).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from("abcdefghijklmnopqrst"), min_size=80), st.integers(0, 999))
def test_a_group_lies_in_one_part(groups, seed):
    groups += list("abcdefghijklmnopqrst")
    columns = {"n": np.arange(float(len(groups))), "g": np.array(groups, dtype=object)}
    names = part_of_rows(FractionSplit(0.2, 0.2, None, seed, group="g"), columns)
    found = {
        group: {n for n, g in zip(names, groups, strict=True) if g == group} for group in groups
    }
    assert all(len(parts) == 1 for parts in found.values())
    assert set(names) == {"train", "validation", "test"}


def test_an_id_parts_rows_whose_inputs_are_equal():
    columns = {"n": np.zeros(200), "id": np.arange(200)}
    names = part_of_rows(FractionSplit(0.2, 0.2, None, 1, group="id"), columns)
    assert set(names) == {"train", "validation", "test"}


def test_rows_that_are_all_equal_are_refused_with_a_way_out():
    with pytest.raises(StepError) as caught:
        part_of_rows(FractionSplit(), {"n": np.zeros(20)})
    assert caught.value.code == "DL613"
    assert "the 20 rows to deal hold 1 different one, and there are 2 parts" in str(caught.value)
    assert "`group: id` under `split`" in caught.value.help


def test_a_row_without_a_group_is_refused():
    columns = {"n": np.arange(4.0), "g": np.array(["a", None, "b", "c"], dtype=object)}
    with pytest.raises(StepError, match="column `g`, row 1: the value is missing") as caught:
        part_of_rows(FractionSplit(group="g"), columns)
    assert caught.value.code == "DL613"


def test_a_group_that_is_no_column_is_told_with_the_nearest():
    with pytest.raises(StepError) as caught:
        part_of_rows(FractionSplit(group="patent"), {"n": np.arange(4.0), "patient": [1, 2, 3, 4]})
    assert (caught.value.code, caught.value.help) == ("DL611", "write `patient` for `patent`")


def test_a_picture_is_known_by_its_bytes_and_not_by_its_name(tmp_path):
    for number in range(40):
        Image.new("L", (2, 2), number).save(tmp_path / f"{number}.png")
    (tmp_path / "again.png").write_bytes((tmp_path / "7.png").read_bytes())
    (tmp_path / "a.csv").write_text(
        "\n".join(["p,c", *(f"{i}.png,0" for i in range(40)), "again.png,0"])
    )
    data = Data(
        _SOURCE,
        {"p": ImageFeature("p", (2, 2), 1, scale=1 / 255)},
        {"c": ClassFeature("c", 3)},
        FractionSplit(0.0, 0.4, None, 2),
    )
    table = read_source_table(_SOURCE, Path(tmp_path), text_columns=("p",))
    test = deal_rows(table, data).parts["test"]
    assert (7 in test) == (40 in test)
    assert 0 < len(test) < 41


# -- shares --------------------------------------------------------------------------------------


def test_every_row_is_dealt_once():
    parts = deal_rows(
        Table({"n": np.arange(1000.0)}), Data(_SOURCE, *_FEATURES, FractionSplit(0.15, 0.25))
    ).parts
    assert sorted(np.concatenate(list(parts.values()))) == list(range(1000))


def test_over_many_seeds_the_shares_are_those_asked_for():
    """Chi-square of each deal against the shares; their sum has three, less one, times 200."""
    n, asked = np.arange(2000.0), {"validation": 0.15, "test": 0.25, "train": 0.6}
    total = 0.0
    for seed in range(200):
        names = part_of_rows(FractionSplit(0.15, 0.25, None, seed), {"n": n})
        total += sum(((names == p).sum() - 2000 * s) ** 2 / (2000 * s) for p, s in asked.items())
    assert chi2.ppf(0.001, 400) < total < chi2.ppf(0.999, 400)


def test_two_seeds_are_independent():
    rng = np.random.default_rng(1)
    n = rng.normal(size=20_000)
    one, two = (part_of_rows(FractionSplit(0.3, 0.3, None, s), {"n": n}) for s in (7, 8))
    assert chi2_contingency(pd.crosstab(one, two)).pvalue > 0.001


def test_classes_and_parts_are_independent():
    n, c = np.arange(20_000.0), np.arange(20_000) % 3
    names = part_of_rows(FractionSplit(0.3, 0.3, "c", 5), {"n": n, "c": c})
    assert chi2_contingency(pd.crosstab(c, names)).pvalue > 0.001


def test_a_larger_validation_share_leaves_the_test_rows_alone():
    n = {"n": np.arange(1000.0)}
    small, large = (part_of_rows(FractionSplit(v, 0.2, None, 3), n) == "test" for v in (0.1, 0.4))
    assert (small == large).all()


def test_given_test_rows_leave_the_others_where_they_are():
    given_test = np.arange(300) % 3 == 0
    table = Table({"n": np.arange(300.0)}, given_test)
    more = Table({"n": np.arange(400.0)}, np.append(given_test, np.ones(100, dtype=bool)))
    data = Data(_SOURCE, *_FEATURES, GivenSplit("given", 0.3, None, 1))
    one, two = (deal_rows(t, data).parts["validation"].tolist() for t in (table, more))
    assert one == two


def test_a_category_can_be_the_stratum():
    words = np.array(["a", "b"] * 50, dtype=object)
    inputs = {"n": NumberFeature("n"), "w": CategoryFeature("w", 3)}
    data = Data(_SOURCE, inputs, {"c": ClassFeature("c", 3)}, FractionSplit(0.1, 0.1, "w", 1))
    for rows in deal_rows(Table({"n": np.arange(100.0), "w": words}), data).parts.values():
        assert set(words[rows]) == {"a", "b"}
