"""Activations and keras.ops -> entries of the catalogue."""

import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import keras

from dlspec.backends.introspect.class_entries import Corrections
from dlspec.backends.introspect.evidence import Evidence, gather_evidence
from dlspec.backends.introspect.inventory import Member
from dlspec.backends.introspect.parameter_types import decide_parameter_type, describe_parameter
from dlspec.backends.introspect.probe import REFUSALS, Probe

_VARIADIC = inspect.Parameter.VAR_POSITIONAL
_KEYWORDS = inspect.Parameter.VAR_KEYWORD
_OPERAND = (
    r"^(?:\S+ ){0,4}(?:input|keras)? ?(?:tensors?|array|matri|sequence of (?:tensors|arrays))|"
    r"\btensors?\b|array[_-]like|^input|^first input|^second input"
)
_OPERAND_NAMES = frozenset({"x", "x1", "x2", "y", "xs", "inputs", "a", "b", "operands", "tensor"})
_MANY = frozenset({"xs", "operands", "condlist", "choicelist"})


def function_entry_fields(member: Member, corrections: Corrections) -> dict[str, Any]:
    """Return the catalogue's fields of an activation or an operation."""
    target = member.target
    asked = Probe(target, None)
    given = [p for p in inspect.signature(target).parameters.values() if p.kind != _KEYWORDS]
    if member.kind == "activation":
        # Keras passes the tensor; what else an activation takes, only its layer can say.
        given = given[1:]
    parameters = [
        _describe_function_parameter(gather_evidence(target, p, asked), p, corrections)
        for p in given
    ]
    tensors = [p["name"] for p in parameters if p["type"] in {"tensor", "tensors"}]
    fields = {"module": target.__module__, "parameters": parameters, "tensors": tensors}
    if member.kind == "op" and (reason := _why_no_graph_node(member, parameters)):
        return {"module": target.__module__, "forbidden": reason}
    return fields


def _describe_function_parameter(
    evidence: Evidence, parameter: inspect.Parameter, corrections: Corrections
) -> dict[str, Any]:
    correction = dict(corrections.get(evidence.name, {}))
    if "type" not in correction and _carries_tensors(evidence):
        many = evidence.name in _MANY or parameter.kind == _VARIADIC
        correction["type"] = "tensors" if many else "tensor"
    return describe_parameter(evidence, correction)


def _carries_tensors(evidence: Evidence) -> bool:
    if not evidence.required and evidence.default is not None:
        return False
    if evidence.required and evidence.name in _OPERAND_NAMES:
        return True
    return evidence.says(_OPERAND) and decide_parameter_type(evidence) in {"any", "tensor"}


def _why_no_graph_node(member: Member, parameters: list[dict[str, Any]]) -> str | None:
    """Return why a spec cannot call an operation, None when it can."""
    if any(p["type"] == "callable" and "default" not in p for p in parameters):
        return "it takes a Python function, which a spec cannot hold"
    if not any(p["type"] in {"tensor", "tensors"} for p in parameters):
        return "it takes no tensor, so it is no node of a graph"
    if not _gives_tensors(member, parameters):
        return "it gives no tensor, so it is no node of a graph"
    return None


def _gives_tensors(member: Member, parameters: list[dict[str, Any]]) -> bool:
    """Return whether a symbolic call gives tensors; True where no sample call goes through."""
    required = [p for p in parameters if "default" not in p]
    for values in itertools.product(*(list(_sample_operands(p)) for p in required)):
        try:
            result = member.target(*values)
        except REFUSALS:
            continue
        return any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten(result))
    return True


def _sample_operands(parameter: dict[str, Any]) -> Iterator[object]:
    if parameter["type"] == "tensor":
        yield keras.KerasTensor((4, 4))
        yield keras.KerasTensor((4, 4), dtype="int32")
    elif parameter["type"] == "tensors":
        yield [keras.KerasTensor((4, 4)), keras.KerasTensor((4, 4))]
    else:
        yield from (1, 2, (4, 4), (2, 8), 0.5, "float32")
