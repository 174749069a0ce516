"""Findings, the reporter that gathers them, and their layout as text."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from dlspec.diagnostics.codes import _WARNINGS, Code, Severity
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.excerpts import FRAME, Frame, Style, excerpt_lines, visible_text
from dlspec.diagnostics.folding import folded_text
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.work import CHARACTERS_IN_A_STEP, FINDING_STEPS, Work


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains the first, such as the line that used a block."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """A repair that a program can write: `text` in the place of what a finding marks.

    Args:
        text: What stands there afterwards, as it is written in the file.
        because: What follows "write `text`" in the help, such as a second way; "" for nothing.
        say: The whole help, where it says more than "write"; "" for that.
        certain: Whether nothing else can have been meant, so that `check --fix` writes it.
    """

    text: str
    because: str = ""
    say: str = ""
    certain: bool = True

    def __str__(self) -> str:
        """Return the help for a person."""
        return self.say or f"write `{self.text}`{self.because}"


Help = str | Replacement


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong, where, and what to do about it."""

    code: Code
    message: str
    span: Span
    label: str = ""
    notes: tuple[str, ...] = ()
    help: str | None = None
    related: tuple[Related, ...] = ()
    replacement: Replacement | None = None

    @property
    def severity(self) -> Severity:
        """Return "warning" for the rules that do not stop a run, else "error"."""
        return "warning" if self.code in _WARNINGS else "error"

    def __str__(self) -> str:
        """Return the finding as text, with its source line, without colour."""
        return render_text(self)


@dataclass(slots=True)
class Reporter:
    """Gathers the findings of one compilation, in the order of the text, each once.

    `work` counts what finding them takes; without it nothing is counted.
    """

    related: tuple[Related, ...] = ()
    work: Work | None = None
    _found: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[Code, Span, str]] = field(default_factory=set)

    def error(  # noqa: PLR0913 - a finding has this many parts
        self,
        code: Code,
        span: Span,
        message: str,
        *,
        label: str = "",
        notes: Iterable[str] = (),
        help: Help | None = None,
        related: Iterable[Related] = (),
    ) -> None:
        """Add a finding; whether it is an error or a warning follows from its code."""
        everything = tuple(r for r in (*related, *self.related) if r.span != span)
        said = None if help is None else str(help)
        written = help if isinstance(help, Replacement) else None
        self.add(Diagnostic(code, message, span, label, tuple(notes), said, everything, written))

    def add(self, found: Diagnostic) -> None:
        """Add a finding that is made already, unless it is there."""
        said = (found.message, found.label, str(found.help or ""), *found.notes)
        self.spend(FINDING_STEPS + sum(map(len, said)) // CHARACTERS_IN_A_STEP, found.span)
        # A block used five times has each of its mistakes once, whatever the nodes are called.
        what = (found.code, found.span, "" if found.related else found.message)
        if what not in self._seen:
            self._seen.add(what)
            self._found.append(found)

    def spend(self, steps: int, span: Span | None = None) -> None:
        """Count work that the text at `span` asks for.

        Raises:
            WorkSpentError: If it asks for more than a compilation may take.
        """
        if self.work is not None:
            self.work.spend(steps, span)

    @contextmanager
    def with_trail(self, *trail: Related) -> Iterator[None]:
        """Add the places that led here to every finding inside the `with` block."""
        before = self.related
        self.related = (*trail, *before)
        yield
        self.related = before

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the findings, those of one source together, by line and column."""
        order = {id(d.span.source): i for i, d in reversed(list(enumerate(self._found)))}
        return tuple(
            sorted(
                self._found,
                key=lambda d: (order[id(d.span.source)], d.span.line, d.span.column, d.code.value),
            )
        )

    def has_code(self, code: Code) -> bool:
        """Return whether a finding with this code is there."""
        return any(found.code is code for found in self._found)

    @property
    def failed(self) -> bool:
        """Return whether at least one finding is an error."""
        return any(d.severity == "error" for d in self._found)

    def raise_errors(self) -> None:
        """Raise what was found when at least one finding is an error.

        Raises:
            SpecError: If there is an error among the findings; it carries the warnings too.
        """
        if self.failed:
            raise SpecError(self.diagnostics)


class SpecError(ValueError):
    """A spec that cannot be compiled; `diagnostics` says why, every reason at once."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n\n".join(str(d) for d in diagnostics))


# More uses of one block say nothing new; the rest is counted.
_MOST_RELATED = 4


_BOLD = "1"


_TINTS: dict[Severity, str] = {"error": "1;31", "warning": "1;33"}


def render_text(found: Diagnostic, *, color: bool = False, columns: int | None = None) -> str:
    """Return a finding as `dlspec check` prints it, its source in lines of at most 120 columns.

    Args:
        color: Whether to write ANSI colours, for a terminal.
        columns: Those of a terminal, into which all lines are folded; None folds none.
    """
    style, tint = Style(color), _TINTS[found.severity]
    shown = found.related[:_MOST_RELATED]
    digits = max(len(str(span.line)) for span in (found.span, *(r.span for r in shown)))
    frame = Frame(digits, style, columns)
    code = f"{found.severity}[{found.code.value}]"
    head, *more = folded_text(
        f": {visible_text(found.message)}", columns=columns, first=len(code), indent=2
    )
    lines = [style(code, tint) + style(head, _BOLD), *(style(line, _BOLD) for line in more)]
    places = [(found.span, found.label, "-->", "^", tint)]
    places += [(r.span, r.message, ":::", "-", FRAME) for r in shown]
    for span, label, arrow, mark, paint in places:
        where = f"{visible_text(span.source.path)}:{span.line}:{span.column}"
        lines.append(f"{' ' * digits}{style(arrow, FRAME)} {where}")
        lines += excerpt_lines(span, frame, mark=mark, label=label, tint=paint)
    said = [f"note: {note}" for note in found.notes]
    if len(found.related) > len(shown):
        said.append(f"note: and from {counted(len(found.related) - len(shown), 'more place')}")
    if found.help is not None:
        said.append(f"help: {found.help}")
    equals = f"{' ' * digits} {style('=', FRAME)}"
    for text in said:
        # Behind `= `, and what goes on below the words behind `note: `.
        head, *more = folded_text(
            visible_text(text), columns=columns, first=digits + 3, indent=digits + 9
        )
        lines += [f"{equals} {head}", *more]
    return "\n".join(lines)
