"""The training section -> what a Keras model is compiled with."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from dlspec.backends.keras_objects import build_object
from dlspec.language.catalogue import Object
from dlspec.language.kinds import Form
from dlspec.language.sections import Training
from dlspec.resolve.plan import Plan


def compile_training(
    model: keras.Model,
    training: Training,
    own: Mapping[str, keras.losses.Loss],
    *,
    optimizer: keras.optimizers.Optimizer,
    names: Sequence[str],
    form: Form,
) -> None:
    """Compile a model with an optimizer and the losses and metrics of a training section.

    Args:
        own: The losses that the spec declares, by output.
        names: The outputs that have targets; where there are none, terms alone are minimised.
        form: The form in which those outputs and their targets come.
    """
    if not names:
        model.compile(optimizer=optimizer)
        return
    model.compile(
        optimizer=optimizer,
        loss=_built_per_output(_losses(training, names, form, own), names, form, _as_it_is),
        loss_weights=_loss_weights(training, names, form),
        metrics=_built_per_output(training.metrics, names, form, _built_metrics),
    )


def drop_losses(model: keras.Model) -> None:
    """Leave of what a model is compiled with its optimizer alone, so that plain Keras loads it."""
    model.compile(optimizer=model.optimizer)


def _losses(training: Training, names: Sequence[str], form: Form, own: Mapping[str, Any]) -> Any:  # noqa: ANN401 - Keras's losses
    """Return the loss of all outputs, or one for each."""
    written = training.loss
    assert written is not None, "an output with a target has a loss"
    if not isinstance(written, Mapping):
        # A declared loss is another graph on each output, and Keras takes no single loss for a
        # mapping of outputs.
        if not own and form != "mapping":
            return build_object(written)
        written = dict.fromkeys(names, written)
    return {
        name: own[name] if name in own else build_object(loss) for name, loss in written.items()
    }


def _as_it_is(made: Any) -> Any:  # noqa: ANN401 - a Keras object
    return made


def _loss_weights(training: Training, names: Sequence[str], form: Form) -> Any:  # noqa: ANN401 - as Keras takes it
    """Return a weight for every output, as Keras asks for; one that is not given is 1."""
    if training.loss_weights is None:
        return None
    weights = {name: training.loss_weights.get(name, 1.0) for name in names}
    return _built_per_output(weights, names, form, lambda weight: weight)


def built_optimizers(plan: Plan) -> list[keras.optimizers.Optimizer]:
    """Return the optimizer, or one for each turn, with what other training keys ask of them."""
    assert plan.training is not None
    made = [_built_optimizer(one, plan.training) for one in plan.training.optimizers]
    if plan.runtime.precision != "mixed_float16":
        return made
    # `compile` would do it by itself, and leave it out of the file: Keras then cannot load that.
    return [keras.optimizers.LossScaleOptimizer(one) for one in made]


def _built_optimizer(made: Object, training: Training) -> keras.optimizers.Optimizer:
    arguments = dict(made.arguments)
    if training.gradient_accumulation_steps is not None:
        arguments["gradient_accumulation_steps"] = training.gradient_accumulation_steps
    if training.ema is not None:
        arguments |= {"use_ema": True, "ema_momentum": training.ema.momentum}
    if training.clip is not None:
        clip = training.clip
        bounds = {
            "clipnorm": clip.norm,
            "global_clipnorm": clip.global_norm,
            "clipvalue": clip.value,
        }
        arguments |= {name: bound for name, bound in bounds.items() if bound is not None}
    return build_object(Object("optimizer", made.class_name, arguments))


def _built_per_output(value: Any, names: Sequence[str], form: Form, build: Any) -> Any:  # noqa: ANN401 - as Keras takes it
    """Return one value, or a value for each output in the form the model's outputs have."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return build(value)
    built = {name: build(item) for name, item in value.items()}
    if form == "mapping":
        return built
    ordered = [built.get(name) for name in names]
    return ordered[0] if len(ordered) == 1 else ordered


def _built_metrics(metrics: tuple[Object, ...]) -> list[Any]:
    """Return the metrics; the lower-case ones Keras chooses a class for itself."""
    return [m.class_name if m.class_name.islower() else build_object(m) for m in metrics]
