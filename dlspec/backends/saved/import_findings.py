"""What is said about a saved model: refusals with their place in graph and file, and notes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dlspec.backends.saved.architecture import Place
from dlspec.backends.saved.document_parts import Path
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import agreed, counted
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Span

# A note stays one line; the rest is counted.
_SHOWN = 3
# Of one kind; more are told in one finding.
_MOST_ALIKE = 12


@dataclass(frozen=True, slots=True)
class _Refused:
    """What no spec can say: a layer, and why."""

    place: Place
    reason: str
    code: Code
    help: str | None


@dataclass(slots=True)
class Findings:
    """Gathers refusals, and notes on what was dropped or assumed, each with its layers."""

    locate: Callable[[Path], Span]
    reporter: Reporter
    _notes: dict[str, list[str]] = field(default_factory=dict)
    _inexact: list[str] = field(default_factory=list)
    _refused: list[_Refused] = field(default_factory=list)

    def refuse(
        self,
        place: Place,
        reason: str,
        *,
        code: Code = Code.FORBIDDEN_CLASS,
        help: str | None = None,
    ) -> None:
        """Keep something of a layer that no spec can say; `report_refusals` tells it."""
        self._refused.append(_Refused(place, reason, code, help))

    def report_refusals(self) -> None:
        """Report what was refused, in its order; where many are alike, the first for all."""
        alike: dict[tuple[Code, str, str], list[Place]] = {}
        for one in self._refused:
            alike.setdefault((one.code, one.reason, one.place.class_name), []).append(one.place)
        for one in self._refused:
            places = alike[one.code, one.reason, one.place.class_name]
            if len(places) <= _MOST_ALIKE:
                self._report_refusal(one)
            elif one.place == places[0]:
                names = [place.name for place in places[1:]]
                others = _note_with_layer_names(
                    f"{counted(len(names), 'more layer')} {agreed(len(names), 'are')} like it",
                    names,
                )
                self._report_refusal(one, others)
        self._refused.clear()

    def _report_refusal(self, one: _Refused, *notes: str) -> None:
        place = one.place
        self.reporter.error(
            one.code,
            self.locate((*place.path, "class_name")),
            f"`{place.name}` of `{place.model}` cannot be said in a spec",
            label=one.reason,
            notes=[
                f"it is a `{place.class_name}`, layer {place.index + 1} of `{place.model}`",
                *notes,
            ],
            help=one.help,
        )

    def report_malformed_part(self, path: Path, reason: str) -> None:
        """Report a part that a file of this form must have."""
        self.reporter.error(
            Code.NOT_A_MODEL, self.locate(path), "the file describes no whole model", label=reason
        )

    def note(self, text: str, place: Place | None = None, *, exact: bool = True) -> None:
        """Keep what a reader of the spec has to know; equal notes are said once, with the layers.

        Args:
            exact: False when the same weights give other outputs.
        """
        if not exact and text not in self._inexact:
            self._inexact.append(text)
        names = self._notes.setdefault(text, [])
        if place is not None and place.name not in names:
            names.append(place.name)

    @property
    def inexact(self) -> tuple[str, ...]:
        """Return the notes that tell of other outputs under the same weights."""
        return tuple(self._inexact)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the notes, each ending with the layers it is about."""
        return tuple(_note_with_layer_names(text, names) for text, names in self._notes.items())


def _note_with_layer_names(text: str, names: list[str]) -> str:
    if not names:
        return text
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{text} ({shown}{more})"
