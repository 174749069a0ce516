"""`prediction.generate` against the rest of a spec: ids in, ids out, and no look ahead."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from dlspec.decode.spec import ModelSpec
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import agreed, counted
from dlspec.diagnostics.findings import Related, Reporter
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.flat import FlatGraph
from dlspec.language.catalogue import Object, SightTrait
from dlspec.language.features import TextFeature, TokensFeature
from dlspec.language.loss_records import loss_record
from dlspec.language.prediction import Generation
from dlspec.language.sections import Data, is_free_of_poison
from dlspec.resolve.plan import Graph, Node, Reference
from dlspec.rules.lookahead import sight_of
from dlspec.rules.subject import Checked

_SECTION = "prediction.generate"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the rules of generation look at."""

    generate: Generation
    spec: ModelSpec
    graph: Graph
    reporter: Reporter

    def report_generation_conflict(
        self, key: str, message: str, label: str, help_: str | None = None
    ) -> None:
        place = self.spec.places.value(f"{_SECTION}.{key}")
        self.reporter.error(Code.NOT_GENERATED, place, message, label=label, help=help_)


def report_generation(subject: Checked) -> None:
    """Report why the model cannot say ids one after another as `prediction.generate` asks."""
    spec, graph, flat = subject.spec, subject.graph, subject.flat
    if spec.prediction is None or not is_free_of_poison(spec.prediction) or not graph.outputs:
        return
    if spec.prediction.generate is None:
        return
    checked = _Asked(spec.prediction.generate, spec, graph, subject.reporter)
    named = _check_input(checked)
    output = _check_generated_output(checked)
    if output is None or not named:
        return
    if spec.data is not None and is_free_of_poison(spec.data):
        _check_data(checked, spec.data, output)
    _check_loss(checked, output)
    if len(graph.nodes) == len(flat.nodes):
        _check_causal(checked, output, flat)


def generated_output(generate: Generation, graph: Graph) -> str | None:
    """Return the name of the output that `generate` means; None when it is none, or unsaid."""
    names = [name for name, _ in graph.outputs]
    if generate.output is None:
        return names[0] if len(names) == 1 else None
    return generate.output if generate.output in names else None


def _check_input(checked: _Asked) -> bool:
    names = [declared.name for declared in checked.graph.inputs]
    if checked.generate.input in names:
        return True
    near = replacement_word(checked.generate.input, names, work=checked.reporter.work)
    checked.reporter.error(
        Code.UNKNOWN_NAME,
        checked.spec.places.value(f"{_SECTION}.input"),
        f"the model has no input `{checked.generate.input}`",
        label=f"its inputs are {', '.join(names)}",
        help=near,
    )
    return False


def _check_generated_output(checked: _Asked) -> str | None:
    output = generated_output(checked.generate, checked.graph)
    if output is not None:
        return output
    names = [name for name, _ in checked.graph.outputs]
    if checked.generate.output is None:
        checked.reporter.error(
            Code.MISSING_KEY,
            checked.spec.places.key(_SECTION),
            "`generate` needs `output`",
            label=f"the model has the outputs {', '.join(names)}",
            help=f"add `output: {names[0]}`",
        )
    else:
        near = replacement_word(checked.generate.output, names, work=checked.reporter.work)
        checked.reporter.error(
            Code.UNKNOWN_NAME,
            checked.spec.places.value(f"{_SECTION}.output"),
            f"the model has no output `{checked.generate.output}`",
            label=f"its outputs are {', '.join(names)}",
            help=near,
        )
    return None


# -- ids in and ids out ------------------------------------------------------------------------


def _check_data(checked: _Asked, data: Data, output: str) -> None:
    name = checked.generate.input
    said, target = data.inputs.get(name), data.targets.get(output)
    if said is None or target is None:
        return  # reported with the other names that do not agree
    if not isinstance(said, TokensFeature | TextFeature):
        checked.report_generation_conflict(
            "input",
            f"`{name}` holds no sequence of ids",
            "its feature is neither `tokens` nor `text`",
        )
        return
    if not isinstance(target, TokensFeature | TextFeature):
        checked.report_generation_conflict(
            "output",
            f"`{output}` gives no sequence of ids",
            "its target is neither `tokens` nor `text`",
        )
        return
    if said.length != target.length:
        checked.report_generation_conflict(
            "input",
            f"`{name}` and `{output}` have different lengths",
            f"{counted(said.length, 'id')} {agreed(said.length, 'go')} in, {target.length} "
            f"{agreed(target.length, 'come')} out",
            "give both features the same `length`",
        )
    _check_fill(checked, {"input": (name, said), "output": (output, target)})
    if said.num_ids is None or target.num_ids is None:
        return  # only a file tells how many there are
    if said.num_ids < target.num_ids:
        checked.report_generation_conflict(
            "input",
            f"`{name}` cannot take back every id that `{output}` gives",
            f"it knows {counted(said.num_ids, 'id')}, `{output}` gives {target.num_ids}",
            f"write `vocabulary: {target.num_ids}` for both",
        )
    _check_numbers(checked, said.length, said.num_ids, target.num_ids)


def _check_fill(
    checked: _Asked, sides: Mapping[str, tuple[str, TokensFeature | TextFeature]]
) -> None:
    for key, (name, feature) in sides.items():
        if feature.pad == "start":
            checked.report_generation_conflict(
                key,
                f"`{name}` is filled up at the start, and ids are said from the first place on",
                "its feature says `pad: start`",
                "write `pad: end` for it",
            )


def _check_numbers(checked: _Asked, length: int, num_said: int, num_told: int) -> None:
    generate = checked.generate
    most = {
        "start": (num_said - 1, "ids of the input are below its vocabulary"),
        "stop": (num_told - 1, "ids of the output are below its vocabulary"),
        "length": (length, "the input holds no more"),
        "beam": (num_told, "the first step tells no more sequences apart"),
    }
    for key, (bound, why) in most.items():
        value = getattr(generate, key)
        if value is not None and value > bound:
            checked.reporter.error(
                Code.OUT_OF_RANGE,
                checked.spec.places.value(f"{_SECTION}.{key}"),
                f"`{key}` must be at most {bound}",
                label=f"{value} is outside of that",
                notes=(why,),
            )


def _check_loss(checked: _Asked, output: str) -> None:
    training = checked.spec.training
    if training is None or not is_free_of_poison(training):
        return
    written, path = training.loss, "training.loss"
    if not isinstance(written, Object):
        path = f"training.loss.{output}"
    loss = written if isinstance(written, Object) else (written or {}).get(output)
    if loss is not None and loss_record(loss).takes not in ("ids", "own"):
        checked.reporter.error(
            Code.NOT_GENERATED,
            checked.spec.places.value(path),
            f"`{output}` gives no distribution over ids",
            label="trained with another loss than a crossentropy over ids",
            help="write `SparseCategoricalCrossentropy`",
            related=(Related(checked.spec.places.key(_SECTION), "ids are generated here"),),
        )


# -- no look ahead -----------------------------------------------------------------------------


def _check_causal(checked: _Asked, output: str, flat: FlatGraph) -> None:
    source = checked.generate.input
    shape = checked.graph.tensor(Reference(source)).shape or ()
    sight = sight_of(checked.graph, dict(checked.graph.outputs)[output], source=source)
    if sight is None:
        checked.report_generation_conflict(
            "input", f"`{output}` does not depend on `{source}`", "it says the same at every step"
        )
    elif sight.ahead is not None and sight.ahead > 0 and sight.node and shape[1:] != (1,):
        _report_ahead(checked, sight.node, sight.ahead, flat)


def _report_ahead(checked: _Asked, node: Node, ahead: float, flat: FlatGraph) -> None:
    source, output = checked.generate.input, generated_output(checked.generate, checked.graph)
    asked = checked.spec.places.key(_SECTION)
    written = flat.node(node.name)
    trail = written.trail if written and written.head == node.place else ()
    seen = f"all of `{source}`" if ahead == math.inf else f"`{source}` up to t + {ahead:.0f}"
    with checked.reporter.with_trail(*trail):
        checked.reporter.error(
            Code.NOT_CAUSAL,
            node.place or asked,
            f"`{node.name}` lets `{output}` see ids that are not said yet",
            label=f"position t of it reads {seen}",
            notes=(f"`generate` fills `{source}` from left to right",),
            help=_ahead_help(node.operation),
            related=(Related(asked, f"`{source}` is generated here"),),
        )


def _ahead_help(operation: object) -> str:
    sight: SightTrait = operation.traits.sight if isinstance(operation, Object) else "unknown"
    match sight:
        case "order":
            assert isinstance(operation, Object)
            return _help_for_recurrent(operation)
        case "both_ways":
            return "take its layer out of `Bidirectional`"
        case "query":
            return "add `call: {use_causal_mask: true}`"
        case "window":
            assert isinstance(operation, Object)
            return _help_for_window(operation)
        case "all" | "crop" | "join" | "last_axis" | "pad" | "position" | "unknown":
            return "use a layer whose position t reads the positions up to t"
        case _:
            assert_never(sight)


def _help_for_recurrent(layer: Object) -> str:
    if layer["go_backwards"] is True:
        return "leave `go_backwards` out"
    if layer["return_sequences"] is True:
        return "hand on its sequence and not its state"
    return "add `return_sequences: true`"


def _help_for_window(layer: Object) -> str:
    padding = layer.entry.parameter_named("padding") if layer.entry else None
    if padding is not None and "causal" in padding.choices:
        return "write `padding: causal`"
    return "write `padding: valid`, and put `ZeroPadding1D: {padding: [n, 0]}` before it"
