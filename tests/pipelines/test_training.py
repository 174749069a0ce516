import csv
import json
import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from training_specs import DIGITS, MOONS, prepared

import dlspec
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.engine.batches import class_weights, epoch_visit_order
from dlspec_pipelines.steps.step_errors import Busy, StepError, Stopped
from dlspec_pipelines.steps.training.progress import EpochEnd, Notice, Tick
from dlspec_pipelines.steps.training.train import samples_for_model, train, work_key

pytestmark = pytest.mark.usefixtures("home")


def _weights(trained) -> list[np.ndarray]:
    return keras.models.load_model(Path(trained.path, "model.keras")).get_weights()


def _equal(left: list[np.ndarray], right: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def test_training_gives_the_numbers_of_fit_bit_for_bit():
    plan, dataset = prepared(DIGITS)
    heard = []
    trained = train(plan, dataset, run="r1", spec_text=DIGITS, progress=heard.append)
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    part = samples_for_model(plan, dataset, "train")
    validation = samples_for_model(plan, dataset, "validation")
    x, y = np.array(part.inputs["image"]), np.array(part.targets["digit"])
    weights = class_weights(y, "balanced")
    logs = []
    for epoch in range(2):
        visit = epoch_visit_order(7, epoch, len(x))
        history = model.fit(
            x[visit],
            y[visit],
            sample_weight=weights[visit],
            batch_size=32,
            shuffle=False,
            validation_data=(validation.inputs["image"], validation.targets["digit"]),
            verbose=0,
        )
        logs.append({name: values[0] for name, values in history.history.items()})
    assert len(x) % 32 != 0
    assert _equal(_weights(trained), model.get_weights())
    rate = {"learning_rate": pytest.approx(1e-3)}
    assert [e.figures for e in heard if isinstance(e, EpochEnd)] == [log | rate for log in logs]


def test_a_run_folder_holds_all_that_says_how_it_came_about():
    plan, dataset = prepared(MOONS, epochs=3)
    trained = train(plan, dataset, run="r1", spec_text=MOONS)
    folder = Path(trained.path)
    assert sorted(path.name for path in folder.iterdir()) == [
        "files.json",
        "history.csv",
        "model.keras",
        "plan.json",
        "preparation.json",
        "run.json",
        "spec.yaml",
    ]
    assert (folder / "spec.yaml").read_text() == MOONS
    assert (folder / "preparation.json").read_bytes() == Path(
        dataset.path, "preparation.json"
    ).read_bytes()
    with (folder / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    assert list(history[0]) == [
        "epoch",
        "loss",
        "binary_accuracy",
        "val_loss",
        "val_binary_accuracy",
        "learning_rate",
        "seconds",
    ]
    assert [row["epoch"] for row in history] == ["1", "2", "3"]
    assert float(history[-1]["val_loss"]) == trained.history["val_loss"]
    facts = json.loads((folder / "run.json").read_text())
    assert facts["seed"] == 3
    assert facts["digests"]["data"] == dataset.digest
    assert facts["weights"] == trained.weights
    assert facts["versions"]["keras"] == keras.__version__
    assert facts["host"]["determinism"] == "exact"
    # 2*24+24 dense, 4*24 normalization, 24+1 head.
    assert (trained.parameters, trained.epochs) == (72 + 96 + 25, 3)
    assert not store.work_folder(work_key(plan, dataset)).exists()


def test_two_runs_with_one_seed_agree_and_another_seed_does_not():
    plan, dataset = prepared(MOONS, epochs=2)
    other, _ = prepared(MOONS, epochs=2, seed=4)
    runs = [train(p, dataset, run=f"r{i}", spec_text="") for i, p in enumerate((plan, plan, other))]
    assert runs[0].weights == runs[1].weights
    assert runs[0].weights != runs[2].weights


def test_a_run_is_never_overwritten():
    plan, dataset = prepared(MOONS, epochs=1)
    train(plan, dataset, run="r1", spec_text="")
    with pytest.raises(StepError, match="the run `r1` of `moons` exists"):
        train(plan, dataset, run="r1", spec_text="")


@pytest.mark.parametrize("when", ["after an epoch", "within an epoch", "at a signal"])
def test_a_stopped_training_continues_as_if_it_had_not_been(when):
    plan, dataset = prepared(MOONS)
    whole = train(plan, dataset, run="whole", spec_text="")
    stop = threading.Event()

    def ask(said):
        in_third = isinstance(said, Tick) and said.epoch == 3
        if when == "within an epoch" and in_third:
            stop.set()
        if when == "after an epoch" and isinstance(said, EpochEnd) and said.epoch == 2:
            stop.set()
        if when == "at a signal" and isinstance(said, EpochEnd) and said.epoch == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    if when == "within an epoch":
        # A callback that watches batches keeps calls to one batch; it changes no number.
        text = MOONS.replace("  callbacks:\n", "  callbacks:\n    - TerminateOnNaN\n")
        plan, dataset = prepared(text)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped, match="training stopped in epoch 3 of 6") as caught:
        train(plan, dataset, run="r1", spec_text="", progress=ask, stop=stop)
    assert signal.getsignal(signal.SIGTERM) is before
    assert caught.value.epoch == 2
    assert not store.run_folder("moons", "r1").exists()
    heard = []
    trained = train(plan, dataset, run="r2", spec_text="", progress=heard.append)
    where = "within epoch 3" if when == "within an epoch" else "after epoch 2"
    assert heard[0] == Notice(f"continuing {where} of 6")
    assert trained.continued_from_epoch == 2
    assert trained.weights == whole.weights
    assert _history(trained) == _history(whole)


def _history(trained) -> list[dict[str, str]]:
    with Path(trained.path, "history.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


_LAST_KEPT = MOONS.replace("restore_best_weights: true", "restore_best_weights: false")
_UNWATCHED = MOONS.replace(
    "    - EarlyStopping: {monitor: val_loss, patience: $patience, restore_best_weights: true}\n",
    "",
).replace(", patience: 50}", "}")
_BY_AUC = MOONS.replace(
    "monitor: val_loss, patience: $p", "monitor: val_auc, patience: $p"
).replace("{BinaryAccuracy: {threshold: 0.0}}", "{AUC: {name: auc, from_logits: true}}")


def _validation_loss(trained, plan, dataset):
    model = keras.models.load_model(Path(trained.path, "model.keras"))
    validation = samples_for_model(plan, dataset, "validation")
    x, y = validation.inputs["point"], validation.targets["moon"]
    return model.evaluate(x, y, verbose=0, return_dict=True)["loss"]


@pytest.mark.parametrize(
    ("text", "monitor", "restored"),
    [
        (MOONS, "val_loss", True),
        (_LAST_KEPT, "val_loss", False),
        (_UNWATCHED, "val_loss", False),
        (_BY_AUC, "val_auc", True),
    ],
    ids=["restored", "not restored", "without early stopping", "a metric of the author's name"],
)
def test_a_run_says_whose_weights_it_kept(text, monitor, restored):
    patience = {"patience": 3} if "$patience" in text else {}
    plan, dataset = prepared(text, epochs=24, rate=0.3, **patience)
    trained = train(plan, dataset, run="r1", spec_text="")
    history, kept = _history(trained), trained.kept
    watched = [float(row[monitor]) for row in history]
    pick = np.argmax if monitor == "val_auc" else np.argmin
    assert (kept.best, kept.monitor, kept.restored) == (int(pick(watched)) + 1, monitor, restored)
    assert kept.epoch == (kept.best if restored else len(history))
    assert kept.best != len(history), "the case tells nothing when the last epoch is the best"
    found = _validation_loss(trained, plan, dataset)
    assert found == pytest.approx(float(history[kept.epoch - 1]["val_loss"]), rel=1e-5)
    facts = json.loads(Path(trained.path, "run.json").read_text())
    assert facts["kept_weights"]["epoch"] == kept.epoch


def test_early_stopping_ends_the_training_before_its_last_epoch():
    plan, dataset = prepared(MOONS, epochs=40, rate=0.3, patience=2)
    trained = train(plan, dataset, run="r1", spec_text="")
    best = int(np.argmin([float(row["val_loss"]) for row in _history(trained)]))
    assert trained.epochs == best + 3 < 40


def test_a_damaged_checkpoint_is_said_and_left_alone():
    plan, dataset = prepared(MOONS, epochs=3)
    whole = train(plan, dataset, run="whole", spec_text="")
    work = store.work_folder(work_key(plan, dataset))
    work.mkdir(parents=True)
    (work / "checkpoint.npz").write_bytes(b"PK\x03\x04 half of an archive")
    heard = []
    trained = train(plan, dataset, run="r1", spec_text="", progress=heard.append)
    assert isinstance(heard[0], Notice)
    assert "is damaged" in heard[0].text
    assert heard[0].text.endswith("training starts from the beginning")
    assert trained.continued_from_epoch == 0
    assert trained.weights == whole.weights


@pytest.mark.parametrize("watched", ["", "TerminateOnNaN", "TerminateOnNaN: {raise_error: true}"])
def test_a_loss_that_is_no_number_is_said_with_its_epoch(watched):
    line = f"    - {watched}\n" if watched else ""
    plan, dataset = prepared(MOONS.replace("  callbacks:\n", f"  callbacks:\n{line}"), rate=1e38)
    with pytest.raises(StepError, match=r"the loss became (nan|inf) in epoch \d") as caught:
        train(plan, dataset, run="r1", spec_text="")
    assert "smaller learning rate" in str(caught.value)
    assert not store.run_folder("moons", "r1").exists()
    assert not (store.work_folder(work_key(plan, dataset)) / "checkpoint.npz").exists()


def test_two_trainings_of_one_work_do_not_meet():
    plan, dataset = prepared(MOONS, epochs=1)
    with (
        store.lock_folder(store.work_folder(work_key(plan, dataset))),
        pytest.raises(Busy, match=f"in use by process {os.getpid()}"),
    ):
        train(plan, dataset, run="r1", spec_text="")


def test_a_gpu_that_is_not_there_is_said():
    plan, dataset = prepared(MOONS + "runtime: {devices: gpu}\n", epochs=1)
    with pytest.raises(StepError, match=r"`runtime\.devices` is `gpu`, and tensorflow sees none"):
        train(plan, dataset, run="r1", spec_text="")


def test_labels_without_meaning_are_not_learnt(tmp_path):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(4000, 2)).astype(np.float32)
    np.savez(tmp_path / "noise.npz", x=x[:, 0], y=x[:, 1], moon=generator.integers(0, 2, 4000))
    source = "{npz: " + str(tmp_path / "noise.npz") + "}"
    text = MOONS.replace("{synthetic: two_moons, samples: 420, noise: 0.15, seed: 5}", source)
    plan, dataset = prepared(text, epochs=2)
    trained = train(plan, dataset, run="r1", spec_text="")
    assert 0.45 < trained.history["val_binary_accuracy"] < 0.55


def test_a_disk_that_fills_up_leaves_no_half_run(tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        monkeypatch.setenv("DLSPEC_HOME", str(disk))
        plan, dataset = prepared(MOONS, epochs=2)
        free = shutil.disk_usage(disk).free
        (disk / "other").write_bytes(b"x" * (free - 8192))
        with pytest.raises(StepError, match="no space left in") as caught:
            train(plan, dataset, run="r1", spec_text="")
        assert "are free" in str(caught.value)
        assert not store.run_folder("moons", "r1").exists()
        (disk / "other").unlink()
        assert train(plan, dataset, run="r1", spec_text="").epochs == 2
    finally:
        # Lazy: the arrays of the data set are still mapped.
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
