"""Classes of Keras -> entries of the catalogue."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from dlspec.backends.introspect.evidence import gather_evidence
from dlspec.backends.introspect.inventory import Member, base_class
from dlspec.backends.introspect.parameter_types import describe_parameter
from dlspec.backends.introspect.probe import Probe, probe_constructor

_GIVEN = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
# What every layer takes through **kwargs, and values to ask with.
_OF_EVERY_LAYER = {
    "activity_regularizer": ("l2",),
    "dtype": ("float32", "int32"),
    "trainable": (True,),
}
# None proves nothing: some bases refuse an argument only when it is given.
_ASKED_WITH = (0.5, 2, "channels_last", True)
# Call arguments that are settings, whatever their default.
_SETTINGS = frozenset({"training"})

Corrections = Mapping[str, Mapping[str, Any]]


def class_entry_fields(member: Member, corrections: Corrections) -> dict[str, Any]:
    """Return the catalogue's fields of one class.

    Args:
        member: The class.
        corrections: The overlay's fields by parameter name.
    """
    target = member.target
    assert inspect.isclass(target)
    own = list(_constructor_parameters(target))
    required = [p.name for p in own if p.default is p.empty]
    asked = probe_constructor(target, required)
    everything = (*own, *_inherited_parameters(target, asked))
    return {
        "module": target.__module__,
        "bases": _keras_base_names(target, member),
        **(_call_argument_names(target) if member.kind == "layer" else {}),
        "parameters": [
            describe_parameter(gather_evidence(target, p, asked), corrections.get(p.name, {}))
            for p in everything
            if not (member.kind == "layer" and p.name == "name")
        ],
    }


def _constructor_parameters(target: type) -> Iterator[inspect.Parameter]:
    for parameter in inspect.signature(target).parameters.values():
        if parameter.kind in _GIVEN:
            yield parameter


def _inherited_parameters(target: type, asked: Probe) -> Iterator[inspect.Parameter]:
    """Yield the parameters of base classes that **kwargs takes and the config keeps."""
    taken = {}
    for parameter in _parameters_of_bases(target):
        values = _OF_EVERY_LAYER.get(parameter.name, _ASKED_WITH)
        value = next((v for v in values if asked.accepts(parameter.name, v)), None)
        if value is not None:
            taken[parameter] = value
    kept = asked.kept({parameter.name: value for parameter, value in taken.items()})
    yield from (parameter for parameter in taken if parameter.name in kept)


def _parameters_of_bases(target: type) -> Iterator[inspect.Parameter]:
    """Yield the parameters of base classes that the class does not name itself, nearest first."""
    seen = {p.name for p in _constructor_parameters(target)} | {"autocast", "name"}
    for base in target.__mro__[1:]:
        if base.__module__.startswith("keras") and "__init__" in vars(base):
            for parameter in list(inspect.signature(vars(base)["__init__"]).parameters.values())[
                1:
            ]:
                if parameter.name not in seen and parameter.kind in _GIVEN:
                    seen.add(parameter.name)
                    yield parameter


def _keras_base_names(target: type, member: Member) -> list[str]:
    """Return the Keras classes between a class and the base of its kind, nearest first."""
    base = base_class(member.kind)
    assert base is not None
    between = [c for c in target.__mro__[1:] if issubclass(c, base) and c is not base]
    return [c.__name__ for c in between]


def _call_argument_names(target: type) -> dict[str, list[str]]:
    """Return the names of a layer's call arguments, and which of them carry tensors."""
    layer: Any = target
    parameters = list(inspect.signature(layer.call).parameters.values())[1:]
    given = [p for p in parameters if p.kind in _GIVEN]
    tensors = [p for p in given if not isinstance(p.default, bool) and p.name not in _SETTINGS]
    return {
        "call": [p.name for p in given],
        "tensors": [p.name for p in tensors],
        "required_tensors": [p.name for p in tensors if p.default is p.empty],
    }
