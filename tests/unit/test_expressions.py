"""`$` expressions: values, and errors with their places."""

import pytest

from dlspec.syntax.expression_grammar import ExpressionError, parse_expression
from dlspec.syntax.expressions import evaluate_expression, is_expression_text, unescape_dollar

NAMES = {"kernel": 3, "rate": 0.5, "deep": True, "widths": [64, 128], "word": "same", "ü": 2}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("kernel", 3),
        ("1/16", 0.0625),
        ("16 / 2", 8),
        ("rate / rate", 1),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("7 % 3", 1),
        ("2 ** 3 ** 2", 512),
        ("1e-3 * 10", 0.01),
        ("kernel * 2 + 1", 7),
        ("(kernel - 1) // 2", 1),
        ("-kernel", -3),
        ("kernel > 2 and rate < 1", True),
        ("1 < kernel < 3", False),
        ("not deep", False),
        ("deep or kernel", True),
        ("'big' if kernel > 3 else 'small'", "small"),
        ("word == 'same'", True),
        ("word in ['same', 'valid']", True),
        ("kernel not in [3, 5]", False),
        ("widths[1]", 128),
        ("widths[-1] * 2", 256),
        ("[kernel, 2 * kernel]", (3, 6)),
        ("[8] * 3", (8, 8, 8)),
        ("widths + [256]", (64, 128, 256)),
        ("max(kernel, 8)", 8),
        ("min(widths)", 64),
        ("round(2.5)", 2),
        ("round(2.345, 2)", 2.35),
        ("ceil(7 / 2)", 4),
        ("floor(7 / 2)", 3),
        ("len(widths)", 2),
        ("len(word)", 4),
        ("true", True),
        ("null", None),
        ("'漢字' + word", "漢字same"),
        ("ü * 2", 4),
        ("kernel\n  + 1", 4),
    ],
)
def test_an_expression_has_its_value(text, value):
    got = evaluate_expression(parse_expression(text), NAMES)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("", "DL210", ""),
        ("kernel.real", "DL210", "kernel.real"),
        ("[k for k in widths]", "DL210", "[k for k in widths]"),
        ("lambda: 1", "DL210", "lambda: 1"),
        ("f'{kernel}'", "DL210", "f'{kernel}'"),
        ("max(*widths)", "DL210", "*widths"),
        ("max(widths, key=len)", "DL210", "max(widths, key=len)"),
        ("widths[0:1]", "DL210", "0:1"),
        ("kernel is 3", "DL210", "kernel is 3"),
        ("kernel @ 3", "DL210", "kernel @ 3"),
        ("(kernel := 3)", "DL210", "kernel := 3"),
        ("{1: 2}", "DL210", "{1: 2}"),
        ("b'x'", "DL210", "b'x'"),
        ("2j", "DL210", "2j"),
        ("kernel # odd", "DL210", "#"),
        (r"'\d'", "DL210", "\\"),
        ("1) + (2", "DL210", ")"),
        ("'漢字' + kernl", "DL212", "kernl"),
        ("sqrt(4)", "DL212", "sqrt"),
        ("__import__('os')", "DL212", "__import__"),
        ("1 / (kernel - 3)", "DL211", "kernel - 3"),
        ("kernel % 0", "DL211", "0"),
        ("'漢字' * 2 + 1", "DL211", "'漢字' * 2"),
        ("word * 3000", "DL211", "word * 3000"),
        ("[0] * 10001", "DL211", "[0] * 10001"),
        ("10 ** 13", "DL211", "10 ** 13"),
        ("9 ** 9 ** 9", "DL211", "9 ** 9 ** 9"),
        ("2.0 ** 1e9", "DL211", "2.0 ** 1e9"),
        ("0 ** -1", "DL211", "0 ** -1"),
        ("(0 - 8) ** rate", "DL211", "(0 - 8) ** rate"),
        ("1e308 * 10", "DL211", "1e308 * 10"),
        ("1e999", "DL211", "1e999"),
        ("widths[2]", "DL211", "2"),
        ("widths[rate]", "DL211", "rate"),
        ("kernel[0]", "DL211", "kernel"),
        ("deep + 1", "DL211", "deep"),
        ("word < 3", "DL211", "word"),
        ("max([])", "DL211", "max([])"),
        ("round(rate, 99)", "DL211", "99"),
        ("ceil(1, 2)", "DL211", "ceil(1, 2)"),
        ("len(3)", "DL211", "len(3)"),
        ("'a' in 3", "DL211", "3"),
    ],
)
def test_an_expression_without_a_value_says_where(text, code, part):
    with pytest.raises(ExpressionError) as caught:
        evaluate_expression(parse_expression(text), NAMES)
    error = caught.value
    assert (error.code.value, text[error.offset : error.offset + error.length]) == (code, part)


@pytest.mark.parametrize(
    "text", ["kernel +", "(kernel", "if", "1 2", "kernel rate", "1if deep else 2"]
)
def test_broken_syntax_is_reported_inside_the_text(text):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert caught.value.code.value == "DL210"
    assert 0 <= caught.value.offset < len(text)


@pytest.mark.parametrize(
    "text", ["-" * 499 + "1", "(" * 249 + "1" + ")" * 249, "[" * 400, "1+" * 200 + "1"]
)
def test_deep_nesting_is_refused(text):
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert caught.value.code.value == "DL210"


def test_a_long_text_is_refused():
    with pytest.raises(ExpressionError, match="at most 500 characters"):
        parse_expression("1" * 501)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(ExpressionError) as caught:
        evaluate_expression(parse_expression("kernl * 2"), NAMES)
    assert str(caught.value.help) == "write `kernel`"


def test_names_are_what_an_expression_reads():
    assert parse_expression("max(kernel, len(widths)) if deep else true").names == {
        "kernel",
        "widths",
        "deep",
    }


def test_a_name_alone_lets_any_object_pass():
    block = {"Dense": 3}
    assert evaluate_expression(parse_expression("block"), {"block": block}) is block


@pytest.mark.parametrize(
    ("text", "is_one", "unescaped"),
    [("$a", True, "$a"), ("$$a", False, "$a"), ("a$", False, "a$"), ("", False, "")],
)
def test_one_dollar_begins_an_expression_and_two_escape_it(text, is_one, unescaped):
    assert (is_expression_text(text), unescape_dollar(text)) == (is_one, unescaped)
