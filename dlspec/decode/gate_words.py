"""What stands under `evaluation.gates`: a metric, maybe of one target, and a comparison."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from dlspec.diagnostics.findings import Replacement
from dlspec.diagnostics.suggest import suggest
from dlspec.diagnostics.work import Work
from dlspec.language import kinds
from dlspec.language.catalogue import Object
from dlspec.language.figures import AskedMetric, better_of
from dlspec.language.metrics import COST_FIGURES, GATED_WITHOUT_METRIC, METRIC_OF
from dlspec.language.penalty_figures import is_penalty_figure
from dlspec.language.sections import Gate
from dlspec.syntax.substitution import share_of_percent

_REQUIREMENT = re.compile(
    r"\s*(>=|<=|>|<)\s*([-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?)\s*\Z"
)


def read_gate(metric: str, requirement: str) -> Gate | None:
    """Return a gate from a comparison such as `>= 0.97`; None where the text is none."""
    match = _REQUIREMENT.match(requirement)
    if match is None:
        return None
    return Gate(metric, match[1], float(match[2].replace("_", "")))  # type: ignore[arg-type]  # the pattern allows no other sign


@dataclass(frozen=True, slots=True)
class GatedFigures:
    """What gates of a spec may ask for beside the metrics of the language.

    Attributes:
        terms: What the training minimises beside its losses.
        measured: The metrics of Keras that are asked for, by the names of their figures.
    """

    terms: Collection[str] = ()
    measured: Mapping[str, Object] = field(default_factory=dict)


def example_comparison(metric: str, figures: GatedFigures) -> str:
    """Return what a gate of this metric may look like, as a spec writes it."""
    if metric in COST_FIGURES:
        return '"<= 100_000"'
    return '"<= 0.5"' if _is_better_below(metric, figures) else '">= 0.97"'


def _is_better_below(name: str, figures: GatedFigures) -> bool:
    """Return whether less is better of a metric, maybe of one target, or of a term."""
    known_below = (*GATED_WITHOUT_METRIC, *figures.terms)
    if name in known_below or is_penalty_figure(name):
        return True
    known: dict[str, AskedMetric] = {**{own: own for own in METRIC_OF}, **figures.measured}
    of_target = [metric for metric in known if name.endswith(f"_{metric}")]
    # `price_balanced_accuracy` ends in two of them, and means the longer one.
    metric = name if name in known else max(of_target, key=len, default=None)
    return metric is not None and better_of(known[metric]) == "lower"


def comparison_help(metric: str, written: object, figures: GatedFigures) -> Replacement | None:
    """Return the comparison that a text or a number was meant to be; None where none is near."""
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        return None
    signs = _MISTYPED_SIGN.match(str(written))
    assert signs is not None, "every part may be missing"
    sign, text = signs[1].replace(" ", ""), signs[2].strip()
    number = share_of_percent(text) or text
    # A number alone is the worst that shall pass.
    sign = _SIGNS.get(sign, sign) or ("<=" if _is_better_below(metric, figures) else ">=")
    found = read_gate(metric, f"{sign} {number}")
    return None if found is None else Replacement(f'"{sign} {number}"', certain=bool(signs[1]))


_MISTYPED_SIGN = re.compile(r"\s*([<>=≥≤]? ?[<>=]?)(.*)\Z", re.DOTALL)
_SIGNS = {"=>": ">=", "=<": "<=", "≥": ">=", "≤": "<="}


def is_gate_name(name: str, kind: kinds.Gates, figures: GatedFigures) -> bool:
    """Return whether a gate is a figure, or may be one of a target or layer; rules know those."""
    endings = tuple(f"_{one}" for one in (*kind.by_target, *kind.by_layer, *figures.measured))
    known = (*kind.metrics, *figures.terms, *figures.measured)
    return name in known or name.strip("_").endswith(endings)


def known_gate_names(
    name: str, kind: kinds.Gates, figures: GatedFigures, work: Work | None
) -> tuple[str, ...]:
    """Return what a mistyped gate can have meant: with what looks like a target left as it is."""
    known = (*kind.metrics, *figures.terms, *figures.measured)
    if suggest(name, known, work=work) is None:
        parts = name.split("_")
        for at in range(1, len(parts)):
            endings = (*kind.by_target, *kind.by_layer, *figures.measured)
            near = suggest("_".join(parts[at:]), endings, work=work)
            if near is not None:
                return ("_".join([*parts[:at], near]),)
    return known
