"""What the `text` features of `data` owe each other: a vocabulary each, of one's own or shared."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from dlspec.decode.section_reader import RecordReader
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import agreed, counted
from dlspec.diagnostics.findings import Related, Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import replacement_word
from dlspec.language.features import Feature, TextFeature
from dlspec.language.features.text import SHARED_KEYS, VocabularyFile
from dlspec.language.sections import Data, is_free_of_poison
from dlspec.syntax.scalars import POISON


def with_shared_vocabularies(data: object, reader: RecordReader, reporter: Reporter) -> object:
    """Return a `data` section in which each text with `like` has what the other one says.

    Poison stands where a vocabulary is missing, too small, or another feature's that has none.
    """
    if not isinstance(data, Data):
        return data
    link = _Linking({**_sound_side(data.targets), **_sound_side(data.inputs)}, reader, reporter)
    return replace(
        data,
        inputs=_linked_side("data.inputs", data.inputs, link),
        targets=_linked_side("data.targets", data.targets, link),
    )


def _sound_side(side: object) -> Mapping[str, Feature]:
    """Return the features of one side; none where poison stands in its place."""
    return cast("Mapping[str, Feature]", side) if isinstance(side, Mapping) else {}


@dataclass(frozen=True, slots=True)
class _Linking:
    """What a feature is linked to, and where a mistake is told."""

    features: Mapping[str, Feature]
    reader: RecordReader
    reporter: Reporter

    def keys_beside(self, path: str) -> list[str]:
        return [key for key in SHARED_KEYS if f"{path}.{key}" in self.reader.keys]


def _linked_side(path: str, side: Mapping[str, Feature], link: _Linking) -> Mapping[str, Feature]:
    if side is not _sound_side(side):
        return side  # poison
    return {
        name: _linked_text(f"{path}.{name}", name, feature, link)
        if isinstance(feature, TextFeature) and is_free_of_poison(feature)
        else feature
        for name, feature in side.items()
    }


def _linked_text(path: str, name: str, feature: TextFeature, link: _Linking) -> Feature:
    if feature.like is None:
        return feature if _has_sound_vocabulary(path, name, feature, link) else _spoilt(feature)
    beside = link.keys_beside(path)
    if beside:
        link.reporter.error(
            Code.CONFLICT,
            link.reader.keys[f"{path}.{beside[0]}"],
            f"`like` and `{beside[0]}` exclude each other",
            label=f"`{name}` takes it from `{feature.like}`",
            help=f"leave `{beside[0]}` out, or `like`",
        )
        return _spoilt(feature)
    owner = _owner_of(path, name, feature.like, link)
    return (
        _spoilt(feature)
        if owner is None
        else replace(feature, **{key: getattr(owner, key) for key in SHARED_KEYS})
    )


def _owner_of(path: str, name: str, like: str, link: _Linking) -> TextFeature | None:
    """Return the feature that has the vocabulary; None where that is wrong, which is reported."""
    found = link.features.get(like)
    if isinstance(found, TextFeature) and found.like is None:
        return found if is_free_of_poison(found) else None
    place = link.reader.values[f"{path}.like"]
    owners = [
        n
        for n, f in link.features.items()
        if isinstance(f, TextFeature) and f.like is None and n != name
    ]
    if isinstance(found, TextFeature):
        _report_chain(place, name, found, link)
        return None
    near = replacement_word(like, owners, work=link.reporter.work)
    if near is None and owners:
        near = Replacement(owners[0], certain=False)
    link.reporter.error(
        Code.UNKNOWN_NAME,
        place,
        f"no `text` feature is called `{like}`" if found is None else f"`{like}` is no `text`",
        label=f"with a vocabulary of their own: {', '.join(owners) or 'none'}",
        help=near or "write `vocabulary` in the place of `like`",
    )
    return None


def _report_chain(place: Span, name: str, found: TextFeature, link: _Linking) -> None:
    itself = found.like is not None and link.features.get(name) is found
    owner = None if itself or found.like is None else link.features.get(found.like)
    has_own = isinstance(owner, TextFeature) and owner.like is None
    last = Replacement(found.like) if has_own and found.like is not None else None
    link.reporter.error(
        Code.CONFLICT,
        place,
        f"`{name}` takes its own vocabulary" if itself else "`like` names a feature with `like`",
        label="it has none of its own",
        help=last or "write `vocabulary` in the place of `like`",
    )


def _has_sound_vocabulary(path: str, name: str, feature: TextFeature, link: _Linking) -> bool:
    written = feature.vocabulary
    if written is None:
        link.reporter.error(
            Code.MISSING_KEY,
            link.reader.keys.get(path, link.reader.values[path]),
            f"`{name}` needs `vocabulary`",
            label="`vocabulary` is not there",
            help="add `vocabulary: 10000`, which counts all ids, or `like` with another feature",
        )
        return False
    if feature.split == "bpe" and not isinstance(written, int):
        link.reporter.error(
            Code.CONFLICT,
            link.reader.values[f"{path}.vocabulary"],
            "`split: bpe` learns its own vocabulary",
            label="words are listed here",
            help="write how many ids there are, such as `vocabulary: 8000`, or `split: words`",
            related=(Related(link.reader.values[f"{path}.split"], "split so here"),),
        )
        return False
    return _has_room(path, feature, link) and not _repeats_a_word(path, feature, link)


def _has_room(path: str, feature: TextFeature, link: _Linking) -> bool:
    written, key = feature.vocabulary, f"{path}.vocabulary"
    if isinstance(written, VocabularyFile):
        written, key = written.size, f"{key}.size"
    least = feature.num_reserved + 1
    if written is None or not isinstance(written, int) or written >= least:
        if written == ():
            link.reporter.error(
                Code.OUT_OF_RANGE,
                link.reader.values[key],
                "`vocabulary` lists no word",
                label="every word would be unknown",
                help="list the words, or write how many ids there are, such as `10000`",
            )
        return written != ()
    link.reporter.error(
        Code.OUT_OF_RANGE,
        link.reader.values[key],
        f"`{key.rpartition('.')[2]}` must be at least {least}",
        label=f"{written} leaves no id for a word",
        notes=(
            f"{counted(feature.num_reserved, 'id')} {agreed(feature.num_reserved, 'are')} "
            f"reserved: {_reserved_told(feature)}",
        ),
    )
    return False


def _repeats_a_word(path: str, feature: TextFeature, link: _Linking) -> bool:
    words = feature.vocabulary
    if not isinstance(words, tuple):
        return False
    seen: set[str] = set()
    for place, word in enumerate(words):
        if word in seen:
            link.reporter.error(
                Code.DUPLICATE_NAME,
                link.reader.values[f"{path}.vocabulary.{place}"],
                f"`{word}` stands twice in `vocabulary`",
                label="a word has one id",
                help="leave it out here",
            )
            return True
        seen.add(word)
    return False


def _reserved_told(feature: TextFeature) -> str:
    flags = {"padding": True, "unknown": True, "start": feature.start, "end": feature.end}
    names = [name for name, asked in flags.items() if asked]
    return ", ".join(f"{number} {name}" for number, name in enumerate(names))


def _spoilt(feature: TextFeature) -> Feature:
    """Return the feature without a vocabulary, which has been reported."""
    return cast("Feature", replace(feature, vocabulary=POISON))  # type: ignore[arg-type]  # poison stands for any value
