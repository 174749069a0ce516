"""Data against model: every input has its feature and every output its target, of one shape."""

from collections.abc import Mapping

from dlspec.decode.spec import Places
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.flat import FlatGraph
from dlspec.language.features import Feature
from dlspec.language.sample_draws import JoiningDraw
from dlspec.language.sections import Data, is_free_of_poison
from dlspec.language.tensors import Shape
from dlspec.resolve.minimised_terms import TARGET
from dlspec.resolve.plan import Graph
from dlspec.rules.subject import Checked
from dlspec.syntax.scalars import Poison

_INTEGERS = ("int", "uint")


def report_data_against_model(checked: Checked) -> None:
    """Report every input and target of the data that the model does not fit."""
    data, graph, flat = checked.spec.data, checked.graph, checked.flat
    # One broken feature hides no other: the section need not be whole.
    if not isinstance(data, Data):
        return
    if isinstance(data.sampling, JoiningDraw):
        _check_drawn(data.sampling, checked)
        return
    if is_free_of_poison(data.inputs) and len(graph.inputs) == len(flat.input_places):
        _check_inputs(data.inputs, graph, flat, checked.spec.places, checked.reporter)
    if is_free_of_poison(data.targets) and data.targets and _has_all_outputs(graph, flat):
        read = _targets_read_by_terms(checked)
        _check_targets(data.targets, checked, read=read)


def _has_all_outputs(graph: Graph, flat: FlatGraph) -> bool:
    """Tell whether outputs are known, and none hangs on a node that was reported."""
    return not isinstance(flat.outputs, Poison) and 0 < len(graph.outputs) == len(flat.outputs)


def _targets_read_by_terms(checked: Checked) -> frozenset[str] | None:
    """Return the targets that terms read; None where there are no terms."""
    if checked.objective is None or not checked.has_terms:
        return None
    declared = checked.objective.graph.inputs[len(checked.graph.inputs) :]
    return frozenset(one.name.removeprefix(TARGET) for one in declared)


def _check_drawn(drawn: JoiningDraw, checked: Checked) -> None:
    """Compare the model with what a draw gives it, where the draw can be made."""
    data, graph, flat = checked.data, checked.graph, checked.flat
    if data is None:
        return
    if len(graph.inputs) == len(flat.input_places):
        names = [declared.name for declared in graph.inputs]
        if set(names) == set(data.inputs):
            _check_input_elements(data.inputs, graph, flat, checked.reporter)
        elif names:
            _report_drawn_names(drawn, names, data.inputs, checked)
    if data.targets and _has_all_outputs(graph, flat):
        (made,) = data.targets
        note = f"`sampling: {{{drawn.word}: {drawn.named}}}` makes the target `{made}`"
        read = _targets_read_by_terms(checked)
        _check_targets(data.targets, checked, notes=(note,), read=read)


def _report_drawn_names(
    drawn: JoiningDraw, declared: list[str], features: Mapping[str, Feature], checked: Checked
) -> None:
    """Report a model whose inputs do not carry the names that a draw gives, once."""
    other = next((name for name in declared if name not in features), declared[-1])
    given = {name: one.element for name, one in features.items()}
    texts = [f"{n}: {_input_text(one.shape or (), str(one.dtype))}" for n, one in given.items()]
    checked.reporter.error(
        Code.FEATURE_NAMES,
        checked.flat.input_places[other],
        f"the model's inputs are not those that `{drawn.word}` gives",
        label=f"it gives {', '.join(f'`{name}`' for name in features)}",
        help=f"write `inputs: {{{', '.join(texts)}}}`",
    )


def _check_inputs(
    features: Mapping[str, Feature],
    graph: Graph,
    flat: FlatGraph,
    places: Places,
    reporter: Reporter,
) -> None:
    declared = {i.name: i for i in graph.inputs}
    extra = [name for name in features if name not in declared]
    missing = [name for name in declared if name not in features]
    for name in extra[len(missing) :]:
        near = replacement_word(name, missing, work=reporter.work)
        reporter.error(
            Code.FEATURE_NAMES,
            places.key(f"data.inputs.{name}"),
            f"the model has no input `{name}`",
            label=f"its inputs are {', '.join(declared)}",
            help=near or "leave it out, or add such an input to the model",
        )
    for name in missing:
        near = replacement_word(name, extra, work=reporter.work)
        if near is None and len(extra) == 1:
            near = Replacement(extra[0], certain=False)
        if near is not None and flat.input_places[name].source.packaged:
            # The reader has no such file: the name is changed on the other side.
            reporter.error(
                Code.FEATURE_NAMES,
                places.key(f"data.inputs.{near.text}"),
                f"the packaged architecture has no input `{near.text}`",
                label=f"its inputs are {', '.join(declared)}",
                help=Replacement(name, certain=False),
            )
            continue
        reporter.error(
            Code.FEATURE_NAMES,
            flat.input_places[name],
            f"`data.inputs` has nothing for the input `{name}`",
            label=f"the features are {', '.join(features)}" if features else "no feature",
            help=near or f"add `{name}` under `data.inputs`",
        )
    _check_input_elements(features, graph, flat, reporter)


def _check_input_elements(
    features: Mapping[str, Feature], graph: Graph, flat: FlatGraph, reporter: Reporter
) -> None:
    """Compare shape and dtype of each input with those of its feature, where it has one."""
    for one in graph.inputs:
        name = one.name
        if name not in features:
            continue
        given = features[name].element
        whole = f"{name}: {_input_text(given.shape or (), str(given.dtype))}"
        if not _shapes_agree(one.shape[1:], given.shape or ()):
            _report_input_shape(name, (one.shape[1:], given.shape or ()), whole, flat, reporter)
        if one.dtype.startswith(_INTEGERS) != str(given.dtype).startswith(_INTEGERS):
            _report_input_dtype(name, (one.dtype, str(given.dtype)), whole, flat, reporter)


def _input_text(shape: Shape, dtype: str) -> str:
    """Return what stands behind the name of an input that takes such elements."""
    whole = _shape_text(shape)
    return f"{{shape: {whole}, dtype: {dtype}}}" if dtype.startswith(_INTEGERS) else whole


def _report_input_shape(
    name: str, shapes: tuple[Shape, Shape], whole: str, flat: FlatGraph, reporter: Reporter
) -> None:
    declared, given = (_shape_text(shape) for shape in shapes)
    reporter.error(
        Code.FEATURE_SHAPE,
        flat.input_shapes[name],
        f"the input `{name}` and its feature have different shapes",
        label=f"the model takes {declared}, the data gives {given}",
        help=f"write `{whole}`, or change the feature",
    )


def _report_input_dtype(
    name: str, dtypes: tuple[str, str], whole: str, flat: FlatGraph, reporter: Reporter
) -> None:
    declared, given = dtypes
    reporter.error(
        Code.FEATURE_DTYPE,
        flat.input_places[name],
        f"the input `{name}` and its feature have different dtypes",
        label=f"the model takes {declared}, the data gives {given}",
        help=f"write `{whole}`",
    )


def _check_targets(
    features: Mapping[str, Feature],
    checked: Checked,
    *,
    notes: tuple[str, ...] = (),
    read: frozenset[str] | None = None,
) -> None:
    """Compare targets with outputs; `read` are the targets that terms read, None without terms."""
    graph, flat, reporter = checked.graph, checked.flat, checked.reporter
    outputs = dict(graph.outputs)
    names = list(outputs)
    if read is not None:
        _report_unread_targets(features, names, read, flat, reporter)
        for name in features:
            if name in outputs:
                _check_target(name, features[name], checked)
        return
    if set(features) != set(names):
        missing = [name for name in features if name not in outputs]
        alone = ", ".join(f"`{name}`" for name in names if name not in features)
        listed = ", ".join(f"`{name}`" for name in names)
        wanted = ", ".join(f"`{name}`" for name in features)
        reporter.error(
            Code.OUTPUTS_NOT_TARGETS,
            flat.output_place,
            f"the outputs {listed} do not carry the names of the targets {wanted}",
            label=f"what is learned is {wanted}"
            if notes
            else f"no target is called {listed}"
            if missing
            else f"no target for {alone}",
            notes=notes,
            help=_named_output_help(
                list(features), names, packaged=flat.output_place.source.packaged
            ),
        )
        return
    for name, feature in features.items():
        _check_target(name, feature, checked)


def _report_unread_targets(
    features: Mapping[str, Feature],
    outputs: list[str],
    read: frozenset[str],
    flat: FlatGraph,
    reporter: Reporter,
) -> None:
    for name in features:
        if name not in outputs and name not in read:
            reporter.error(
                Code.OUTPUTS_NOT_TARGETS,
                flat.output_place,
                f"nothing learns the target `{name}`",
                label=f"no output is called `{name}`, and no term reads `target.{name}`",
                help=f"read `target.{name}` in an entry that leads to a term, or leave it out",
            )


def _named_output_help(targets: list[str], outputs: list[str], *, packaged: bool) -> str:
    """Return how outputs come to carry the names of the targets."""
    if len(targets) == len(outputs) == 1 and not packaged:
        return f"write `name: {targets[0]}` beside this layer"
    if len(targets) == len(outputs):
        pairs = ", ".join(f"{t}: {o}" for t, o in zip(targets, outputs, strict=True))
        return f"write `outputs: {{{pairs}}}` beside `{'zoo' if packaged else 'graph'}`"
    return f"name those that are targets under `outputs`: {', '.join(f'`{t}`' for t in targets)}"


def _check_target(name: str, feature: Feature, checked: Checked) -> None:
    """Compare a target with its output; class ids are compared with the head's width by rules.

    Ids that the loss aligns with the steps are compared with those by a rule of their own.
    """
    graph, flat, reporter = checked.graph, checked.flat, checked.reporter
    output = graph.tensor(dict(graph.outputs)[name])
    given = feature.element.shape
    aligned = any(head.is_aligned for head in checked.heads if head.name == name)
    if output.shape is None or given is None or aligned:
        return
    shape = output.shape[1:]
    has_classes = feature.element.dtype == "int32"
    expected = shape[:-1] if has_classes else shape
    if feature.learned_as == "class" and len(expected) == len(given):
        return
    if len(expected) > len(given):
        reporter.error(
            Code.TARGET_SHAPE,
            flat.output_place,
            f"the output `{name}` has more axes than its target",
            label=f"the model gives {_shape_text(shape)}, the target is {_shape_text(given)}",
            help="put `Flatten` or a global pooling layer before the last one",
        )
    elif not _shapes_agree(expected, given):
        reporter.error(
            Code.TARGET_SHAPE,
            flat.output_place,
            f"the output `{name}` does not have the shape of its target",
            label=f"the model gives {_shape_text(shape)}, the target is {_shape_text(given)}",
            help="change the last layer, or the target",
        )


def _shapes_agree(declared: Shape, given: Shape) -> bool:
    return len(declared) == len(given) and all(
        a is None or b is None or a == b for a, b in zip(declared, given, strict=True)
    )


def _shape_text(shape: Shape) -> str:
    return "[" + ", ".join("null" if extent is None else str(extent) for extent in shape) + "]"
