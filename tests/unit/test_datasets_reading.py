"""Sources become tables, or a sentence says why not."""

import gzip
import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlspec.language.sources import (
    CsvSource,
    JsonLinesSource,
    KerasSource,
    NpzSource,
    ParquetSource,
    SequenceReversalSource,
    SineSource,
    SklearnSource,
    TonesSource,
    TwoMoonsSource,
)
from dlspec_pipelines.steps.datasets.ragged import pack_ragged_arrays, unpack_ragged_arrays
from dlspec_pipelines.steps.datasets.read_source import content_hash, read_source_table
from dlspec_pipelines.steps.datasets.table import Table, require_columns
from dlspec_pipelines.steps.step_errors import StepError


@pytest.fixture(autouse=True)
def _no_shared_data(monkeypatch):
    monkeypatch.delenv("DLSPEC_DATA", raising=False)


def test_digits_are_those_of_load_digits():
    import sklearn.datasets

    bunch = sklearn.datasets.load_digits()
    table = read_source_table(SklearnSource("digits"), None)
    for name in ("data", "images", "target"):
        np.testing.assert_array_equal(table.columns[name], bunch[name])
        assert table.columns[name].dtype == bunch[name].dtype
    np.testing.assert_array_equal(table.columns["pixel_2_3"], bunch.images[:, 2, 3])
    assert set(bunch.feature_names) < set(table.columns)


def test_iris_has_the_bunch_and_a_column_for_each_feature_name():
    import sklearn.datasets

    bunch = sklearn.datasets.load_iris()
    table = read_source_table(SklearnSource("iris"), None)
    assert table.rows == 150
    np.testing.assert_array_equal(table.columns["data"], bunch.data)
    np.testing.assert_array_equal(table.columns["target"], bunch.target)
    np.testing.assert_array_equal(table.columns["petal width (cm)"], bunch.data[:, 3])


def test_only_empty_fields_and_named_texts_are_missing(tmp_path):
    (tmp_path / "a.csv").write_text("country,size\nNA,1\nDE,?\n,3\n")
    table = read_source_table(CsvSource(("a.csv",), missing=("?",)), tmp_path)
    assert table.columns["country"].tolist() == ["NA", "DE", None]
    np.testing.assert_array_equal(table.columns["size"], [1.0, np.nan, 3.0])


def test_a_csv_without_header_takes_its_names_from_the_spec(tmp_path):
    (tmp_path / "a.csv").write_text("1;x\n2;y\n")
    table = read_source_table(CsvSource(("a.csv",), separator=";", columns=("n", "word")), tmp_path)
    assert table.columns["n"].tolist() == [1, 2]
    assert table.columns["word"].tolist() == ["x", "y"]


def test_blank_lines_are_no_rows(tmp_path):
    (tmp_path / "a.csv").write_text("\n\nn,word\n1,x\n\n2,y\n\n")
    table = read_source_table(CsvSource(("a.csv",)), tmp_path)
    assert {name: column.tolist() for name, column in table.columns.items()} == {
        "n": [1, 2],
        "word": ["x", "y"],
    }


def test_several_files_are_read_as_one(tmp_path):
    (tmp_path / "a.csv").write_text("n,w\n1,x\n")
    (tmp_path / "b.csv").write_text("n,w\n2.5,y\n")
    table = read_source_table(CsvSource(("a.csv", "b.csv")), tmp_path)
    assert table.columns["n"].tolist() == [1.0, 2.5]
    assert table.columns["w"].tolist() == ["x", "y"]


@pytest.mark.parametrize("kind", [CsvSource, ParquetSource])
def test_files_in_another_order_of_columns_are_read_by_name(tmp_path, kind):
    parts = ({"n": [1, 2], "w": ["x", "y"]}, {"w": ["z"], "n": [3]})
    names = [f"{i}{kind.endings[0]}" for i in range(len(parts))]
    for name, part in zip(names, parts, strict=True):
        table = pa.table(part)
        if kind is CsvSource:
            pa.csv.write_csv(table, tmp_path / name)
        else:
            pa.parquet.write_table(table, tmp_path / name)
    table = read_source_table(kind(tuple(names)), tmp_path)
    assert table.columns["n"].tolist() == [1, 2, 3]
    assert table.columns["w"].tolist() == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "`{}` is empty"),
        (b"a,b\n1,2\n1,2,3\n", "`{}` is not a table: Expected 2 fields in line 3, saw 3"),
        (b"a,a\n1,2\n", "`{}` has the column `a` twice"),
        (b"a,b\n1,2,3\n", "`{}` is not a table: Length of header or names does not match"),
        (b"a\n\xe9t\xe9\n", "`{}`, line 2, is not text in the encoding `utf-8`"),
    ],
)
def test_a_bad_csv_is_told_in_a_sentence(tmp_path, content, told):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(StepError) as caught:
        read_source_table(CsvSource(("a.csv",)), tmp_path)
    assert caught.value.code == "DL610"
    assert told.format(path) in caught.value.message


@given(st.text(alphabet='a1,;.\n\r"\t \x00é-', max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_table_or_a_sentence(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    try:
        table = read_source_table(CsvSource(("a.csv",)), tmp_path)
    except StepError as error:
        assert error.code == "DL610"  # noqa: PT017 - either outcome is right
    else:
        assert {len(column) for column in table.columns.values()} == {table.rows}


def test_a_decimal_comma_and_a_tab_are_read(tmp_path):
    (tmp_path / "a.csv").write_text("a\tb\n1,5\t2\n")
    source = CsvSource(("a.csv",), separator="\t", decimal=",")
    assert read_source_table(source, tmp_path).columns["a"].tolist() == [1.5]
    with pytest.raises(StepError, match="cannot stand both between two fields and before decimals"):
        read_source_table(CsvSource(("a.csv",), decimal=","), tmp_path)


def test_a_separator_of_two_characters_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a::b\n1::2\n")
    with pytest.raises(StepError, match="the separator `::` is not a single character"):
        read_source_table(CsvSource(("a.csv",), separator="::"), tmp_path)


def test_a_tsv_reads_by_tabs_where_the_spec_says_nothing_else(tmp_path):
    (tmp_path / "a.tsv").write_text("a\tb, c\n1\t2,5\n")
    table = read_source_table(CsvSource(("a.tsv",), decimal=","), tmp_path)
    assert {name: column.tolist() for name, column in table.columns.items()} == {
        "a": [1],
        "b, c": [2.5],
    }
    (tmp_path / "b.tsv").write_text("a;b\n1;2\n")
    table = read_source_table(CsvSource(("b.tsv",), separator=";"), tmp_path)
    assert list(table.columns) == ["a", "b"]


def test_without_quoting_a_quote_is_a_character(tmp_path):
    (tmp_path / "a.tsv").write_text('ham\tsay "hi\nspam\t"x"\n')
    source = CsvSource(("a.tsv",), columns=("sort", "text"), quoting="none")
    table = read_source_table(source, tmp_path)
    assert table.columns["text"].tolist() == ['say "hi', '"x"']
    (tmp_path / "b.csv").write_text('a,b\n1,"x\n2,y\n')
    with pytest.raises(StepError, match="is not a table: EOF inside string") as caught:
        read_source_table(CsvSource(("b.csv",)), tmp_path)
    assert caught.value.help == 'write `quoting: none` where `"` is a character of the text'
    assert read_source_table(CsvSource(("b.csv",), quoting="none"), tmp_path).rows == 2


def test_blanks_in_a_header_are_told_and_stripped_on_demand(tmp_path):
    (tmp_path / "a.csv").write_text("n, word ,m\n1, x ,? \n2,y ,4 \n")
    with pytest.raises(StepError) as caught:
        read_source_table(CsvSource(("a.csv",)), tmp_path)
    path = tmp_path / "a.csv"
    assert caught.value.message == f"the header of `{path}` has blanks around names: ` word `"
    table = read_source_table(CsvSource(("a.csv",), missing=("?",), strip=True), tmp_path)
    assert table.columns["word"].tolist() == ["x", "y"]
    np.testing.assert_array_equal(table.columns["m"], [np.nan, 4.0])


def test_what_is_missing_is_written_as_it_stands(tmp_path):
    (tmp_path / "a.csv").write_text("n,w\n1, ?\n ?,?\n,NA\n")
    table = read_source_table(CsvSource(("a.csv",), missing=("?", " ?", "")), tmp_path)
    np.testing.assert_array_equal(table.columns["n"], [1.0, np.nan, np.nan])
    assert table.columns["w"].tolist() == [None, None, "NA"]


def test_text_that_looks_like_a_number_stays_text_on_demand(tmp_path):
    (tmp_path / "a.csv").write_text("zip,n\n00501,1\n,2\n")
    table = read_source_table(CsvSource(("a.csv",), text=("zip",)), tmp_path)
    assert table.columns["zip"].tolist() == ["00501", None]
    assert table.columns["n"].tolist() == [1, 2]


@pytest.mark.parametrize("last", ["x", "True", "1.5"])
def test_one_text_far_down_makes_a_column_text_as_it_is_written(tmp_path, last):
    rows = 300_000
    (tmp_path / "a.csv").write_text("n,m\n" + "007,1\n" * rows + f"{last},2\n")
    column = read_source_table(CsvSource(("a.csv",)), tmp_path).columns["n"]
    if last == "1.5":
        assert column.dtype == np.float64
    else:
        assert set(column) == {"007", last}
    assert len(column) == rows + 1


def test_npy_files_stand_side_by_side_and_are_not_read_before_they_are_needed(tmp_path):
    x, y = np.arange(12.0).reshape(4, 3), np.array(["a", "b", "a", "b"])
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    table = read_source_table(NpzSource(("x.npy", "y.npy")), tmp_path)
    np.testing.assert_array_equal(table.columns["x"], x)
    assert isinstance(table.columns["x"], np.memmap)
    assert table.columns["y"].tolist() == ["a", "b", "a", "b"]
    np.savez(tmp_path / "z.npz", x=x)
    with pytest.raises(StepError, match="has an array `x`, and so has a file before it"):
        read_source_table(NpzSource(("x.npy", "z.npz")), tmp_path)
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:-8])
    (tmp_path / "empty.npy").write_bytes(b"")
    for name in ("o.npy", "cut.npy", "empty.npy"):
        with pytest.raises(StepError, match=r"is not a \.npy file of plain numbers"):
            read_source_table(NpzSource((name,)), tmp_path)


def test_npy_files_of_training_and_test_are_pairs(tmp_path):
    for name, rows in (("x_train", 3), ("x_test", 2)):
        np.save(tmp_path / f"{name}.npy", np.zeros((rows, 2)))
    table = read_source_table(NpzSource(("x_train.npy", "x_test.npy")), tmp_path)
    assert table.given_test.tolist() == [False, False, False, True, True]


def test_text_in_one_of_several_files_is_text_in_all(tmp_path):
    (tmp_path / "a.csv").write_text("code\n007\n1E5\n")
    (tmp_path / "b.csv").write_text("code\nx\n")
    table = read_source_table(CsvSource(("a.csv", "b.csv")), tmp_path)
    assert table.columns["code"].tolist() == ["007", "1E5", "x"]


def test_a_gzip_file_is_read_and_a_cut_one_refused(tmp_path):
    whole = gzip.compress(b"n,w\n" + b"1,x\n" * 1000)
    (tmp_path / "a.csv.gz").write_bytes(whole)
    assert read_source_table(CsvSource(("a.csv.gz",)), tmp_path).rows == 1000
    (tmp_path / "a.csv.gz").write_bytes(whole[:-12])
    with pytest.raises(StepError, match="is not a whole gzip file"):
        read_source_table(CsvSource(("a.csv.gz",)), tmp_path)
    (tmp_path / "a.csv.gz").write_bytes(b"n,w\n1,x\n")
    with pytest.raises(StepError, match="is not a whole gzip file"):
        read_source_table(CsvSource(("a.csv.gz",)), tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "shift_jis"])
def test_any_encoding_that_python_knows_is_read(tmp_path, encoding):
    text = "wort,n\nコ,1\n" if encoding == "shift_jis" else "wört,n\né,1\n"
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    table = read_source_table(CsvSource(("a.csv",), encoding=encoding), tmp_path)
    first, second = text.split()
    assert list(table.columns) == first.split(",")
    assert table.columns[first.split(",")[0]].tolist() == [second.split(",")[0]]


def test_latin_1_is_read_when_the_spec_says_so(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a\n\xe9t\xe9\n")
    table = read_source_table(CsvSource(("a.csv",), encoding="latin-1"), tmp_path)
    assert table.columns["a"].tolist() == ["été"]


def test_a_file_without_rows_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(StepError, match=r"the source has no rows: `a\.csv` holds none"):
        read_source_table(CsvSource(("a.csv",)), tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_the_mark_of_a_file_says_its_encoding(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes("a,b\n1,é\n".encode(encoding))
    with pytest.raises(StepError) as caught:
        read_source_table(CsvSource(("a.csv",)), tmp_path)
    assert caught.value.help == f"write `encoding: {encoding}`, whose mark the file begins with"
    followed = read_source_table(CsvSource(("a.csv",), encoding=encoding), tmp_path)
    assert followed.columns["b"].tolist() == ["é"]


def test_files_of_other_columns_do_not_stack(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("a,c\n1,2\n")
    with pytest.raises(StepError, match=r"has other columns than .*: it lacks `b`"):
        read_source_table(CsvSource(("a.csv", "b.csv")), tmp_path)


def test_a_missing_file_is_told_with_every_place_looked_at(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_DATA", str(tmp_path / "data"))
    with pytest.raises(StepError) as caught:
        read_source_table(CsvSource(("no.csv",)), tmp_path / "specs")
    assert caught.value.code == "DL610"
    assert f"`{tmp_path}/specs/no.csv` and `{tmp_path}/data/no.csv`" in caught.value.message


def test_a_file_is_found_under_the_data_folder(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("a\n7\n")
    monkeypatch.setenv("DLSPEC_DATA", str(tmp_path / "data"))
    assert read_source_table(CsvSource(("a.csv",)), tmp_path).columns["a"].tolist() == [7]


def test_parquet_keeps_types_and_lists(tmp_path):
    columns = {"n": [1, None], "word": ["x", None], "pair": [[1, 2], [3, 4]], "rag": [[1], [2, 3]]}
    pa.parquet.write_table(pa.table(columns), tmp_path / "a.parquet")
    table = read_source_table(ParquetSource(("a.parquet",)), tmp_path)
    np.testing.assert_array_equal(table.columns["n"], [1.0, np.nan])
    assert table.columns["word"].tolist() == ["x", None]
    np.testing.assert_array_equal(table.columns["pair"], [[1, 2], [3, 4]])
    assert [row.tolist() for row in table.columns["rag"]] == [[1], [2, 3]]


def test_images_in_parquet_become_one_array(tmp_path):
    images = np.arange(24).reshape(2, 3, 4)
    pa.parquet.write_table(pa.table({"image": images.tolist()}), tmp_path / "a.parquet")
    table = read_source_table(ParquetSource(("a.parquet",)), tmp_path)
    np.testing.assert_array_equal(table.columns["image"], images)


def test_json_lines_are_read_with_their_types(tmp_path):
    rows = [{"a": "007", "n": 1.5}, {"a": "8", "n": None}]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    table = read_source_table(JsonLinesSource(("a.jsonl",)), tmp_path)
    assert table.columns["a"].tolist() == ["007", "8"]
    np.testing.assert_array_equal(table.columns["n"], [1.5, np.nan])


def test_broken_json_lines_are_told_in_a_sentence(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n{"a":\n')
    with pytest.raises(StepError, match="cannot be read") as caught:
        read_source_table(JsonLinesSource(("a.jsonl",)), tmp_path)
    assert caught.value.code == "DL610"


def test_an_archive_gives_its_arrays(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 2)), word=np.array(["a", "bb", "c"]))
    table = read_source_table(NpzSource(("a.npz",)), tmp_path)
    assert table.columns["x"].shape == (3, 2)
    assert table.columns["word"].tolist() == ["a", "bb", "c"]
    assert table.given_test is None


def test_an_archive_of_two_halves_gives_its_own_test_rows(tmp_path):
    halves = {"x_train": [[1], [2]], "x_test": [[3]], "y_train": [0, 1], "y_test": [1]}
    np.savez(tmp_path / "a.npz", **halves)
    table = read_source_table(NpzSource(("a.npz",)), tmp_path)
    assert table.columns["x"].tolist() == [[1], [2], [3]]
    assert table.columns["y"].tolist() == [0, 1, 1]
    assert table.given_test.tolist() == [False, False, True]


def test_arrays_of_several_lengths_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(3), y=np.zeros(2))
    with pytest.raises(StepError, match="several first extents: `x` 3, `y` 2"):
        read_source_table(NpzSource(("a.npz",)), tmp_path)


def test_objects_in_an_archive_are_refused_and_never_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([[1], [2, 3]], dtype=object))
    with pytest.raises(StepError, match=r"array `x` of .* holds Python objects"):
        read_source_table(NpzSource(("a.npz",)), tmp_path)


def test_text_called_npz_is_refused(tmp_path):
    (tmp_path / "a.npz").write_text("hello")
    with pytest.raises(StepError, match=r"is not a .npz archive"):
        read_source_table(NpzSource(("a.npz",)), tmp_path)


def test_a_sine_is_its_formula():
    table = read_source_table(SineSource("sine", samples=100, noise=0.0), None)
    time = np.arange(100)
    expected = np.sin(2 * np.pi * time / 48) + 0.5 * np.sin(2 * np.pi * time / 11)
    np.testing.assert_array_equal(table.columns["time"], time)
    np.testing.assert_allclose(table.columns["value"], expected)


def test_noise_has_the_deviation_it_is_given():
    clean = read_source_table(SineSource("sine", samples=20_000, noise=0.0), None).columns["value"]
    noisy = read_source_table(SineSource("sine", samples=20_000, noise=0.3, seed=5), None).columns[
        "value"
    ]
    assert np.std(noisy - clean) == pytest.approx(0.3, rel=0.02)


def test_reversed_sequences_are_reversed_and_shifted():
    source = SequenceReversalSource("sequence_reversal", samples=50, length=4, vocabulary=7, seed=3)
    columns = read_source_table(source, None).columns
    np.testing.assert_array_equal(columns["decoder_target"], columns["source"][:, ::-1])
    np.testing.assert_array_equal(
        columns["decoder_input"][:, 1:], columns["decoder_target"][:, :-1]
    )
    assert columns["decoder_input"][:, 0].tolist() == [1] * 50
    assert (columns["source"].min(), columns["source"].max()) == (2, 6)


def test_two_moons_without_noise_are_those_of_sklearn():
    import sklearn.datasets

    points, moons = sklearn.datasets.make_moons(101, shuffle=False)
    columns = read_source_table(TwoMoonsSource("two_moons", samples=101, noise=0.0), None).columns
    ours = np.stack([columns["x"], columns["y"], columns["moon"]], axis=1).round(9) + 0.0
    theirs = np.concatenate([points, moons[:, None]], axis=1).round(9) + 0.0
    np.testing.assert_array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def test_each_letter_of_a_word_sounds_at_its_pitch():
    source = TonesSource("tones", samples=40, length=5, letters=26, noise=0.2, seed=3)
    columns = read_source_table(source, None).columns
    pieces = columns["sound"].reshape(40, 5, 800)
    loudest = np.abs(np.fft.rfft(pieces, axis=-1)).argmax(axis=-1) * 10
    ids = np.array([[ord(letter) - ord("a") for letter in word] for word in columns["text"]])
    # Frequencies are told apart in steps of 10 hertz.
    np.testing.assert_allclose(loudest, 250 * 2 ** (ids / 7.5), atol=6)
    assert columns["sound"].dtype == np.float32


def test_letters_follow_the_alphabet_seven_times_in_ten():
    source = TonesSource("tones", samples=2000, length=10, letters=5, seed=1)
    words = read_source_table(source, None).columns["text"]
    ids = np.array([[ord(letter) - ord("a") for letter in word] for word in words])
    # Of the other three, one in five is the next letter by chance.
    assert np.mean(ids[:, 1:] == (ids[:, :-1] + 1) % 5) == pytest.approx(0.76, abs=0.01)


def test_one_seed_gives_one_table():
    one, two = (
        read_source_table(TwoMoonsSource("two_moons", seed=4), None).columns["x"] for _ in range(2)
    )
    other = read_source_table(TwoMoonsSource("two_moons", seed=5), None).columns["x"]
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_the_content_hash_follows_the_bytes_and_not_the_name(tmp_path):
    for name, text in (("a.csv", "a\n1\n"), ("b.csv", "a\n1\n"), ("c.csv", "a\n2\n")):
        (tmp_path / name).write_text(text)
    a, b, c = (content_hash(CsvSource((f"{n}.csv",)), tmp_path) for n in "abc")
    inner = hashlib.sha256(b"a\n1\n").digest()
    assert a == b == hashlib.sha256(inner).hexdigest()
    assert a != c


def test_ragged_rows_survive_the_way_through_plain_arrays():
    rows = np.empty(3, dtype=object)
    rows[0], rows[1], rows[2] = [1, 2], [], [3]
    back = unpack_ragged_arrays(pack_ragged_arrays({"x": rows, "y": np.arange(3)}))
    assert [row.tolist() for row in back["x"]] == [[1, 2], [], [3]]
    assert back["y"].tolist() == [0, 1, 2]


def test_a_cached_file_that_keras_would_delete_is_refused_and_kept(tmp_path, monkeypatch):
    cached = tmp_path / "datasets" / "imdb.npz"
    cached.parent.mkdir()
    cached.write_bytes(b"a near copy")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(StepError, match="is not the file that Keras publishes as `imdb`"):
        read_source_table(KerasSource("imdb"), tmp_path)
    assert cached.read_bytes() == b"a near copy"


def test_fashion_mnist_is_read_from_the_cache_of_keras(tmp_path, monkeypatch):
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    images = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    for half in ("train", "t10k"):
        header = np.array([0x803, 2, 28, 28], dtype=">u4").tobytes()
        path = folder / f"{half}-images-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(header + images.tobytes()))
        header = np.array([0x801, 2], dtype=">u4").tobytes()
        path = folder / f"{half}-labels-idx1-ubyte.gz"
        path.write_bytes(gzip.compress(header + bytes([3, 9])))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    table = read_source_table(KerasSource("fashion_mnist"), tmp_path)
    np.testing.assert_array_equal(table.columns["x"][2:], images)
    assert table.columns["y"].tolist() == [3, 9, 3, 9]
    assert table.given_test.tolist() == [False, False, True, True]


def test_a_missing_column_is_told_with_the_nearest_name():
    table = Table({"Age": np.zeros(1), "Fare": np.zeros(1)})
    with pytest.raises(StepError) as caught:
        require_columns(table, ["Aeg", "Fare"])
    assert caught.value.code == "DL611"
    assert caught.value.message == "the source has no column `Aeg`"
    assert caught.value.help == "write `Age` for `Aeg`"
