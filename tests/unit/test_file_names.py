"""Patterns of names: what they make of a name, and which are refused."""

import pytest

from dlspec.language.file_names import pattern_columns, pattern_expression


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("{class}_{speaker}_{take}", "7_ann_0", {"class": "7", "speaker": "ann", "take": "0"}),
        # A name that could be divided in two ways is none.
        ("{class}_{speaker}_{take}", "7_mary_ann_0", None),
        ("{class}_{speaker}_{take}", "7__0", None),
        ("{class}_{take}", "7_ann_0", None),
        ("{class}.{number}", "cat.12", {"class": "cat", "number": "12"}),
        ("img{number}-{class}", "img12-a cat", {"number": "12", "class": "a cat"}),
        ("{part}/{class}x{n}", "train/7x3", {"part": "train", "class": "7", "n": "3"}),
        ("{part}/{class}x{n}", "train/old/7x3", None),
        ("{class}", "deep/cat", None),
        ("{class}", "an_old-cat", {"class": "an_old-cat"}),
        ("[{class}]", "[a]b]", None),
    ],
)
def test_a_name_is_read_in_one_way_or_not_at_all(pattern, name, expected):
    match = pattern_expression(pattern).fullmatch(name)
    assert (match and match.groupdict()) == expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("spoken", "it makes no column, as `{class}` would"),
        ("{}_{class}", "`{}` is no name for a column of its own"),
        ("{file}", "`{file}` is no name for a column of its own"),
        ("{my class}", "`{my class}` is no name for a column of its own"),
        ("{class}_{class}", "`{class}` stands in it twice"),
        ("{class}{take}", "nothing stands between two of its columns"),
        ("{class}_{take", "a brace stands alone in it"),
    ],
)
def test_a_pattern_that_says_nothing_certain_is_refused(pattern, why):
    with pytest.raises(ValueError, match=r"column|brace|twice") as caught:
        pattern_columns(pattern)
    assert str(caught.value) == why
