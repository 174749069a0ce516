"""The evaluation step: the test rows, once, then the gates and the champion."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from dlspec.backends.compile_plan import compile_objectives, with_named_penalties
from dlspec.backends.penalties_model import PenaltiesModel
from dlspec.language.figures import AskedMetric, measured_targets
from dlspec.language.metrics import GENERATED_METRICS
from dlspec.language.sections import Championship, Gate
from dlspec.resolve.plan import Plan, canonical_data
from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.data_memory import memory_for_data
from dlspec_pipelines.steps.engine.batches import Samples
from dlspec_pipelines.steps.engine.determinism import settled_machine, step_flops
from dlspec_pipelines.steps.evaluation.baseline import measure_baseline
from dlspec_pipelines.steps.evaluation.computable_metrics import wanted_metrics
from dlspec_pipelines.steps.evaluation.forward import (
    Measured,
    Trained,
    load_model,
    measure_samples,
    states_of_samples,
)
from dlspec_pipelines.steps.evaluation.generated_metrics import (
    Generated,
    beside_truth,
    measure_generated,
)
from dlspec_pipelines.steps.evaluation.generated_sequences import asked_of, generate_sequences
from dlspec_pipelines.steps.evaluation.keras_figures import (
    KerasFigures,
    asked_of_keras,
    learned_targets,
)
from dlspec_pipelines.steps.evaluation.measures import (
    FUNCTIONS,
    Measures,
    finite_or_reason,
    measure_targets,
)
from dlspec_pipelines.steps.evaluation.outputs import Signature, signature_of
from dlspec_pipelines.steps.evaluation.paired_states import compare_states
from dlspec_pipelines.steps.evaluation.predictions_file import write_predictions
from dlspec_pipelines.steps.evaluation.rival import (
    Rival,
    compare_with_rival,
    predict_as_rival,
    states_of_rival,
)
from dlspec_pipelines.steps.evaluation.thresholds import (
    THRESHOLDS_FILE,
    settled_thresholds,
    with_thresholds,
)
from dlspec_pipelines.steps.file_digests import (
    note_file_digests,
    read_file_digests,
    write_file_digests,
)
from dlspec_pipelines.steps.json_documents import (
    METRICS,
    PLAN,
    THRESHOLDS,
    UNDEFINED_METRICS,
    document_text,
    read_document,
)
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.ids_as_text import telling_ids
from dlspec_pipelines.steps.preparation.model_parts import ModelPart, open_model_part
from dlspec_pipelines.steps.promotion.promote import judge_quality
from dlspec_pipelines.steps.records import (
    Champion,
    Comparison,
    Dataset,
    Evaluation,
    GateResult,
    TrainedModel,
)
from dlspec_pipelines.steps.reuse import judged_version
from dlspec_pipelines.steps.run_numbers import note_run_number
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.drawn_epochs import samples_in_form_of_model
from dlspec_pipelines.steps.training.objective_file import OBJECTIVE_FILE, load_objective

_MODEL_FILES = (
    "model.keras",
    OBJECTIVE_FILE,
    "spec.yaml",
    "preparation.json",
    "history.csv",
    "run.json",
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A model and the champion that it is compared with, on the test rows of a data set."""

    plan: Plan
    trained: TrainedModel
    champion: Champion | None
    dataset: Dataset
    base: Path | None


def evaluate(  # noqa: PLR0913 - what to measure against what, and where that is kept
    plan: Plan,
    trained: TrainedModel,
    dataset: Dataset,
    champion: Champion | None = None,
    *,
    run: str | None = None,
    spec_text: str | None = None,
    base: Path | None = None,
) -> Evaluation:
    """Measure a trained model on the test rows, against its gates and the champion.

    Writes predictions.parquet, then metrics.json; a metric that has no value on these rows is
    absent there and stands in undefined_metrics.json with the reason.

    Args:
        champion: Whom to compare with when the spec asks for it; None when there is none yet.
        run: The run that evaluates; where it is not the one that trained, a folder of its own
            takes the model's files as hard links, and the plan with its present `prediction`.
        spec_text: The spec as compiled, kept in such a folder; None keeps that of the training.
        base: The folder of the spec, where its data files are found; default: the current one.

    Raises:
        StepError: If the run has been evaluated, a metric fits no target, or a file is damaged.
    """
    if champion is not None and champion.run == trained.run:
        # The champion evaluated again is not its own rival.
        champion = None
    trained = _own_folder(plan, trained, run, spec_text)
    folder = Path(trained.path)
    if (folder / "metrics.json").exists():
        raise StepError(
            f"the run `{trained.run}` has been evaluated",
            help="evaluate in a new run: nothing is overwritten",
        )
    training = plan.training
    assert training is not None
    wanted = wanted_metrics(plan)
    with settled_machine(plan.runtime, seed=training.seed, step_flops=step_flops(plan)):
        stock = not plan.losses and plan.objective is None
        model = load_model(folder, with_loss=stock, base=base)
        if plan.losses and plan.objective is None:
            # The file holds no loss that plain Keras does not know.
            compile_objectives(model, plan)
        figures = asked_of_keras(plan)
        thresholds = settled_thresholds(plan, folder, dataset, model)
        signed = with_thresholds(signature_of(plan), thresholds)
        measured = _measure_test_rows(plan, folder, dataset, model, signed, figures)
        generated = _generate_test_sequences(plan, wanted, dataset, model)
        theirs = _rival_if_compared(
            plan, trained, champion, dataset=dataset, measured=measured, base=base
        )
        pair = _Pair(plan, trained, champion, dataset, base)
        compared = _compared_or_reason(pair, measured, theirs=theirs, model=model)
    plain = tuple(name for name in wanted if name in FUNCTIONS)
    measures = measure_targets(plain, measured.predicted).joined(figures.measures())
    for said in generated.values():
        measures = measures.joined(measure_generated(wanted, said))
    for name, value in measured.minimised.items():
        measures.note(name, finite_or_reason(value, name=name))
    test = _test_part(plan, dataset)
    write_predictions(
        folder / "predictions.parquet",
        test.rows,
        measured.predicted,
        champion=None if theirs is None else theirs.predicted,
        generated={target: said.said for target, said in generated.items()},
        source_rows=test.source_rows,
    )
    write_file_digests(folder, ["predictions.parquet"])
    if thresholds:
        text = document_text(THRESHOLDS, thresholds)
        store.write_whole(folder / THRESHOLDS_FILE, text)
    _write_measures(folder, measures)
    gates = tuple(_judge_gate(gate, measures, trained) for gate in _gates_of_plan(plan))
    return Evaluation(
        trained.run,
        trained.path,
        plan.name,
        measures.values,
        gates,
        compared if isinstance(compared, Comparison) else None,
        code_version=judged_version(plan),
        data=dataset.digest,
        weights=trained.weights,
        undefined=measures.undefined,
        thresholds=thresholds,
        not_compared="" if isinstance(compared, Comparison) else compared,
        # Without a target there is nothing to say the same of.
        baseline=measure_baseline(
            plan, dataset, measured.predicted, metrics=plain, compare=not judge_quality(gates)
        )
        if measured.predicted
        else None,
    )


def _files_of_model(plan: Plan) -> tuple[str, ...]:
    return tuple(n for n in _MODEL_FILES if n != OBJECTIVE_FILE or plan.objective is not None)


def _write_measures(folder: Path, measures: Measures) -> None:
    if measures.undefined:
        text = document_text(UNDEFINED_METRICS, measures.undefined)
        store.write_whole(folder / "undefined_metrics.json", text)
    # Last: where it stands, the run has been evaluated.
    store.write_whole(folder / "metrics.json", document_text(METRICS, measures.values))


def _compared_or_reason(
    pair: _Pair, measured: Measured, *, theirs: Rival | None, model: keras.Model
) -> Comparison | str:
    evaluation, training = pair.plan.evaluation, pair.plan.training
    rules = evaluation.champion if evaluation is not None else None
    if rules is None or pair.champion is None:
        return ""
    if theirs is None:
        return "it has other targets"
    assert evaluation is not None
    assert training is not None
    metric = evaluation.output_metrics.get(rules.metric)
    if metric is not None:
        return _compared_in_keras(pair, rules, metric, theirs=theirs, model=model)
    return compare_with_rival(rules, measured.predicted, theirs=theirs, seed=training.seed)


def _compared_in_keras(
    pair: _Pair, rules: Championship, metric: AskedMetric, *, theirs: Rival, model: keras.Model
) -> Comparison | str:
    """Return the comparison in a metric of Keras: both models give their outputs once more."""
    plan, champion = pair.plan, pair.champion
    assert champion is not None
    assert plan.training is not None
    rows = np.flatnonzero(theirs.fresh)
    if not len(rows):
        return "it was fitted to every test row"
    metrics = dict.fromkeys(measured_targets(metric, learned_targets(plan)), metric)
    rival = states_of_rival(
        plan, champion, metrics, dataset=pair.dataset, base=pair.base or Path.cwd()
    )
    if isinstance(rival, str):
        return rival
    preparation = load_preparation(Path(pair.trained.path))
    ours = states_of_samples(
        model,
        _test_samples(plan, pair.dataset),
        metrics,
        signature=signature_of(plan),
        preparation=preparation,
        target_preparation=preparation,
    )
    sides = ({name: one.take(rows) for name, one in side.items()} for side in (ours, rival))
    return compare_states(rules, metric, *sides, run=champion.run, seed=plan.training.seed)


def _own_folder(
    plan: Plan, trained: TrainedModel, run: str | None, spec_text: str | None
) -> TrainedModel:
    if run is None or run == trained.run:
        return trained
    folder = store.run_folder(plan.name, run)
    note_run_number(plan.name, run)
    with store.whole_folder(folder) as aside:
        for name in _files_of_model(plan):
            (aside / name).hardlink_to(Path(trained.path, name))
        # How a model generates is no part of its training; measured is how it does so now.
        known = read_document(Path(trained.path, "plan.json"), PLAN)
        known["prediction"] = canonical_data(plan.prediction)
        (aside / "plan.json").write_text(document_text(PLAN, known), encoding="utf-8")
        whole = read_file_digests(Path(trained.path))
        note_file_digests(aside, {name: whole[name] for name in whole if name in _MODEL_FILES})
        if spec_text is not None:
            # A new file: the one that is linked is the training's too.
            (aside / "spec.yaml").unlink()
            (aside / "spec.yaml").write_text(spec_text, encoding="utf-8")
            write_file_digests(aside, ["spec.yaml"])
    return replace(trained, run=run, path=os.fspath(folder))


def _test_part(plan: Plan, dataset: Dataset) -> ModelPart:
    assert plan.data is not None
    return open_model_part(plan.data, dataset, "test")


def _measure_test_rows(
    plan: Plan,
    folder: Path,
    dataset: Dataset,
    model: keras.Model,
    signed: Signature,
    figures: KerasFigures,
) -> Measured:
    test = _test_part(plan, dataset)
    trained = None
    if plan.objective is not None:
        whole = samples_in_form_of_model(plan, test.inputs, test.targets)
        assert plan.training is not None
        terms = plan.training.minimised
        trained = Trained(load_objective(folder, plan), terms, whole)
    else:
        told = with_named_penalties(model, plan)
        if isinstance(told, PenaltiesModel):
            trained = Trained(told, (), _test_samples(plan, dataset))
    return measure_samples(
        model,
        _test_samples(plan, dataset),
        signature=signed,
        preparation=load_preparation(folder),
        trained=trained,
        figures=figures,
        memory=memory_for_data(plan.runtime.memory),
    )


def _test_samples(plan: Plan, dataset: Dataset) -> Samples:
    test, signed = _test_part(plan, dataset), signature_of(plan)
    return Samples(
        {name: test.inputs[name] for name in signed.inputs},
        {head.name: test.targets[head.name] for head in signed.heads},
        signed.inputs_as,
        signed.outputs_as,
    )


def _generate_test_sequences(
    plan: Plan, wanted: tuple[str, ...], dataset: Dataset, model: keras.Model
) -> dict[str, Generated]:
    """Return what the model says by itself for the test rows, where a metric asks for that."""
    document = canonical_data(plan)
    assert isinstance(document, dict)
    asked = asked_of(document)
    if asked is None or not set(wanted) & set(GENERATED_METRICS):
        return {}
    test = _test_part(plan, dataset)
    signed = signature_of(plan)
    inputs = {n: np.asarray(test.inputs[n]) for n in signed.inputs if n != asked.input}
    said = generate_sequences(model, inputs, samples=len(test.rows), signed=signed, asked=asked)
    true = np.asarray(test.targets[asked.output])
    text = telling_ids(load_preparation(Path(dataset.path)).targets[asked.output])
    return {asked.output: beside_truth(true, said.ids, asked.rules, text)}


def _rival_if_compared(
    plan: Plan,
    trained: TrainedModel,
    champion: Champion | None,
    *,
    dataset: Dataset,
    measured: Measured,
    base: Path | None,
) -> Rival | None:
    asked = plan.evaluation is not None and plan.evaluation.champion is not None
    if not asked or champion is None or champion.run == trained.run:
        return None
    where = base or Path.cwd()
    return predict_as_rival(plan, champion, dataset=dataset, ours=measured.predicted, base=where)


def _gates_of_plan(plan: Plan) -> tuple[Gate, ...]:
    return plan.evaluation.gates if plan.evaluation else ()


def _judge_gate(gate: Gate, measures: Measures, trained: TrainedModel) -> GateResult:
    flops = None if trained.flops is None else float(trained.flops)
    known = {"parameters": float(trained.parameters), "flops": flops, **measures.values}
    value = known.get(gate.metric)
    threshold = f"{gate.threshold:,.0f}" if gate.threshold >= 1e4 else f"{gate.threshold:g}"
    return GateResult(
        metric=gate.metric,
        requirement=f"{gate.comparison} {threshold}",
        value=value,
        passed=value is not None and gate.is_met_by(value),
        reason=measures.undefined.get(gate.metric, "") if value is None else "",
    )
