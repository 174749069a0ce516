import importlib.util
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest
from training_specs import DIGITS, MOONS, prepared

import dlspec
from dlspec_pipelines.steps.engine.batches import sample_chunks
from dlspec_pipelines.steps.engine.engine import BatchEngine, engine_for
from dlspec_pipelines.steps.training.progress import EpochEnd
from dlspec_pipelines.steps.training.train import samples_for_model, train

pytestmark = pytest.mark.usefixtures("home")

DROPOUT = "    - Dropout: 0.3\n"


def _trained_by(engine_of, text: str):
    plan, dataset = prepared(text)
    samples = samples_for_model(plan, dataset, "train")
    keras.utils.set_random_seed(1)
    model = dlspec.compile(plan)
    engine = engine_of(model, samples)
    (chunk,) = sample_chunks(samples, 32)
    loaded = engine.load(chunk)
    model.reset_metrics()
    for first, last in ((0, 320), (320, chunk.rows)):
        engine.train(loaded, first, last)
    trained = {name: float(value) for name, value in model.get_metrics_result().items()}
    model.reset_metrics()
    engine.test(loaded, 0, chunk.rows)
    tested = {name: float(value) for name, value in model.get_metrics_result().items()}
    return trained, tested, engine.forward_rows(loaded, 0, chunk.rows), model


def test_one_call_per_batch_gives_what_the_traced_loop_gives():
    text = DIGITS.replace(DROPOUT, "")
    fast = _trained_by(lambda m, s: engine_for(_with_variables(m, s), s, batch_size=32), text)
    slow = _trained_by(lambda m, s: BatchEngine(_with_variables(m, s), s, batch_size=32), text)
    for of_fast, of_slow in zip(fast[:2], slow[:2], strict=True):
        assert of_fast == pytest.approx(of_slow, rel=1e-4)
    assert fast[2][0].shape == (len(_inputs(text)), 10)
    assert fast[2][0] == pytest.approx(slow[2][0], abs=1e-3)
    assert fast[2][0] == pytest.approx(
        fast[3].predict(np.array(_inputs(text)), verbose=0), abs=1e-5
    )


def _with_variables(model, samples):
    x, y = samples.pack([np.array(array[:2]) for array in samples.arrays])
    model.compute_metrics(x, y, model(x))
    model.compute_loss(x=x, y=y, y_pred=model(x))
    model.optimizer.build(model.trainable_variables)
    return model


def _inputs(text: str) -> np.ndarray:
    plan, dataset = prepared(text)
    return samples_for_model(plan, dataset, "train").inputs["image"]


def test_without_validation_rows_nothing_is_validated():
    head, _, rest = DIGITS.partition("{validation: 0.15, ")
    plan, dataset = prepared(head + "{" + rest)
    trained = train(plan, dataset, run="r1", spec_text="")
    assert sorted(trained.history) == ["accuracy", "learning_rate", "loss"]


def test_max_minutes_ends_the_training_after_the_epoch_that_passes_it():
    plan, dataset = prepared(
        MOONS.replace("epochs: $epochs", "epochs: $epochs\n  max_minutes: 1e-6")
    )
    assert train(plan, dataset, run="r1", spec_text="").epochs == 1


def test_checkpoints_cost_a_small_share_of_the_time(tmp_path):
    plan, dataset = prepared(MOONS, epochs=40)
    written = []

    def look(said):
        if isinstance(said, EpochEnd):
            written.extend(
                path.stat().st_mtime_ns for path in tmp_path.glob("home/work/*/checkpoint.npz")
            )

    assert train(plan, dataset, run="r1", spec_text="", progress=look).epochs == 40
    assert 1 <= len(set(written)) < len(written) == 39


_ON_JAX = """
    import sys
    sys.path[:0] = sys.argv[1:]
    from pathlib import Path
    import keras, numpy as np
    import dlspec
    from training_specs import DIGITS, prepared
    from dlspec_pipelines.steps.evaluation.evaluate import evaluate
    from dlspec_pipelines.steps.engine.batches import class_weights, epoch_visit_order
    from dlspec_pipelines.steps.training.train import samples_for_model, train

    plan, dataset = prepared(DIGITS)
    trained = train(plan, dataset, run="r1", spec_text="")
    keras.utils.set_random_seed(7)
    model = dlspec.compile(plan)
    part = samples_for_model(plan, dataset, "train")
    x, y = np.array(part.inputs["image"]), np.array(part.targets["digit"])
    weights = class_weights(y, "balanced")
    for epoch in range(2):
        visit = epoch_visit_order(7, epoch, len(x))
        history = model.fit(
            x[visit],
            y[visit],
            sample_weight=weights[visit],
            batch_size=32,
            shuffle=False,
            verbose=0,
        ).history
    found = keras.models.load_model(Path(trained.path, "model.keras")).get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(found, model.get_weights(), strict=True))
    assert history["accuracy"] == [trained.history["accuracy"]]
    print(keras.config.backend(), evaluate(plan, trained, dataset).metrics["accuracy"])
    """


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="the `jax` extra is missing")
def test_on_jax_training_gives_the_numbers_of_fit_too():
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_ON_JAX), str(here), str(here.parents[1])],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    backend, accuracy = done.stdout.split()
    assert backend == "jax"
    assert float(accuracy) > 0.7
