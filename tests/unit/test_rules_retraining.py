"""Cron expressions: what Dagster would refuse, or wait for without end, is refused here."""

import pytest
from dagster._utils.schedules import cron_string_iterator, is_valid_cron_schedule

import dlspec
from dlspec.rules.retraining import cron_problem

NEVER = (
    "0 0 30 2 *",
    "0 0 31 4 *",
    "0 0 31 2,4,6,9,11 *",
    "0 0 30-31 feb *",
    "5 4 31 4-6/2 *",
    "0 0 30 2 1",
    "0 0 31 4 sun",
)
COMES = (
    "0 3 * * 1",
    "0 0 29 2 *",
    "0 0 31 * *",
    "0 0 30 2,3 *",
    "*/5 * * * *",
    "0 0 1-31/30 4 *",
    "0 0 1 jan *",
    "0 0 * * sun",
    "0 0 30 2,3 1",
    "0 0 * 2 1",
    "@daily",
)


@pytest.mark.parametrize("text", NEVER)
def test_a_day_that_no_month_has_is_refused(text):
    assert cron_problem(text) == "no month of it has such a day"


@pytest.mark.parametrize("text", COMES)
def test_what_stands_comes_in_dagster_too(text):
    assert cron_problem(text) is None
    assert is_valid_cron_schedule(text)
    assert next(cron_string_iterator(1.7e9, text, "UTC"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("0 3 * *", "it has 4 fields and needs 5"),
        ("0 3 * * 1 2", "it has 6 fields and needs 5"),
        ("60 3 * * 1", "`60` is no minute, which goes from 0 to 59"),
        ("0 24 * * 1", "`24` is no hour, which goes from 0 to 23"),
        ("0 3 0 * 1", "`0` is no day of the month, which goes from 1 to 31"),
        ("0 3 32 * 1", "`32` is no day of the month, which goes from 1 to 31"),
        ("0 3 * 0 1", "`0` is no month, which goes from 1 to 12"),
        ("0 3 * 13 1", "`13` is no month, which goes from 1 to 12"),
        ("0 3 * mon 1", "`mon` is no month, which goes from 1 to 12"),
        ("0 3 * * 8", "`8` is no day of the week, which goes from 0 to 7"),
        ("0 3 * * 5-2", "`5-2` is no day of the week, which goes from 0 to 7"),
        ("0 3 * * 1,9", "`9` is no day of the week, which goes from 0 to 7"),
        ("*-5 3 * * 1", "`*-5` is no minute, which goes from 0 to 59"),
        ("*/0 3 * * 1", "`*/0` is no minute, which goes from 0 to 59"),
        ("5/x 3 * * 1", "`5/x` is no minute, which goes from 0 to 59"),
        ("@often", "it has 1 field and needs 5"),
    ],
)
def test_the_field_at_fault_is_told(text, problem):
    assert cron_problem(text) == problem


@pytest.mark.parametrize(
    "text",
    ["0-59 0-23 1-31 1-12 0-7", "59 23 31 12 7", "0 0 1 1 0", "1-9/3,*/20 3 * JAN-DEC SUN,sat"],
)
def test_each_field_reaches_from_its_first_to_its_last(text):
    assert cron_problem(text) is None
    assert is_valid_cron_schedule(text)


@pytest.mark.parametrize(
    ("text", "comes"),
    [
        ("0 0 30 feb *", False),
        ("0 0 30 FEB,mar *", True),
        ("0 0 29-31 2 *", True),
        ("0 0 */30 2 *", True),
        ("0 0 31 */2 *", True),
        ("0 0 31 2/2 *", True),
        ("0 0 31 2-12/2 *", True),
        ("0 0 31 2-6/2 *", False),
        ("0 0 31 4-6 *", True),
        ("0 0 30/1 2 *", False),
        ("0 0 15/16 11 *", True),
    ],
)
def test_steps_and_ranges_of_days_and_months_are_counted(text, comes):
    assert (cron_problem(text) is None) is comes


@pytest.mark.parametrize("operand", ["{foo: 1}, x", "x, {foo: 1}", "[1, {foo: 1}], x", "x, {x: 1}"])
def test_a_mapping_is_no_operand(operand):
    text = (
        "dlspec: 1\nname: m\nmodel:\n  inputs: {x: [4]}\n"
        f"  graph: [{{ops.add: {{args: [{operand}]}}}}]\n"
    )
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(text)
    assert [found.code.value for found in caught.value.diagnostics] == ["DL203"]
