"""What the compiler has to say: codes, findings, and the reporter that gathers them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from dlspec.excerpts import FRAME, Style, excerpt, visible
from dlspec.project import Project
from dlspec.source import Span

Severity = Literal["error", "warning"]


class Code(Enum):
    """Every finding the compiler can report. A code is never reused, renumbered or redefined."""

    # DL1xx: text
    UNREADABLE = "DL101"
    NOT_UTF8 = "DL102"
    YAML_SYNTAX = "DL103"
    DUPLICATE_KEY = "DL104"
    TAG = "DL105"
    ALIAS = "DL106"
    TOO_LARGE = "DL107"
    MERGE_KEY = "DL108"
    KEY_NOT_TEXT = "DL109"
    NOT_ONE_MAPPING = "DL110"
    HUGE_NUMBER = "DL111"
    NOT_A_MODEL = "DL112"
    # DL2xx: words and types
    UNKNOWN_KEY = "DL201"
    MISSING_KEY = "DL202"
    WRONG_TYPE = "DL203"
    OUT_OF_RANGE = "DL204"
    NOT_A_CHOICE = "DL205"
    UNKNOWN_CLASS = "DL206"
    UNKNOWN_ARGUMENT = "DL207"
    MISSING_ARGUMENT = "DL208"
    ARGUMENT_TWICE = "DL209"
    EXPRESSION_SYNTAX = "DL210"
    EXPRESSION_VALUE = "DL211"
    EXPRESSION_NAME = "DL212"
    NOT_ONE_HEAD = "DL213"
    FORBIDDEN_CLASS = "DL214"
    VERSION = "DL215"
    CONFLICT = "DL216"
    NOT_IN_THIS_KERAS = "DL217"
    LISTED_LAYER = "DL218"
    # DL3xx: names and structure
    UNKNOWN_NAME = "DL301"
    DUPLICATE_NAME = "DL302"
    NAME_NOT_STEM = "DL303"
    USED_BEFORE_DECLARED = "DL304"
    PARAM_NOT_READ = "DL305"
    DEAD_NODE = "DL306"
    OUTPUTS_NOT_TARGETS = "DL307"
    UNKNOWN_OUTPUT = "DL308"
    RECURSION = "DL309"
    EXPANSION_TOO_LARGE = "DL310"
    UNEVEN_FOR = "DL311"
    BAD_NAME = "DL312"
    INPUT_COUNT = "DL313"
    REFERENCE_NOT_FOUND = "DL314"
    DECLARED_NOT_USED = "DL315"
    UNKNOWN_PARAM = "DL316"
    # DL4xx: shapes and dtypes
    RANK = "DL401"
    WINDOW = "DL402"
    CHANNELS = "DL403"
    MERGE = "DL404"
    DTYPE = "DL405"
    STATE = "DL406"
    UNKNOWN_EXTENT = "DL407"
    RESHAPE = "DL408"
    KERAS_REFUSES = "DL409"
    LAYER_INPUTS = "DL410"
    CALL_ARGUMENT = "DL411"
    AXIS = "DL412"
    # DL5xx: whole-plan rules
    LOGITS_AS_PROBABILITIES = "DL501"
    PROBABILITIES_AS_LOGITS = "DL502"
    SPARSE_LOSS_ON_ONE_HOT = "DL503"
    CATEGORICAL_LOSS_ON_IDS = "DL504"
    BINARY_LOSS_ON_CLASSES = "DL505"
    HEAD_WIDTH = "DL506"
    SIGMOID_WITH_CATEGORICAL = "DL507"
    EMBEDDING_TOO_SMALL = "DL508"
    UNCOMPUTED_MONITOR = "DL509"
    NO_VALIDATION = "DL510"
    UNSCALED_PIXELS = "DL511"
    DROPPED_MASK = "DL512"
    AUGMENTATION_RANGE = "DL513"
    TRAINING_FLAG = "DL514"
    UNKNOWN_METRIC = "DL515"
    NUMBER_LOSS_ON_CLASSES = "DL516"
    NOT_CAUSAL = "DL517"
    NOT_GENERATED = "DL518"
    NOT_ON_BACKEND = "DL519"
    # DL6xx: data against spec
    FEATURE_SHAPE = "DL601"
    FEATURE_NAMES = "DL602"
    FEATURE_DTYPE = "DL603"
    TARGET_SHAPE = "DL604"
    SOURCE_NOT_READABLE = "DL610"
    COLUMN_NOT_FOUND = "DL611"
    CONTRACT_BROKEN = "DL612"
    NOT_PREPARABLE = "DL613"
    # DL7xx: schedules
    CRON = "DL701"
    TIME_ZONE = "DL702"


# DESIGN §4: of the whole-plan rules these do not stop a run unless `--strict` asks for it.
_WARNINGS = frozenset(
    {Code.UNSCALED_PIXELS, Code.DROPPED_MASK, Code.AUGMENTATION_RANGE, Code.TRAINING_FLAG}
)


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains the first, such as the line that used a block."""

    span: Span
    message: str


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

    `keras` is the installed version that the spec must do with; None asks for no version. `project`
    lists layers of its own; None where there is none.
    """

    related: tuple[Related, ...] = ()
    keras: str | None = None
    project: Project | None = None
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
        help: str | None = None,
        related: Iterable[Related] = (),
    ) -> None:
        """Add a finding; whether it is an error or a warning follows from its code."""
        everything = tuple(r for r in (*related, *self.related) if r.span != span)
        self.add(Diagnostic(code, message, span, label, tuple(notes), help, everything))

    def add(self, found: Diagnostic) -> None:
        """Add a finding that is made already, unless it is there."""
        # A block used five times has each of its mistakes once, whatever the nodes are called.
        what = (found.code, found.span, "" if found.related else found.message)
        if what not in self._seen:
            self._seen.add(what)
            self._found.append(found)

    @contextmanager
    def within(self, *trail: Related) -> Iterator[None]:
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

    def has(self, code: Code) -> bool:
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


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to `word`, or None when none is near.

    Case, `_` and `-` count for nothing; one slip in three letters is near, and a swap is one slip.
    """
    folded = _folded(word)
    most = (len(folded) + 1) // 3
    best, least = None, most + 1
    for candidate in known:
        other = _folded(candidate)
        if abs(len(other) - len(folded)) >= least:
            continue
        distance = _slips(folded, other, most=least - 1)
        if distance < least:
            best, least = candidate, distance
    return best


def _folded(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def _slips(a: str, b: str, *, most: int) -> int:
    """Return the letters to insert, drop, replace or swap; over `most` it may be any larger number.

    Source: optimal string alignment, en.wikipedia.org/wiki/Damerau-Levenshtein_distance.
    """
    if a == b:
        return 0
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        before, last, row = row, before, [i]
        for j, y in enumerate(b, start=1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if last and j > 1 and x == b[j - 2] and y == a[i - 2]:
                steps = min(steps, last[j - 2] + 1)
            row.append(steps)
        if min(row) > most:
            break
    return max(row[-1], min(row))


_MOST_RELATED = 4
_BOLD = "1"
_TINTS: dict[Severity, str] = {"error": "1;31", "warning": "1;33"}


def render_text(found: Diagnostic, *, color: bool = False) -> str:
    """Return a finding in the layout of DESIGN §4, its source in lines of at most 120 columns.

    Args:
        color: Whether to write ANSI colours, for a terminal.
    """
    style, tint = Style(color), _TINTS[found.severity]
    shown = found.related[:_MOST_RELATED]
    digits = max(len(str(span.line)) for span in (found.span, *(r.span for r in shown)))
    code = style(f"{found.severity}[{found.code.value}]", tint)
    lines = [code + style(f": {visible(found.message)}", _BOLD)]
    places = [(found.span, found.label, "-->", "^", tint)]
    places += [(r.span, r.message, ":::", "-", FRAME) for r in shown]
    for span, label, arrow, mark, paint in places:
        where = f"{visible(span.source.path)}:{span.line}:{span.column}"
        lines.append(f"{' ' * digits}{style(arrow, FRAME)} {where}")
        lines += excerpt(span, mark=mark, label=label, digits=digits, style=style, tint=paint)
    said = [f"note: {note}" for note in found.notes]
    if len(found.related) > len(shown):
        said.append(f"note: and from {len(found.related) - len(shown)} more places")
    if found.help is not None:
        said.append(f"help: {found.help}")
    equals = f"{' ' * digits} {style('=', FRAME)}"
    return "\n".join([*lines, *(f"{equals} {visible(text)}" for text in said)])
