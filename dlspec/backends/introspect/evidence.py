"""All that is known of one parameter before its type is decided."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dlspec.backends.introspect import docstrings
from dlspec.backends.introspect import source_facts as sources
from dlspec.backends.introspect.probe import Probe

_QUOTED = re.compile(r"[\"'`]([A-Za-z][\w+-]*)[\"'`]+")
_ONE_OF = re.compile(
    r"\b(?:one of|either|options|supported values|acceptable values|can be|supports)\b"
    r"(?P<list>[^.]*?(?:[\"'`][\w+-]+[\"'`]+)[^.]*)",
    re.IGNORECASE,
)
# A list of words stands near the start of a description; further on quotes are examples.
_NEAR = 160
_NONSENSE = "no_such_word"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One parameter of a class or function: signature, docstring, and a probe of its owner."""

    owner: Callable[..., Any]
    name: str
    required: bool
    default: Any
    text: str
    probe: Probe

    @property
    def lower(self) -> str:
        """Return the docstring's text in lower case, without an article or `Python` before it."""
        return re.sub(r"^(?:(?:an?|the|single|python|positive|optional) )+", "", self.text.lower())

    def says(self, pattern: str) -> bool:
        """Return whether the docstring's text contains the pattern."""
        return re.search(pattern, self.lower) is not None

    def accepts(self, value: object) -> bool:
        """Return whether the constructor takes the value for this parameter."""
        return self.probe.accepts(self.name, value)

    @property
    def is_standardized_tuple(self) -> bool:
        """Return whether the owner's source reads the argument as an integer or a tuple of them."""
        owner = self.owner
        return inspect.isclass(owner) and sources.passes_standardize_tuple(owner, self.name)

    @property
    def rank(self) -> int | None:
        """Return how many items a list has: the class's rank, else the default's or text's length.

        Functions serve every rank.
        """
        if not inspect.isclass(self.owner):
            return None
        if digit := re.search(r"(\d)D", self.owner.__name__):
            return int(digit[1])
        if isinstance(self.default, tuple):
            return len(self.default)
        number = re.search(r"(?:tuple|list)s?(?:/list)? of (?:size )?(2|two|3|three)\b", self.lower)
        return {"2": 2, "two": 2, "3": 3, "three": 3}[number[1]] if number else None


def gather_evidence(
    owner: Callable[..., Any], parameter: inspect.Parameter, probe: Probe
) -> Evidence:
    """Return what is known of one parameter of a class or function."""
    required = parameter.default is inspect.Parameter.empty
    return Evidence(
        owner=owner,
        name=parameter.name,
        required=required,
        default=None if required else parameter.default,
        text=docstrings.documented_arguments(owner).get(parameter.name, ""),
        probe=probe,
    )


def accepted_words(evidence: Evidence) -> tuple[str, ...]:
    """Return the closed set of words that the parameter takes; empty when it takes any text.

    Where construction refuses a word that does not exist, it also settles which of the words of the
    docstring, the source and the refusal itself it takes. Where it accepts anything, only a
    docstring that lists the words makes a closed set.
    """
    asked = evidence.probe
    if asked.baseline is None or not (refused := asked.refusal(**{evidence.name: _NONSENSE})):
        return _documented_words(evidence.text)
    compared = (
        sources.compared_words(evidence.owner, evidence.name)
        if inspect.isclass(evidence.owner)
        else ()
    )
    candidates = (*_QUOTED.findall(evidence.text), *compared, *_QUOTED.findall(refused))
    return tuple(word for word in dict.fromkeys(candidates) if evidence.accepts(word))


def _documented_words(text: str) -> tuple[str, ...]:
    found = _ONE_OF.search(text[:_NEAR])
    listed = tuple(dict.fromkeys(_QUOTED.findall(found["list"]))) if found else ()
    return tuple(w for w in listed if w not in {"None", "True", "False"})
