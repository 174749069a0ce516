from dlspec.language.catalogue import find_entry, names_of_kind
from dlspec.language.loss_records import LOSS_OF, LOSSES


def test_every_loss_that_a_spec_may_name_has_a_record():
    assert set(LOSS_OF) == set(names_of_kind("loss"))
    assert len(LOSSES) == len(LOSS_OF)


def test_what_takes_logits_on_demand_is_what_keras_gives_the_argument():
    entries = [find_entry("loss", name) for name in names_of_kind("loss")]
    takes = {entry.name for entry in entries if entry.parameter_named("from_logits") is not None}
    assert {record.name for record in LOSSES if record.from_logits is not None} == takes


def test_margins_are_those_of_the_hinges():
    assert {r.name for r in LOSSES if r.margins} == {"Hinge", "SquaredHinge", "CategoricalHinge"}
