"""`data.sampling: {contexts: text}`: word vectors, from texts to a model."""

import csv
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from sampled_specs import WORDS, two_topics

import dlspec
from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset, table_of_data
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.preparation.text_tokenizers import loaded_tokenizer
from dlspec_pipelines.steps.profiles.data_profile import profile_of_dataset
from dlspec_pipelines.steps.records import Champion
from dlspec_pipelines.steps.reports.report_page import write_report
from dlspec_pipelines.steps.step_errors import StepError, Stopped
from dlspec_pipelines.steps.training.progress import Tick
from dlspec_pipelines.steps.training.train import train


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A folder with the lines, and a home for the module, whose one run all tests look at."""
    place = tmp_path_factory.mktemp("words")
    with (place / "lines.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["said"], *([line] for line in two_topics())])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLSPEC_HOME", str(place / "home"))
        yield place


@pytest.fixture(scope="module")
def run(base):
    plan = dlspec.loads(WORDS)
    dataset = prepare_dataset(plan.data, base=base)
    trained = train(plan, dataset, run="whole", spec_text=WORDS)
    return plan, dataset, trained, evaluate(plan, trained, dataset, base=base)


def test_words_of_one_topic_come_to_lie_near_each_other(run):
    _, _, trained, evaluation = run
    assert evaluation.metrics["roc_auc"] > 0.7
    assert evaluation.baseline.rules == {"label": "always 0"}
    assert evaluation.baseline.metrics["accuracy"] == pytest.approx(0.75)
    folder = Path(trained.path)
    model = keras.models.load_model(folder / "model.keras", compile=False)
    said = load_preparation(folder).inputs["said"]
    known = loaded_tokenizer(said.tokenizer).get_vocab()
    target, context = (
        model.get_layer(name).get_weights()[0] for name in ("target_vectors", "context_vectors")
    )
    topics = [[i for word, i in known.items() if word[0] == topic] for topic in "ab"]
    assert [len(topic) for topic in topics] == [12, 12]
    for own, other in (topics, topics[::-1]):
        near, far = (target[own] @ context[ids].T for ids in (own, other))
        assert (near.mean(axis=1) > far.mean(axis=1)).all()


def test_the_profile_says_how_many_samples_there_are(run, base):
    plan, dataset, _, _ = run
    told = profile_of_dataset("near_words", plan.data, table_of_data(plan.data, base), dataset)
    for part in ("train", "validation", "test"):
        rows = np.asarray(open_part(dataset, part).inputs["said"])
        true = sum(
            int(row[i] > 1 and row[j] > 1)
            for row in rows
            for i in range(8)
            for j in range(8)
            if 0 < abs(i - j) <= 2
        )
        assert (told.drawn.positive[part], told.drawn.counts[part]) == (true, 4 * true)
    assert f"{told.drawn.counts['train']:,} in an epoch of training" in told.drawn.text


def test_two_runs_and_one_stopped_within_epochs_end_bit_equal(run):
    plan, dataset, trained, _ = run
    assert train(plan, dataset, run="twice", spec_text="").weights == trained.weights
    for after in (1, 4):
        heard = []

        class Stop:
            def is_set(self, heard=heard, after=after) -> bool:
                return len([one for one in heard if isinstance(one, Tick)]) >= after

        with pytest.raises(Stopped):
            train(plan, dataset, run="stopped", spec_text="", progress=heard.append, stop=Stop())
    assert train(plan, dataset, run="stopped", spec_text="").weights == trained.weights


def test_a_champion_is_compared_on_the_same_samples_only(run, base):
    _, dataset, trained, _ = run
    champion = Champion(
        "near_words", trained.run, trained.path, "2026-01-01", "", {}, promoted=True
    )
    for number, (said, compared) in enumerate(
        {"negatives: 3": True, "negatives: 2": False}.items()
    ):
        text = WORDS.replace("negatives: 3", said)
        plan = dlspec.loads(text, params={"epochs": 1, "seed": 5})
        again = train(plan, dataset, run=f"challenger{number}", spec_text=text)
        found = evaluate(plan, again, dataset, champion, base=base)
        assert (found.comparison is not None) is compared


def test_the_report_is_written_and_predict_says_what_there_is_instead(run, base):
    plan, dataset, trained, evaluation = run
    page = Path(write_report(plan, dataset, trained, evaluation).html).read_text("utf-8")
    assert "Drawn from them are contexts: " in page
    done = CliRunner().invoke(main, ["predict", trained.path, str(base / "lines.csv")])
    assert done.exit_code == 2
    assert "`near_words` learned which words stand together" in done.stderr
    assert "read its word vectors from the weights of its embedding" in done.stderr


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["one,train", "one,test"], "the training rows of `said` do not hold two words that"),
        (["one,train", "two,train", "one two,test"], "no two words of a row of `said` stand"),
    ],
)
def test_texts_without_contexts_are_refused(base, tmp_path, lines, said):
    (tmp_path / "lines.csv").write_text("\n".join(["said,part", *lines]))
    split = "split: {column: part, test: [test]}"
    plan = dlspec.loads(WORDS.replace("split: {validation: 0.2, test: 0.2, seed: 3}", split))
    dataset = prepare_dataset(plan.data, base=tmp_path)
    with pytest.raises(StepError, match=said) as refused:
        train(plan, dataset, run="r1", spec_text="")
    assert refused.value.code == "DL613"
