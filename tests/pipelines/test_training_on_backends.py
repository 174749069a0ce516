"""JAX and PyTorch train, go on, evaluate and predict as TensorFlow does."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import test_any_size
import test_training_killed
from chain_specs import write_tiny
from other_backends import OTHER_BACKENDS, environment_on

import dlspec
from dlspec_pipelines.location.assets import code_version
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.trainer.backend_choice import backend_of, require_backend

HERE = Path(__file__).parent
# The gate of the spec. After so few epochs a program of Keras alone reaches 0.87 to 0.88, as a
# straight line between the moons does; to say always the same reaches 0.53.
LEARNED = 0.8
ROOT = HERE.parents[1]
# As the trainer does it.
PROGRAM = """
import sys
from dlspec_pipelines.trainer.keras_import import import_keras
import_keras()
import training_on_one_backend
training_on_one_backend.main(sys.argv[1])
"""
BENT = """\
dlspec: 1
name: bent
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
model:
  graph: [Flatten, {Dense: 10, name: digit}]
training:
  epochs: 1
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  augment: {image: [RandomElasticTransform]}
"""
LOOKUP = """\
dlspec: 1
name: lookup
model:
  inputs: {code: {shape: [], dtype: int32}}
  graph:
    - IntegerLookup: {vocabulary: [12, 36]}
    - Embedding: [3, 2]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return what trainings on a backend come to."""

    @cache
    def train(backend: str) -> dict:
        home = tmp_path_factory.mktemp(backend)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(home / "found.json")],
            env=environment_on(backend, HERE, DLSPEC_HOME=home),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads((home / "found.json").read_text())

    return train


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_two_runs_agree_and_a_stopped_one_ends_where_they_do(backend, found):
    runs = found(backend)["runs"]
    assert len(runs["weights"]) == 3
    assert len(set(runs["weights"])) == 1
    assert 3 <= runs["continued_from"] < 6
    assert runs["accuracy"] > LEARNED


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_training_gives_the_weights_of_fit_bit_for_bit_without_dropout(backend, found):
    beside = found(backend)["fit"]
    assert beside["equal"]
    assert [name for name, (ours, fit) in beside["figures"].items() if ours != fit] == []


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_samples_of_unequal_weight_train_as_fit_trains_them(backend, found):
    beside = found(backend)["weighed"]
    assert beside["equal"]
    assert {name for name, (ours, fit) in beside["figures"].items() if ours != fit} == set()
    assert {"loss", "val_loss", "accuracy", "val_accuracy"} <= set(beside["figures"])


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_mixed_precision_trains_and_evaluates(backend, found):
    half = found(backend)["half"]
    assert half["finite"]
    assert half["compute"] == "bfloat16"
    assert half["accuracy"] > LEARNED


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_a_declared_loss_trains_as_the_one_of_keras_that_it_says(backend, found):
    declared = found(backend)["declared"]
    assert declared["own"] == pytest.approx(declared["keras"], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_what_layers_add_is_told_by_name_and_changes_no_weight(backend, found):
    told = found(backend)["penalties"]
    assert told["equal"]
    assert told["loss"][0] == pytest.approx(told["loss"][1], rel=1e-6)
    assert told["continued_from"] == 1
    assert told["weights"][0] == told["weights"][1]
    assert told["histories"][0] == told["histories"][1]
    named = ["regularization", "seen.edges_activity_regularizer", "digit_activity_regularizer"]
    assert told["names"] == named
    assert all(told["measured"][name] > 0 for name in named)


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
@pytest.mark.parametrize(("kind", "most"), [("turns", 4), ("follow", 4), ("aligned", 12)])
def test_trainings_of_every_kind_go_on_as_if_not_stopped(backend, kind, most, found):
    told = found(backend)["stopped"][kind]
    assert told["continued_from"] == 1
    assert told["weights"][0] == told["weights"][1]
    assert told["histories"][0] == told["histories"][1]
    assert 0 < told["loss"] < most


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_turns_give_the_weights_of_a_training_step_written_by_hand(backend, found):
    distances = found(backend)["by hand"]
    assert max(distances["apart"]) < 1e-4 < min(distances["moved"])


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_varied_batches_train_as_in_a_plain_loop_and_go_on(backend, found):
    told = found(backend)["augmented"]
    assert told["continued_from"] == 1
    assert told["weights"][0] == told["weights"][1]
    assert told["apart"] < 1e-5
    assert told["moved"] > 1e-2


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_tensorflow_is_not_imported_for_another_backend(backend, found):
    assert found(backend)["backend"] == backend
    assert not found(backend)["tensorflow"]


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_a_killed_training_goes_on_bit_for_bit(backend, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    killed = "test_a_killed_training_continues_to_the_weights_of_one_never_killed"
    getattr(test_training_killed, killed)(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_what_memory_has_no_room_for_is_trained_on_killed_and_continued(
    backend, tmp_path, monkeypatch
):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    text, home = test_any_size.SPEC, tmp_path / "home"
    small = test_any_size.write_data(tmp_path / "small", 2_000, text + test_any_size.BOUND)
    _, of_the_framework, _ = test_any_size.train_whole(small, "r", tmp_path / "other")
    spec = test_any_size.write_data(tmp_path / "large", 14_000, text + test_any_size.BOUND)
    test_any_size.train_until_killed(spec, "killed", home)
    continued, _, lines = test_any_size.train_whole(spec, "killed", home)
    assert "notice continuing within epoch 2 of 2" in lines
    assert f"backend {backend}" in lines
    whole, peak, _ = test_any_size.train_whole(spec, "whole", home)
    assert peak - of_the_framework <= test_any_size.ALLOWED_MB
    # The training samples alone have more than the bound.
    (pixels,) = (home / "datasets").rglob("train/inputs/x.npy")
    assert pixels.stat().st_size > test_any_size.ALLOWED_MB * 10**6
    spec.write_text(text)
    free, _, _ = test_any_size.train_whole(spec, "free", home)
    assert continued == whole == free


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHER_BACKENDS)
def test_the_commands_run_a_chain_on_the_backend_and_predict_on_it(backend, tmp_path):
    write_tiny(tmp_path / "specs")
    home = tmp_path / "home"

    def dlspec_command(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dlspec_pipelines.cli", *words],
            cwd=tmp_path,
            # The word on the command line goes before this.
            env=environment_on("tensorflow", HERE, DLSPEC_HOME=home),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    dlspec_command("run", "tiny", "--backend", backend)
    (folder,) = (home / "runs/tiny").glob("*-*")
    facts = json.loads((folder / "run.json").read_text())
    plan = json.loads((folder / "plan.json").read_text())
    assert (facts["backend"], plan["runtime"]["backend"]) == (backend, backend)
    assert set(facts["versions"]) == {"python", "dlspec", "keras", "numpy", backend}
    rows = np.random.default_rng(0).uniform(0, 16, (3, 8, 8))
    np.savez(tmp_path / "rows.npz", images=rows)
    lines = dlspec_command("predict", "tiny", "rows.npz").splitlines()
    assert lines[0] == "row,digit,digit_probability"
    assert len(lines) == 4


def test_the_command_line_goes_before_the_spec_and_the_spec_before_the_environment(monkeypatch):
    silent, written = (
        dlspec.loads(LOOKUP.replace("IntegerLookup: {vocabulary: [12, 36]}", "Identity") + more)
        for more in ("", "runtime: {backend: jax}\n")
    )
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert backend_of(silent) == "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert [backend_of(silent), backend_of(written)] == ["torch", "jax"]
    assert [backend_of(silent, "jax"), backend_of(written, "tensorflow")] == ["jax", "tensorflow"]


def test_on_another_backend_a_model_has_another_version_and_its_data_has_not(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    path = write_tiny(tmp_path)
    plan, named = dlspec.load(path), path.read_text() + "runtime: {backend: torch}\n"
    versions = {b: code_version(plan, "model", b) for b in (None, "tensorflow", "jax", "torch")}
    assert versions[None] == versions["tensorflow"]
    assert len(set(versions.values())) == 3
    assert versions["torch"] == code_version(dlspec.loads(named, path=str(path)), "model")
    assert code_version(plan, "dataset", "torch") == code_version(plan, "dataset")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert code_version(plan, "model") == versions["jax"]


def test_a_layer_that_the_chosen_backend_cannot_run_is_said_before_anything_starts():
    plan = dlspec.loads(LOOKUP)
    require_backend("tensorflow", plan)
    with pytest.raises(StepError) as caught:
        require_backend("torch", plan)
    assert str(caught.value) == (
        "error[DL519]: `integer_lookup` cannot run on torch: `IntegerLookup` runs on tensorflow "
        "only\n  = help: choose the backend tensorflow"
    )


def test_what_the_chosen_backend_cannot_vary_batches_with_is_said_before_anything_starts():
    plan = dlspec.loads(BENT)
    require_backend("tensorflow", plan)
    with pytest.raises(StepError) as caught:
        require_backend("jax", plan)
    assert str(caught.value) == (
        "error[DL519]: `RandomElasticTransform` under `augment` cannot run on jax: Keras cannot "
        "compile `RandomElasticTransform` on jax\n  = help: choose the backend tensorflow"
    )
