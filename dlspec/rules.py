"""Whole-plan rules (DL5xx): mistakes that train silently, each found in published tutorials."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dlspec.catalogue import Object
from dlspec.diagnostics import Code, Related, Reporter, suggest
from dlspec.features import CategoryFeature, ClassFeature, ImageFeature, TokensFeature
from dlspec.flat import FlatGraph
from dlspec.heads import Head, final_activation, node_of
from dlspec.masks import dropped_masks
from dlspec.plan import Graph, Node, Reference
from dlspec.portability import limits
from dlspec.spec import GATED_WITHOUT_METRIC, Data, ModelSpec, Poison, Training, whole
from dlspec.training_names import computed_figures

_FROM_LOGITS = {
    "BinaryCrossentropy": "sigmoid",
    "BinaryFocalCrossentropy": "sigmoid",
    "CategoricalCrossentropy": "softmax",
    "CategoricalFocalCrossentropy": "softmax",
    "SparseCategoricalCrossentropy": "softmax",
}
_ON_IDS = ("SparseCategoricalCrossentropy",)
_ON_ONE_HOT = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
_ON_NUMBERS = (
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
)
_BINARY = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
_PROBABILITIES = ("softmax", "sigmoid")


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules look at; a section that holds a reported mistake is None."""

    spec: ModelSpec
    graph: Graph
    flat: FlatGraph
    data: Data | None
    training: Training | None
    heads: tuple[Head, ...]
    reporter: Reporter


def check(spec: ModelSpec, graph: Graph, flat: FlatGraph, reporter: Reporter) -> None:
    """Report every whole-plan rule that a spec breaks, as far as its sections could be read."""
    data = spec.data if spec.data is not None and whole(spec.data) else None
    training = spec.training if spec.training is not None and whole(spec.training) else None
    complete = len(graph.nodes) == len(flat.nodes)
    # A broken training section hides the loss, which decides how wide a head may be.
    readable = training is not None or spec.training is None
    heads = tuple(_heads(spec, graph, flat, data, training)) if readable else ()
    checked = Checked(spec, graph, flat, data, training, heads, reporter)
    for rule in RULES:
        rule(checked)
    if complete:
        for node in dropped_masks(graph):
            flat_node = node_of(flat, node.name)
            assert flat_node is not None
            with reporter.within(*flat_node.trail):
                _report_mask(node, checked)


def _heads(
    spec: ModelSpec, graph: Graph, flat: FlatGraph, data: Data | None, training: Training | None
) -> Iterator[Head]:
    written = training.loss if training is not None else None
    per_output = written if isinstance(written, Mapping) else None
    if isinstance(flat.outputs, Poison):
        return
    found = dict(graph.outputs)
    for name, pointer in flat.outputs:
        shape = graph.tensor(found[name]).shape if name in found else None
        loss = per_output.get(name) if per_output is not None else written
        path = f"training.loss.{name}" if per_output is not None else "training.loss"
        yield Head(
            name=name,
            activation=final_activation(flat, pointer),
            width=shape[-1] if shape else None,
            target=data.targets.get(name) if data else None,
            node=node_of(flat, pointer.node),
            loss=loss if isinstance(loss, Object) else None,
            loss_path=path,
            loss_place=spec.places.value(path),
        )


def _logits(checked: Checked) -> None:
    """Report logits into a loss that takes probabilities, and the reverse."""
    for head in checked.heads:
        if head.loss is None or head.loss.class_name not in _FROM_LOGITS or not head.activation:
            continue
        wanted = _FROM_LOGITS[head.loss.class_name]
        from_logits = head.loss["from_logits"] is True
        word = head.loss.class_name
        layer = f"`{head.node.name}`" if head.node else "the output"
        if not from_logits and head.activation == "linear":
            checked.reporter.error(
                Code.LOGITS_AS_PROBABILITIES,
                head.loss_place,
                f"`{word}` takes probabilities and gets logits",
                label=f"{layer} has no activation, and `from_logits` is false",
                help=f"write `{{{word}: {{from_logits: true}}}}`, or `activation: {wanted}`",
            )
        if from_logits and head.activation in _PROBABILITIES:
            path = f"{head.loss_path}.from_logits"
            checked.reporter.error(
                Code.PROBABILITIES_AS_LOGITS,
                checked.spec.places.value(path),
                f"`{word}` takes logits and gets probabilities",
                label=f"{layer} ends with {head.activation}, and `from_logits` is true",
                help=f"leave `from_logits` out, or the {head.activation}",
            )


def _loss_against_target(checked: Checked) -> None:
    """Report a loss for ids on one-hot targets, the reverse, or a binary loss on classes."""
    for head in checked.heads:
        if head.loss is None or not isinstance(head.target, ClassFeature):
            continue
        word = head.loss.class_name
        if word in _ON_IDS and head.target.one_hot:
            code, label = Code.SPARSE_LOSS_ON_ONE_HOT, f"`{head.name}` is one-hot"
            message, help_ = f"`{word}` takes class ids", "write `CategoricalCrossentropy`"
        elif word in _ON_ONE_HOT and not head.target.one_hot:
            code, label = Code.CATEGORICAL_LOSS_ON_IDS, f"`{head.name}` holds class ids"
            message, help_ = (
                f"`{word}` takes one-hot vectors",
                "write `SparseCategoricalCrossentropy`",
            )
        elif word in _BINARY:
            code = Code.BINARY_LOSS_ON_CLASSES
            label = f"`{head.name}` has {head.target.num_classes} classes"
            message = f"`{word}` takes two classes as 0 and 1"
            help_ = "write `SparseCategoricalCrossentropy`, or make the target `binary`"
        elif word in _ON_NUMBERS and not head.target.one_hot:
            code, label = Code.NUMBER_LOSS_ON_CLASSES, f"`{head.name}` holds class ids"
            message = f"`{word}` takes ids for numbers with an order"
            help_ = "write `SparseCategoricalCrossentropy`, or make the target a `number`"
        else:
            continue
        checked.reporter.error(code, head.loss_place, message, label=label, help=help_)


def _head_width(checked: Checked) -> None:
    """Report a head with another number of units than there are classes, or ids."""
    for head in checked.heads:
        wanted = _wanted_width(head)
        if wanted is None or head.width is None or head.width == wanted:
            continue
        if head.loss is not None and head.loss.class_name in _BINARY:
            continue
        what = "ids" if isinstance(head.target, TokensFeature) else "classes"
        trail = head.node.trail if head.node else ()
        with checked.reporter.within(*trail):
            checked.reporter.error(
                Code.HEAD_WIDTH,
                head.place,
                f"the head of `{head.name}` has {head.width} units for {wanted} {what}",
                label=f"{head.width} here",
                help=f"write `{wanted}`",
            )


def _wanted_width(head: Head) -> int | None:
    if isinstance(head.target, ClassFeature):
        return head.target.num_classes
    return head.target.num_ids if isinstance(head.target, TokensFeature) else None


def _sigmoid(checked: Checked) -> None:
    """Report a sigmoid before a loss over exclusive classes."""
    for head in checked.heads:
        word = head.loss.class_name if head.loss else ""
        if head.activation == "sigmoid" and word in (*_ON_IDS, *_ON_ONE_HOT):
            checked.reporter.error(
                Code.SIGMOID_WITH_CATEGORICAL,
                head.loss_place,
                f"`{word}` needs a distribution over the classes",
                label=f"`{head.name}` ends with sigmoid, which gives each class its own",
                help="write `activation: softmax`, or a binary loss",
            )


def _embeddings(checked: Checked) -> None:
    """Report an embedding with fewer rows than its feature has ids."""
    for node, feature in _reading_features(checked, (TokensFeature, CategoryFeature)):
        layer = node.operation
        if not isinstance(layer, Object) or layer.class_name != "Embedding":
            continue
        assert isinstance(feature, TokensFeature | CategoryFeature)
        ids = feature.num_ids
        rows = layer["input_dim"]
        if isinstance(rows, int) and rows < ids:
            flat_node = node_of(checked.flat, node.name)
            assert flat_node is not None
            with checked.reporter.within(*flat_node.trail):
                checked.reporter.error(
                    Code.EMBEDDING_TOO_SMALL,
                    flat_node.places.get("input_dim", flat_node.head),
                    f"`{node.name}` has {rows} rows for {ids} ids",
                    label="ids past the last row have no vector",
                    help=f"write `input_dim: {ids}`",
                )


def _reading_features(checked: Checked, kinds: tuple[type, ...]) -> Iterator[tuple[Node, object]]:
    """Yield each node that reads a feature of these kinds directly, with the feature."""
    for node in checked.graph.nodes if checked.data else ():
        assert checked.data is not None
        if isinstance(node.inputs, Reference) and node.inputs.node in checked.data.inputs:
            feature = checked.data.inputs[node.inputs.node]
            if isinstance(feature, kinds):
                yield node, feature


def _monitors(checked: Checked) -> None:
    """Report a callback that watches a figure nobody computes."""
    training = checked.training
    if training is None or not checked.graph.outputs:
        return
    validated = checked.data is None or bool(checked.data.split.validation)
    known = computed_figures(training, [name for name, _ in checked.graph.outputs])
    for index, callback in enumerate(training.callbacks):
        monitor = _monitor(callback)
        if monitor is None:
            continue
        path = f"training.callbacks.{index}.monitor"
        place = checked.spec.places.value(path)
        plain = monitor.removeprefix("val_")
        if plain not in known:
            near = suggest(plain, known) or _beginning_alike(plain, known)
            prefix = "val_" if monitor.startswith("val_") else ""
            checked.reporter.error(
                Code.UNCOMPUTED_MONITOR,
                place,
                f"`{callback.class_name}` watches `{monitor}`, which nothing computes",
                label=f"computed are {', '.join(known)}",
                help=f"write `monitor: {prefix}{near or 'loss'}`",
            )
        elif monitor.startswith("val_") and not validated:
            checked.reporter.error(
                Code.NO_VALIDATION,
                place,
                f"`{callback.class_name}` watches `{monitor}` and there are no validation rows",
                label="`data.split` sets none aside",
                help=f"write `validation: 0.1` under `data.split`, or `monitor: {plain}`",
            )


def _beginning_alike(word: str, known: tuple[str, ...]) -> str | None:
    """Return the figure that `acc` is short for, or that is short for `accuracy`."""
    alike = (name for name in known if name.startswith(word) or word.startswith(name))
    return next(alike, None)


def _monitor(callback: Object) -> str | None:
    try:
        monitor = callback["monitor"]
    except KeyError:
        return None
    return monitor if isinstance(monitor, str) else None


def _pixels(checked: Checked) -> None:
    """Warn of pixels from 0 to 255 that nothing scales."""
    for name, feature in checked.data.inputs.items() if checked.data else ():
        if not isinstance(feature, ImageFeature) or feature.scale or feature.standardize:
            continue
        readers = [n for n, f in _reading_features(checked, (ImageFeature,)) if f is feature]
        if any(_scales(node) for node in readers):
            continue
        checked.reporter.error(
            Code.UNSCALED_PIXELS,
            checked.spec.places.key(f"data.inputs.{name}"),
            f"the pixels of `{name}` are not scaled",
            label="they reach the first layer as they are stored",
            help="add `scale: $1/255`, or a `Rescaling` layer",
        )


def _scales(node: Node) -> bool:
    scaling = ("Rescaling", "Normalization", "BatchNormalization", "LayerNormalization")
    return isinstance(node.operation, Object) and node.operation.class_name in scaling


def _augmentation(checked: Checked) -> None:
    """Warn of augmentation that expects pixels in another range than the data gives."""
    for node, feature in _reading_features(checked, (ImageFeature,)):
        layer = node.operation
        assert isinstance(feature, ImageFeature)
        if not isinstance(layer, Object) or not feature.scale:
            continue
        try:
            value_range = layer["value_range"]
        except KeyError:
            continue
        if value_range == (0, 255):
            flat_node = node_of(checked.flat, node.name)
            assert flat_node is not None
            checked.reporter.error(
                Code.AUGMENTATION_RANGE,
                flat_node.places.get("value_range", flat_node.head),
                f"`{node.name}` expects pixels from 0 to 255",
                label=f"the feature scales them by {feature.scale:g}",
                help="write `value_range: [0, 1]`",
            )


def _training_flags(checked: Checked) -> None:
    """Warn of a `training` flag in the graph, which `fit` overrides."""
    for node in checked.graph.nodes:
        if "training" in node.call:
            flat_node = node_of(checked.flat, node.name)
            assert flat_node is not None
            with checked.reporter.within(*flat_node.trail):
                checked.reporter.error(
                    Code.TRAINING_FLAG,
                    flat_node.places.get("call.training", flat_node.head),
                    f"`training` of `{node.name}` does not hold while the model is trained",
                    label="`fit` sets it for every layer",
                    help="write `trainable: false` beside the layer to freeze it",
                )


def _gates(checked: Checked) -> None:
    """Report a gate, or a championship, on a metric that is not measured."""
    evaluation = checked.spec.evaluation
    if evaluation is None or not whole(evaluation):
        return
    asked = {f"evaluation.gates.{gate.metric}": gate.metric for gate in evaluation.gates}
    if evaluation.champion is not None:
        asked["evaluation.champion.metric"] = evaluation.champion.metric
    for path, metric in asked.items():
        free = path.startswith("evaluation.gates") and metric in GATED_WITHOUT_METRIC
        if metric in evaluation.metrics or free:
            continue
        places = checked.spec.places
        checked.reporter.error(
            Code.UNKNOWN_METRIC,
            places.key(path) if "gates" in path else places.value(path),
            f"`{metric}` is asked for and not measured",
            label="not among `evaluation.metrics`",
            help=f"add `{metric}` to `evaluation.metrics`",
        )


def _backend(checked: Checked) -> None:
    """Report what the backend that the spec names cannot run."""
    runtime = checked.spec.runtime
    backend = None if isinstance(runtime, Poison) else runtime.backend
    if not isinstance(backend, str):
        return
    chosen = Related(checked.spec.places.value("runtime.backend"), "the backend is named here")
    for limit in limits(checked.graph, backend):
        flat_node = node_of(checked.flat, limit.node.name)
        assert limit.node.place is not None
        with checked.reporter.within(*(flat_node.trail if flat_node else ())):
            checked.reporter.error(
                Code.NOT_ON_BACKEND,
                limit.node.place,
                limit.message,
                label=limit.reason,
                help="write `backend: tensorflow` under `runtime`",
                related=(chosen,),
            )


def _report_mask(node: Node, checked: Checked) -> None:
    flat_node = node_of(checked.flat, node.name)
    assert flat_node is not None
    assert isinstance(node.operation, Object)
    checked.reporter.error(
        Code.DROPPED_MASK,
        flat_node.head,
        f"`{node.name}` drops the mask of its input",
        label=f"`{node.operation.class_name}` does not use masks",
        help="leave `mask_zero` out, or put a layer that uses the mask before it",
    )


RULES: tuple[Callable[[Checked], None], ...] = (
    _logits,
    _loss_against_target,
    _head_width,
    _sigmoid,
    _embeddings,
    _monitors,
    _pixels,
    _augmentation,
    _training_flags,
    _gates,
    _backend,
)
