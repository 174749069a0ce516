"""What `dlspec diff` says of two specs: each pair with its whole text; and its JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import dlspec
from dlspec.cli import main
from dlspec.tools.diff.compare import diff
from dlspec.tools.diff.difference_text import difference_json, difference_text

PAIRS = sorted((Path(__file__).parent / "diff").glob("*.before.yaml"))
LENET = Path(__file__).parents[2] / "specs" / "digits_lenet5.yaml"


def plans(before: Path):
    after = before.with_name(before.name.replace(".before.", ".after."))
    return dlspec.loads(before.read_text("utf-8")), dlspec.loads(after.read_text("utf-8"))


def edited(*replacements):
    text = LENET.read_text("utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return dlspec.loads(text)


@pytest.mark.parametrize("before", PAIRS, ids=lambda p: p.name.partition(".")[0])
def test_a_difference_reads_as_expected(before, golden):
    golden(
        before.with_name(before.name.replace(".before.yaml", ".txt")),
        difference_text(diff(*plans(before))),
    )


@pytest.mark.parametrize("before", PAIRS, ids=lambda p: p.name.partition(".")[0])
def test_the_other_way_round_swaps_every_side(before):
    one, other = plans(before)
    forth, back = diff(one, other), diff(other, one)
    forth_sides = {(c.was or c.path, c.path): (c.before, c.after) for c in forth.changes}
    back_sides = {(c.path, c.was or c.path): (c.after, c.before) for c in back.changes}
    assert forth_sides == back_sides
    assert forth.rerun == back.rerun
    assert [(t.before, t.after) for t in forth.totals] == [(t.after, t.before) for t in back.totals]


def test_a_plan_does_not_differ_from_itself():
    assert diff(edited(), edited()).is_empty
    assert dlspec.diff(edited(), edited()).layers == ()


def test_what_varies_the_only_input_may_be_written_without_its_name():
    end = "training:\n"
    bare = edited((end, f"{end}  augment: [{{RandomRotation: 0.1}}, RandomFlip]\n"))
    named = edited((end, f"{end}  augment: {{image: [{{RandomRotation: 0.1}}, RandomFlip]}}\n"))
    assert diff(bare, named).is_empty
    other = edited((end, f"{end}  augment: {{image: [{{RandomRotation: 0.2}}, RandomFlip]}}\n"))
    found = diff(bare, other)
    (change,) = found.changes
    assert change.path == "training.augment.image.RandomRotation.factor"
    assert found.rerun == ("model", "evaluation", "report", "champion")


def test_each_part_asks_for_the_steps_that_depend_on_it():
    base = edited()
    changes = {
        ("scale: $1/16", "standardize: true"): (
            "dataset",
            "model",
            "evaluation",
            "report",
            "champion",
        ),
        ("kernel: 3", "kernel: 5"): ("model", "evaluation", "report", "champion"),
        ("epochs: 40", "epochs: 41"): ("model", "evaluation", "report", "champion"),
        (", f1_macro]", "]"): ("evaluation", "report", "champion"),
        (">= 0.97", ">= 0.98"): ("champion",),
        ("of today", "of yesterday"): ("report",),
        ("on_new_data: true", "on_new_data: false"): (),
    }
    assert {change: diff(base, edited(change)).rerun for change in changes} == changes


def test_json_holds_layers_totals_and_steps():
    found = difference_json(
        diff(edited(), edited(("    - Flatten", "    - Dropout: 0.5\n    - Flatten")))
    )
    assert json.loads(json.dumps(found)) == {
        "before": "digits_lenet5",
        "after": "digits_lenet5",
        "changes": [],
        "wiring": [],
        "layers": [
            {
                "kind": "added",
                "name": "dropout",
                "was": None,
                "class": "Dropout",
                "changes": [
                    {"path": "rate", "before": None, "after": 0.5},
                    {"path": "reads", "before": None, "after": "max_pooling2d_1"},
                    {"path": "output", "before": None, "after": "(None, 2, 2, 64)"},
                ],
            },
            {
                "kind": "changed",
                "name": "flatten",
                "was": "flatten",
                "class": "Flatten",
                "changes": [{"path": "reads", "before": "max_pooling2d_1", "after": "dropout"}],
            },
        ],
        "totals": {
            "parameters": {"before": 60670, "after": 60670},
            "FLOPs": {"before": 719602, "after": 719602},
            "activation bytes": {"before": 17240, "after": 18264},
        },
        "rerun": ["model", "evaluation", "report", "champion"],
    }


def test_the_command_reads_paths_and_standard_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits_lenet5.yaml").write_text(LENET.read_text("utf-8").replace("40", "20", 1))
    text = LENET.read_text("utf-8")
    result = CliRunner().invoke(main, ["diff", "-", "digits_lenet5.yaml"], input=text)
    assert result.exit_code == 0
    assert result.stdout == (
        "digits_lenet5\n\ntraining\n  ~  epochs  40 -> 20\n\n"
        "must run again: model, evaluation, report, champion\nstays as it is: dataset\n"
    )
    as_json = CliRunner().invoke(main, ["diff", "--json", "-", "digits_lenet5.yaml"], input=text)
    assert json.loads(as_json.stdout)["changes"] == [
        {"path": "training.epochs", "before": 40, "after": 20}
    ]
    assert CliRunner().invoke(main, ["diff", "-", "-"]).exit_code == 2


def test_json_says_what_the_renamed_was_called():
    words = "{digit: {class", "stratify: digit", "name: digit}"
    renamed = [(word, word.replace("digit", "figure")) for word in words]
    found = difference_json(diff(edited(), edited(*renamed)))
    assert found["changes"] == [
        {
            "path": "data.targets.figure",
            "was": "data.targets.digit",
            "before": True,
            "after": True,
        },
        {"path": "data.split.stratify", "before": "digit", "after": "figure"},
    ]


def test_mistakes_are_reported_and_nothing_is_compared(tmp_path):
    bad = tmp_path / "digits_lenet5.yaml"
    bad.write_text(LENET.read_text("utf-8").replace("relu", "rleu"))
    result = CliRunner().invoke(main, ["diff", str(LENET), str(bad)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[DL206]" in result.stderr
