"""Write the tables of docs/language.md again, from the records that the compiler decodes.

Run as `.venv/bin/python docs/make_language.py` after a key of the language has changed.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dlspec.language import catalogue, kinds
from dlspec.language.catalogue.project_keys import PROJECT_KEYS
from dlspec.language.expectations import Expectation
from dlspec.language.features import INPUT_FEATURES, TARGET_FEATURES
from dlspec.language.kinds import Key, Kind, keys_of
from dlspec.language.memory_sizes import shown_size
from dlspec.language.metrics import METRICS, MetricRecord
from dlspec.language.prediction import Decoding, Generation
from dlspec.language.row_splits import SPLITS
from dlspec.language.sample_draws import DRAWS_BY_WORD
from dlspec.language.sections import (
    Championship,
    Checkpoint,
    Clip,
    Data,
    Document,
    Ema,
    Evaluation,
    Retraining,
    Runtime,
    ThresholdChoice,
    Training,
)
from dlspec.language.significance_tests import SIGNIFICANCE_TESTS
from dlspec.language.sources import SOURCES_BY_WORD

PAGE = Path(__file__).parent / "language.md"
_BEGIN, _END = "<!-- made by make_language.py: {} -->", "<!-- end: {} -->"
_HEAD = "| key | takes | default | |\n|---|---|---|---|\n"
# What a page of text shows of a long list of words.
_TITLES: Mapping[str, type] = {
    "training.ema": Ema,
    "training.clip": Clip,
    "training.checkpoint": Checkpoint,
}
_SPLIT_TITLES = dict(
    zip(
        SPLITS,
        ("by fraction", "with the source's own test rows", "by a column", "by time"),
        strict=True,
    )
)
_DRAW_TITLES = dict(
    zip(DRAWS_BY_WORD.values(), ("by classes", "pairs", "triplets", "contexts"), strict=True)
)
_WORD_KINDS = tuple(kind for kind in catalogue.KINDS if kind not in ("op", "cell"))


def parts() -> dict[str, str]:
    """Return the generated parts of the page by name."""
    return {
        "top": _table(keys_of(Document)),
        "data": _table(keys_of(Data)),
        "sources": "\n".join(_section(f"`{tag}`", record) for tag, record in _sources()),
        "features": "\n".join(_feature_sections()),
        "sampling": "\n".join(_section(title, record) for record, title in _DRAW_TITLES.items()),
        "split": "\n".join(_section(title, record) for record, title in _SPLIT_TITLES.items()),
        "expect": _table(keys_of(Expectation)),
        "training": _table(keys_of(Training))
        + "\n"
        + "\n".join(_section(f"`{title}`", record) for title, record in _TITLES.items()),
        "evaluation": _table(keys_of(Evaluation))
        + "\n"
        + _section("`evaluation.champion`", Championship)
        + "\n"
        + _section("`evaluation.threshold`", ThresholdChoice)
        + "\n"
        + _measures_tables(),
        "prediction": _section("`prediction.generate`", Generation)
        + "\n"
        + _section("`prediction.decode`", Decoding),
        "retraining": _table(keys_of(Retraining)),
        "runtime": _table(keys_of(Runtime)),
        "project": _project_table(),
        "names": "\n".join(_names()),
    }


def updated(page: str) -> str:
    """Return the page with every generated part replaced by what the records say now."""
    for name, text in parts().items():
        begin, end = _BEGIN.format(name), _END.format(name)
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            message = f"{PAGE.name} has no part `{name}`"
            raise ValueError(message)
        page = f"{before}{begin}\n{text}{end}{after}"
    return page


def _measures_tables() -> str:
    metrics = "".join(
        f"| `{m.name}` | {', '.join(m.on)} | {m.unit} | {m.better} | {m.definition}{_needed(m)} |\n"
        for m in METRICS
    )
    tests = "".join(
        f"| `{t.name}` | {'metrics that count rows' if t.counts_rows else 'any metric'} "
        f"| {t.definition} |\n"
        for t in SIGNIFICANCE_TESTS
    )
    return (
        "| metric | of targets | unit | better | |\n|---|---|---|---|---|\n"
        f"{metrics}\n| test | compares | |\n|---|---|---|\n{tests}"
    )


def _needed(metric: MetricRecord) -> str:
    """Return what test rows must hold; without it a training does not begin."""
    if metric.every_class:
        return " The test rows must hold every class."
    if metric.least_ids > 1:
        return f" It takes a test row with {metric.least_ids} ids."
    if metric.nowhere_zero:
        return ""
    if metric.varied:
        return f" It takes {metric.least_rows} test rows that are not all the same."
    return f" It takes {metric.least_rows} test rows." if metric.least_rows > 1 else ""


def _sources() -> Iterator[tuple[str, type]]:
    for tag, records in SOURCES_BY_WORD.items():
        if isinstance(records, type):
            yield tag, records
            continue
        for word, record in records.items():
            yield f"{tag}: {word}", record


def _feature_sections() -> Iterator[str]:
    for word in dict.fromkeys((*INPUT_FEATURES, *TARGET_FEATURES)):
        records = dict.fromkeys(
            r for r in (INPUT_FEATURES.get(word), TARGET_FEATURES.get(word)) if r
        )
        for record in records:
            yield _section(f"`{word}` {_where(record)}", record)
            yield from _inner_sections(word, record)


def _inner_sections(word: str, record: type) -> Iterator[str]:
    """Yield the records that a key of a feature takes beside its words."""
    for key in keys_of(record):
        inner = key.kind.mapping if isinstance(key.kind, kinds.Either) else None
        for tag, form in inner.types.items() if isinstance(inner, kinds.Tagged) else ():
            assert isinstance(form, type), "no key of a feature has several records for one word"
            yield _section(f"`{key.name}: {{{tag}: ...}}` of `{word}`", form)


def _where(record: type) -> str:
    places = []
    if record in INPUT_FEATURES.values():
        places.append("input")
    if record in TARGET_FEATURES.values():
        places.append("target")
    return f"({' or '.join(places)})"


def _section(title: str, record: type) -> str:
    said = " ".join((record.__doc__ or "").split())
    return f"#### {title}\n\n{_without_place(said)}\n\n{_table(keys_of(record))}"


def _without_place(said: str) -> str:
    """Leave out the key that a docstring repeats before its colon."""
    place, colon, rest = said.partition(": ")
    if colon and place.startswith("`"):
        return rest[0].upper() + rest[1:]
    return said


def _table(keys: tuple[Key, ...]) -> str:
    return _HEAD + "".join(
        f"| `{key.name}` | {_takes(key.kind)} | {_default(key)} | {_cell(key.doc)} |\n"
        for key in keys
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(key: Key) -> str:
    if key.required:
        return "**required**"
    value = key.default
    if isinstance(value, catalogue.Object):
        return f"`{value.class_name}`"
    if value in (None, (), ""):
        return ""
    if hasattr(value, "__dataclass_fields__"):
        return "see below"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def _takes(kind: Kind) -> str:  # noqa: C901, PLR0912 - one line per kind
    match kind:
        case kinds.Boolean():
            return "true or false"
        case kinds.Integer():
            whole = "whole number" + _bounds(kind.minimum, kind.maximum)
            return f"{whole}, or null" if kind.or_null else whole
        case kinds.Number():
            return "number" + _bounds(
                kind.minimum, kind.maximum, above=kind.above, below=kind.below
            )
        case kinds.Text():
            return "text" if kind.characters is None else "a character"
        case kinds.Choice():
            return _any([*(f"`{word}`" for word in kind.words), *["a number"] * kind.or_number])
        case kinds.MemorySize():
            least, most = shown_size(kind.minimum), shown_size(kind.maximum)
            return f"amount of memory such as `2GB`, `{least}` to `{most}`"
        case kinds.Literal_():
            return "any value"
        case kinds.ListOf():
            return _list(kind)
        case kinds.MapOf():
            return f"mapping: name to {_takes(kind.value)}"
        case kinds.Record():
            return "mapping, see below"
        case kinds.Tagged():
            return f"one {kind.what}, see below"
        case kinds.Variants():
            return "one of the forms below"
        case kinds.PerOutput():
            return f"{_takes(kind.value)}; or a mapping from output names to such"
        case kinds.PerInput():
            return f"{_takes(kind.value)}; or a mapping from input names to such"
        case kinds.Gates():
            return "mapping: figure to comparison"
        case kinds.MetricChoice():
            return "a metric below, or one of Keras"
        case kinds.FigureChoice():
            return "a figure"
        case kinds.Graphs():
            return f"mapping: name to the graph of a {kind.what} ([objectives](objectives.md))"
        case kinds.CatalogueObject():
            return f"a Keras {kind.kind}"
        case kinds.Augmentation():
            return "a Keras layer that augments"
        case kinds.Either():
            forms = (kind.scalar, kind.sequence, kind.mapping)
            return "; or ".join(_takes(form) for form in forms if form is not None)


def _list(kind: kinds.ListOf) -> str:
    item = _takes(kind.item)
    length = f" of {kind.length}" if kind.length is not None else ""
    return f"{item}, or a list" if kind.or_one else f"list{length}: {item}"


def _bounds(
    minimum: float | None,
    maximum: float | None,
    *,
    above: float | None = None,
    below: float | None = None,
) -> str:
    said = [
        f" {word} {bound:,}" if isinstance(bound, int) else f" {word} {bound:g}"
        for word, bound in (
            ("from", minimum),
            ("above", above),
            ("to", maximum),
            ("below", below),
        )
        if bound is not None
    ]
    return "".join(said)


def _any(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _project_table() -> str:
    return "| key | takes | |\n|---|---|---|\n" + "".join(
        f"| `{key.name}` | {key.form} | {_cell(key.doc)} |\n" for key in PROJECT_KEYS
    )


def _names() -> Iterator[str]:
    yield f"As in Keras {catalogue.generated_from()}.\n"
    for kind in _WORD_KINDS:
        found = catalogue.names_of_kind(kind)
        if found:
            listed = ", ".join(f"`{name}`" for name in found)
            yield f"**{_plural(kind)}** ({len(found)}): {listed}\n"


def _plural(kind: str) -> str:
    return {"loss": "losses", "schedule": "learning-rate schedules"}.get(kind, f"{kind}s")


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
