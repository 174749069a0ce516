"""Runs that begin with earlier weights: what is taken, what is kept, what is told."""

import json
from pathlib import Path

import dagster as dg
import keras
import numpy as np
import pytest
import yaml
from chain_specs import write_tiny
from stopped_trainings import Stop
from terminal import run_dlspec
from training_specs import prepared

import dlspec
from dlspec.backends.weights import write_weights
from dlspec_pipelines.run.start_lines import start_lines
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.records import Start, Started, record_to_json
from dlspec_pipelines.steps.start import find_start
from dlspec_pipelines.steps.step_errors import StepError, Stopped
from dlspec_pipelines.steps.training.progress import Notice
from dlspec_pipelines.steps.training.train import train, work_key

SOURCE = """\
dlspec: 1
name: digits
params: {epochs: 2}
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
model:
  inputs: {image: [8, 8, 1]}
  blocks:
    Features:
      graph:
        - Conv2D: {filters: 8, kernel_size: 3, activation: relu}
        - BatchNormalization
        - Flatten
  graph:
    - {Features, name: features}
    - Dropout: 0.2
    - {Dense: 10, name: digit}
training:
  epochs: $epochs
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy]
evaluation: {metrics: [accuracy]}
"""
FROZEN = (
    SOURCE.replace("name: digits\n", "name: frozen\n")
    .replace("{Features, name: features}", "{Features, name: features, trainable: false}")
    .replace("- {Dense: 10, name: digit}", "- Dense: 12\n    - {Dense: 10, name: digit}")
)


@pytest.fixture
def source(home):
    plan, dataset = prepared(SOURCE)
    return train(plan, dataset, run="source-run", spec_text=SOURCE)


def weights(trained):
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    return {f"{layer.name}/{w.name}": w.numpy() for layer in model.layers for w in layer.weights}


def test_frozen_features_are_bit_equal_after_training_and_the_head_is_not(source):
    plan, dataset = prepared(FROZEN)
    heard = []
    start = find_start("source-run")
    done = train(plan, dataset, run="r", spec_text=FROZEN, progress=heard.append, start=start)
    before, after = weights(source), weights(done)
    frozen = [name for name in after if name.startswith("features.")]
    assert len(frozen) == 6
    assert all(np.array_equal(before[name], after[name]) for name in frozen)
    plain = train(plan, dataset, run="plain", spec_text=FROZEN)
    assert plain.weights != done.weights
    assert done.start == heard[0]
    assert done.start == Started(
        source="source-run",
        run="source-run",
        digest=done.start.digest,
        by="name",
        parameters=8 * 9 + 8 + 4 * 8,
        taken=("features.conv2d", "features.batch_normalization"),
        initialised={
            "dense": "not in the file",
            "digit": "shape (12, 10) here, (288, 10) in the file",
        },
        left={"digit": "shape (12, 10) here, (288, 10) in the file"},
    )
    facts = json.loads(Path(done.path, "run.json").read_text())
    assert facts["weights_from"]["run"] == "source-run"
    assert facts["weights_from"]["initialised"]["dense"] == "not in the file"
    assert "weights_from" not in json.loads(Path(plain.path, "run.json").read_text())


def test_a_run_that_goes_on_from_another_begins_where_that_ended(source):
    """Trained on with a learning rate of next to nothing, it scores what the other ended with."""
    text = SOURCE.replace(
        "  metrics: [acc", "  optimizer: {SGD: {learning_rate: 1e-30}}\n  metrics: [acc", 1
    )
    plan, dataset = prepared(text, epochs=1)
    start = find_start("source-run")
    done = train(plan, dataset, run="r", spec_text=text, start=start)
    moved = ("features.batch_normalization/moving_mean", "features.batch_normalization/moving_var")
    before, after = weights(source), weights(done)
    for name in before:
        assert np.array_equal(before[name], after[name]) or name.startswith(moved)
    assert done.start.initialised == {}
    assert start_lines(done.start) == (
        "all 3 layers, 3,002 parameters, taken by name from the run `source-run`",
        [],
    )


def test_other_start_weights_are_other_work_and_a_stopped_one_goes_on_to_the_same_bits(
    source, tmp_path
):
    plan, dataset = prepared(FROZEN, epochs=4)
    file = tmp_path / "other.weights.h5"
    keras.utils.set_random_seed(99)
    write_weights(dlspec.compile(prepared(SOURCE)[0]), file)
    first, other = find_start("source-run"), find_start(str(file))
    keys = {work_key(plan, dataset, start) for start in (None, first, other)}
    assert len(keys) == 3
    stop = Stop(2)
    whole = train(plan, dataset, run="whole", spec_text="", start=first)
    with pytest.raises(Stopped):
        train(plan, dataset, run="r", spec_text="", progress=stop.hear, stop=stop, start=first)
    elsewhere = train(plan, dataset, run="r2", spec_text="", start=other)
    assert elsewhere.continued_from_epoch == 0
    heard = []
    done = train(plan, dataset, run="r3", spec_text="", progress=heard.append, start=first)
    assert Notice("continuing after epoch 2 of 4") in heard
    assert done.weights == whole.weights != elsewhere.weights
    assert done.start == whole.start


def test_nothing_to_take_is_an_error_before_any_training(source):
    text = SOURCE.replace("filters: 8", "filters: 4").replace("name: features", "name: body")
    plan, dataset = prepared(text)
    with pytest.raises(
        StepError, match="`source-run` has no weights for this model: `digit` has shape"
    ):
        train(plan, dataset, run="r", spec_text="", start=find_start("source-run"))
    assert not store.run_folder("digits", "r").exists()


def test_a_file_that_went_away_is_said(source, tmp_path):
    plan, dataset = prepared(SOURCE)
    start = Start("w.h5", None, str(tmp_path / "w.h5"))
    with pytest.raises(StepError, match=r"the weights of `w\.h5` cannot be read: No such file"):
        train(plan, dataset, run="r", spec_text="", start=start)


def test_a_word_is_a_file_or_a_run_as_predict_finds_it(home, source, tmp_path, monkeypatch):
    model = str(home / "runs" / "digits" / "source-run" / "model.keras")
    for word in ("source-run", "source", str(home / "runs" / "digits" / "source-run"), model):
        assert find_start(word) == Start("source-run", "source-run", model)
    record = home / "records" / "digits" / "model" / "latest.json"
    record.parent.mkdir(parents=True)
    record.write_text(record_to_json(source))
    assert find_start("digits").run == "source-run"
    monkeypatch.chdir(tmp_path)
    Path("w.weights.h5").write_bytes(b"x")
    assert find_start("w.weights.h5") == Start("w.weights.h5", None, str(tmp_path / "w.weights.h5"))
    for word, message in (
        ("nowhere.h5", r"`nowhere\.h5` is no file"),
        ("~nobody-of-that-name/w.h5", r"`~nobody-of-that-name/w\.h5` is no file"),
        ("digit", "`digit` is no trained model, no run"),
    ):
        with pytest.raises(StepError, match=message):
            find_start(word)


def test_the_lines_of_many_layers_stay_few():
    names = tuple(f"layer{i}" for i in range(40))
    started = Started("w.h5", None, "0", "position", 7, names, {"head": "not in the file"}, {})
    lines = start_lines(started)
    head, rows = lines
    assert head == "40 layers, 7 parameters, taken by position from `w.h5`"
    assert rows[11] == ("taken", "and 29 more", "")
    assert rows[12:] == [("initialised", "head", "not in the file")]


def test_an_imported_model_is_fine_tuned_from_its_weights(home, tmp_path):
    """`dlspec import M -o SPEC --weights F`, a training section, and a run from F."""
    x = keras.Input((8, 8, 1), name="image")
    y = keras.layers.Conv2D(8, 3, activation="relu", name="conv")(x)
    y = keras.layers.BatchNormalization(name="norm")(y)
    y = keras.layers.Dense(10, name="digit")(keras.layers.Flatten()(y))
    model = keras.Model(x, y)
    for weight in model.weights:
        weight.assign(weight + 0.125)
    text = dlspec.decompile(model)
    write_weights(model, tmp_path / "m.weights.h5")
    sections = yaml.safe_load(SOURCE)
    graph = yaml.safe_load(text)["model"]
    for entry in graph["graph"]:
        if isinstance(entry, dict) and entry.get("name") in ("conv", "norm"):
            entry["trainable"] = False
    spec = yaml.safe_dump({**sections, "model": graph})
    plan, dataset = prepared(spec)
    start = find_start(str(tmp_path / "m.weights.h5"))
    done = train(plan, dataset, run="r", spec_text=spec, start=start)
    before = {f"{la.name}/{w.name}": w.numpy() for la in model.layers for w in la.weights}
    same = {name for name, array in weights(done).items() if np.array_equal(array, before[name])}
    assert done.start.taken == ("conv", "norm", "digit")
    assert same == {name for name in before if not name.startswith("digit/")}


# -- the command and the location ----------------------------------------------------------------


@pytest.mark.slow
def test_the_command_tells_what_was_taken_and_so_does_the_report(tmp_path):
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "digits.yaml").write_text(SOURCE)
    (tmp_path / "specs" / "frozen.yaml").write_text(FROZEN)
    assert run_dlspec(tmp_path, "run", "digits").returncode == 0
    done = run_dlspec(tmp_path, "run", "frozen", "--weights-from", "digits")
    assert done.returncode == 0, done.stderr
    run = next((tmp_path / "home" / "runs" / "digits").iterdir()).name
    told = [" ".join(line.split()) for line in done.stderr.splitlines()]
    begin = next(i for i, line in enumerate(told) if line.startswith("weights"))
    assert told[begin : begin + 6] == [
        f"weights 2 layers, 112 parameters, taken by name from the run `{run}`",
        "taken features.conv2d",
        "taken features.batch_normalization",
        "initialised dense not in the file",
        "initialised digit shape (12, 10) here, (288, 10) in the file",
        "left digit shape (12, 10) here, (288, 10) in the file",
    ]
    page = Path(done.stdout.strip()).read_text()
    assert "Weights it began with" in page
    assert "<td>dense</td><td>initialised anew</td><td>not in the file</td>" in page
    refused = run_dlspec(tmp_path, "run", "frozen", "--weights-from", "nowhere.h5")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: `nowhere.h5` is no file")
    assert refused.stdout == ""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:AssetExecutionContext.run_id:DeprecationWarning")
def test_the_model_asset_takes_it_as_run_config_and_stands_for_other_code(home, tmp_path):
    from dlspec_pipelines.location.chain_definitions import definitions_for
    from dlspec_pipelines.location.schedules import JOB

    write_tiny(tmp_path / "specs")
    job = definitions_for(tmp_path / "specs").resolve_job_def(JOB)

    def made(instance, ops):
        result = job.execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(["tiny", step]) for step in ("dataset", "model")],
            run_config={"ops": ops},
        )
        events = result.get_asset_materialization_events()
        return next(e for e in events if e.asset_key.path[-1] == "model").materialization

    with dg.DagsterInstance.ephemeral() as instance:
        first = made(instance, {})
        second = made(instance, {"tiny__model": {"config": {"weights_from": "tiny"}}})
    assert "weights_from" not in first.metadata
    assert second.metadata["weights_from"].value == Path(first.metadata["path"].value).name
    assert "| taken | `digit` |" in second.metadata["weights_from/layers"].value
    version = "dagster/code_version"
    assert second.tags[version].startswith(first.tags[version] + "-from-")
