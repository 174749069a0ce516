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


@pytest.mark.parametrize("operand", ["{foo: 1}, x", "x, {foo: 1}", "[1, {foo: 1}], x", "x, {x: 1}"])
def test_a_mapping_is_no_operand(operand):
    text = (
        "dlspec: 1\nname: m\nmodel:\n  inputs: {x: [4]}\n"
        f"  graph: [{{ops.add: {{args: [{operand}]}}}}]\n"
    )
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(text)
    assert [found.code.value for found in caught.value.diagnostics] == ["DL203"]
