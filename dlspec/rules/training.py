"""What a training names, against what it computes."""

from collections.abc import Mapping

from dlspec.decode.argument_values import CHOSEN_BY_KERAS
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word, suggest
from dlspec.diagnostics.work import Work
from dlspec.language.catalogue import Object
from dlspec.language.figures import better_of, figure_name
from dlspec.language.penalty_figures import is_penalty_figure
from dlspec.language.row_splits import ColumnSplit
from dlspec.language.sections import Training
from dlspec.language.turns import is_learning_rate
from dlspec.rules.subject import Checked


def report_monitors(checked: Checked) -> None:
    """Report a callback that watches a figure nobody computes."""
    training = checked.training
    if training is None or not checked.graph.outputs:
        return
    validated = checked.written_data is None or bool(checked.written_data.split.validation)
    learned = list(checked.learned_outputs or ())
    known = computed_figures(training, learned, checked.penalties)
    for index, callback in enumerate(training.callbacks):
        monitor = _monitored_figure(callback)
        if monitor is None:
            continue
        path = f"training.callbacks.{index}.monitor"
        place = checked.spec.places.value(path)
        plain = monitor.removeprefix("val_")
        # A rate is set, and not measured on validation rows.
        if plain not in known or (plain != monitor and is_learning_rate(plain)):
            _report_uncomputed(checked, callback, monitor, place, known)
        elif _saves_between_batches(callback) and monitor not in _figures_of_batches(known):
            figures = _figures_of_batches(known)
            checked.reporter.error(
                Code.UNCOMPUTED_MONITOR,
                place,
                f"`{callback.class_name}` watches `{monitor}`, which no batch computes",
                label=f"computed are {', '.join(figures)}",
                help=f"write `monitor: {plain if plain in figures else 'loss'}`",
            )
        elif monitor.startswith("val_") and not validated:
            checked.reporter.error(
                Code.NO_VALIDATION,
                place,
                f"`{callback.class_name}` watches `{monitor}` and there are no validation rows",
                label="`data.split` sets none aside",
                help=f"write {validation_rows_help(checked)}, or `monitor: {plain}`",
            )
        elif _needs_mode(callback, plain, training, checked):
            checked.reporter.error(
                Code.MISSING_KEY,
                place,
                f"`{callback.class_name}` needs `mode` beside `{monitor}`",
                label="Keras does not know whether less of it is better",
                help="write `mode: min` beside it, or `mode: max` where more is better",
            )


def _needs_mode(callback: Object, figure: str, training: Training, checked: Checked) -> bool:
    """Tell a figure of which Keras cannot say whether less or more is better.

    It looks its direction up among the metrics, by the name without an output.
    """
    try:
        mode = callback["mode"]
    except KeyError:
        return False
    if mode != "auto" or figure == "loss":
        return False
    outputs = checked.learned_outputs or ()
    if len(outputs) != 1:
        return True
    of_output = training.metrics
    metrics = of_output.get(outputs[0], ()) if isinstance(of_output, Mapping) else of_output
    return not any(
        _output_figure_name(metric, None) == figure and _is_directed(metric) for metric in metrics
    )


def _is_directed(metric: Object) -> bool:
    """Tell whether Keras knows which values are better; of its own choice it always does."""
    return metric.class_name in CHOSEN_BY_KERAS or better_of(metric) is not None


def validation_rows_help(checked: Checked) -> str:
    """Return how the split of this spec sets validation rows aside."""
    split = checked.written_data.split if checked.written_data is not None else None
    if isinstance(split, ColumnSplit):
        return f"`validation` and values of `{split.column}` under `data.split`"
    if "data.split" in checked.spec.places.keys:
        return "`validation: 0.1` under `data.split`"
    return "`split: {validation: 0.1}` under `data`"


def _report_uncomputed(
    checked: Checked, callback: Object, monitor: str, place: Span, known: tuple[str, ...]
) -> None:
    plain = monitor.removeprefix("val_")
    if is_penalty_figure(plain) and not checked.has_whole_graph:
        return  # a layer that is reported may add it
    near = replacement_word(plain, known, work=checked.reporter.work)
    meant = nearest_figure(plain, known, checked.reporter.work) or "loss"
    of_validation = monitor.startswith("val_") and not is_learning_rate(meant)
    figure = f"val_{meant}" if of_validation else meant
    shown = [f"val_{n}" for n in known if not is_learning_rate(n)] if of_validation else known
    checked.reporter.error(
        Code.UNCOMPUTED_MONITOR,
        place,
        f"`{callback.class_name}` watches `{monitor}`, which nothing computes",
        label=f"computed are {', '.join(shown)}",
        help=Replacement(
            figure,
            say=f"write `monitor: {figure}`",
            certain=near is not None and near.certain,
        ),
    )


def _saves_between_batches(callback: Object) -> bool:
    return callback.arguments.get("save_freq", "epoch") != "epoch"


def _figures_of_batches(known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the figures that stand after a batch: the rate is read after an epoch."""
    return tuple(name for name in known if not is_learning_rate(name))


def nearest_figure(word: str, known: tuple[str, ...], work: Work | None) -> str | None:
    """Return the figure that `word` was meant to be; None when none is near."""
    plain = word.removeprefix("val_")
    of_validation = plain != word and any(name.startswith("val_") for name in known)
    prefix = "val_" if of_validation else ""
    names = tuple(
        name.removeprefix(prefix) for name in known if name.startswith("val_") == of_validation
    )
    near = suggest(plain, names, work=work) or _beginning_alike(plain, names)
    return f"{prefix}{near}" if near else None


def _beginning_alike(word: str, known: tuple[str, ...]) -> str | None:
    """Return the figure that `acc` is short for, or that is short for `accuracy`."""
    alike = (name for name in known if name.startswith(word) or word.startswith(name))
    return next(alike, None)


def _monitored_figure(callback: Object) -> str | None:
    try:
        monitor = callback["monitor"]
    except KeyError:
        return None
    if "monitor" not in callback.arguments and callback.arguments.get("save_best_only") is not True:
        entry = callback.entry
        assert entry is not None
        if entry.parameter_named("save_best_only") is not None:
            # Every epoch is saved, whatever its figures.
            return None
    return monitor if isinstance(monitor, str) else None


def report_callback_needs(checked: Checked) -> None:
    """Report a callback that needs of `training` what it does not say."""
    training = checked.training
    for index, callback in enumerate(training.callbacks if training else ()):
        assert training is not None
        place = checked.spec.places.value(f"training.callbacks.{index}")
        _report_callback_of_one_optimizer(callback, place, checked)
        schedule = rate_schedule(training.optimizer)
        if callback.traits.sets_rate and schedule is not None and not training.turns:
            checked.reporter.error(
                Code.CONFLICT,
                place,
                f"`{callback.class_name}` sets the learning rate, and so does a schedule",
                label=f"`{schedule.class_name}` sets it at every step",
                help="leave the callback out, or write a number as `learning_rate`",
            )
        averaged = training.ema is not None or training.optimizer.arguments.get("use_ema") is True
        if callback.traits.needs_average and not averaged and not training.turns:
            checked.reporter.error(
                Code.MISSING_KEY,
                place,
                f"`{callback.class_name}` needs averaged weights",
                label="nothing averages them",
                help="write `ema: {momentum: 0.99}` under `training`",
            )


def _report_callback_of_one_optimizer(callback: Object, place: Span, checked: Checked) -> None:
    """Report a callback that works on the optimizer of a training which has one for each turn."""
    traits = callback.traits
    assert checked.training is not None
    if checked.training.turns and (traits.sets_rate or traits.needs_average):
        checked.reporter.error(
            Code.CONFLICT,
            place,
            f"`{callback.class_name}` works on the one optimizer of a training",
            label="each of the `turns` has its own",
            help="leave it out; a rate that changes is written as a schedule at a turn's optimizer",
        )


def rate_schedule(optimizer: Object) -> Object | None:
    """Return the schedule that sets an optimizer's rate; None where a number does."""
    rate = optimizer.arguments.get("learning_rate")
    if isinstance(rate, Object):
        return rate
    inner = (o for o in optimizer.arguments.values() if isinstance(o, Object))
    nested = (rate_schedule(one) for one in inner if one.entry_kind == "optimizer")
    return next((found for found in nested if found is not None), None)


def warn_of_training_flags(checked: Checked) -> None:
    """Warn of a `training` flag in the graph, which `fit` overrides."""
    for node in checked.graph.nodes:
        if "training" in node.call:
            flat_node = checked.flat.node(node.name)
            assert flat_node is not None
            with checked.reporter.with_trail(*flat_node.trail):
                checked.reporter.error(
                    Code.TRAINING_FLAG,
                    flat_node.places.get("call.training", flat_node.head),
                    f"`training` of `{node.name}` does not hold while the model is trained",
                    label="`fit` sets it for every layer",
                    help="write `trainable: false` beside the layer to freeze it",
                )


def computed_figures(
    training: Training, outputs: list[str], penalties: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the names under which `fit` reports figures, without `val_`.

    Args:
        penalties: The figures of what layers add to the loss.
    """
    figures = ["loss", *training.minimised, *penalties]
    several = len(outputs) > 1
    if several:
        figures += [f"{output}_loss" for output in outputs]
    if isinstance(training.metrics, Mapping):
        for output, metrics in training.metrics.items():
            figures += [
                _output_figure_name(metric, output if several else None) for metric in metrics
            ]
    elif several:
        # Of a list, Keras gives each output the metric in its place; other lengths are refused.
        shared = zip(outputs, training.metrics, strict=False)
        figures += [_output_figure_name(metric, output) for output, metric in shared]
    else:
        figures += [_output_figure_name(metric, None) for metric in training.metrics]
    turns = training.turns or ()
    rates = [f"{turn.title}_learning_rate" for turn in turns] or ["learning_rate"]
    return (*dict.fromkeys(figures), *rates)


def _output_figure_name(metric: Object, output: str | None) -> str:
    name = figure_name(metric)
    return f"{output}_{name}" if output else name
