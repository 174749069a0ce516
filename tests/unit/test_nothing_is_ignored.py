"""Promise P1: every key of every spec is known, used, and read."""

import ast
import re
from copy import deepcopy
from dataclasses import fields
from functools import cache
from itertools import count, repeat
from pathlib import Path

import pytest
import yaml

import dlspec
from dlspec.language import expectations, features, prediction, row_splits, sources, turns
from dlspec.language import sections as spec
from dlspec.language.sources.keras import KERAS_OPTIONS
from dlspec.resolve.plan import canonical_data

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
GRAMMAR = sorted((ROOT / "tests/golden/valid").glob("*.yaml"))
# The spec in which every value is retyped in every way at each change of the code.
QUICK = "digits_lenet5"
ALL = [path for path in (*SPECS, *GRAMMAR) if path.stem != "overlaid"]
# What a value may become when it is retyped: no key takes all of these.
OTHERS = (None, False, -7, 0.123, "zzz", ["zzz"], {"zzz": 1})
_DUMPER = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper


def _keys(value: object, at: tuple = ()):
    """Yield the path of every key and of every item inside lists and mappings."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    for key, item in inside:
        yield (*at, key)
        yield from _keys(item, (*at, key))


def _without(tree: object, at: tuple) -> object:
    return _edited(tree, at, lambda holder, key: holder.pop(key))


def _edited(tree: object, at: tuple, edit) -> object:
    copy = deepcopy(tree)
    holder = copy
    for key in at[:-1]:
        holder = holder[key]
    edit(holder, at[-1])
    return copy


def _outcome(tree: object) -> object:
    """Return the canonical plan of a tree, or the codes of its findings."""
    return _outcome_of_text(yaml.dump(tree, Dumper=_DUMPER, sort_keys=False))


def _outcome_of_text(text: str) -> object:
    try:
        return canonical_data(dlspec.loads(text))
    except dlspec.SpecError as error:
        return [found.code.value for found in error.diagnostics]


def _tree(path: Path) -> object:
    # As the compiler reads it: in YAML 1.1 `1e-3` would be text.
    return yaml.load(path.read_text("utf-8"), Loader=_Core)


class _Core(yaml.SafeLoader):
    """SafeLoader with the numbers and truth values of YAML 1.2."""


_Core.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    _Core.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), list(_first)
    )


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_renamed_key_is_reported(path):
    tree = _tree(path)
    plan = _outcome(tree)
    silent = []
    for at in _keys(tree):
        if isinstance(at[-1], str):
            renamed = _edited(tree, at, lambda h, k: h.__setitem__(f"{k}zzz", h.pop(k)))
            if _outcome(renamed) == plan:
                silent.append(at)
    assert silent == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_dropped_key_or_item_is_reported_or_changes_the_plan(path):
    tree = _tree(path)
    plan = _outcome(tree)
    silent = [at for at in _keys(tree) if _outcome(_without(tree, at)) == plan]
    assert [at for at in silent if not _says_the_default(tree, at)] == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_retyped_value_is_reported_or_changes_the_plan(path):
    # Each key becomes another of them than the key before it.
    every = path.stem == QUICK
    others = (OTHERS if every else (OTHERS[number % len(OTHERS)],) for number in count())
    assert _silently_retyped(path, others) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [one for one in ALL if one.stem != QUICK], ids=lambda path: path.stem
)
def test_every_value_retyped_in_every_way_is_reported_or_changes_the_plan(path):
    assert _silently_retyped(path, repeat(OTHERS)) == []


def _silently_retyped(path: Path, others) -> list:
    tree = _tree(path)
    plan = _outcome(tree)
    silent = []
    for at, values in zip(_keys(tree), others, strict=False):
        for other in values:
            retyped = _edited(tree, at, lambda h, k, other=other: h.__setitem__(k, other))
            if retyped != tree and _outcome(retyped) == plan and not _same(tree, at, other):
                silent.append((at, other))
    return silent


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_duplicated_line_is_reported_or_changes_the_plan(path):
    lines = path.read_text("utf-8").split("\n")
    plan = _outcome_of_text("\n".join(lines))
    silent = []
    for number, line in enumerate(lines):
        text = "\n".join([*lines[: number + 1], *lines[number:]])
        written = line.split("#")[0].strip()
        if written and _outcome_of_text(text) == plan:
            silent.append(line)
    assert silent == []


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_moved_key_is_reported_or_changes_the_plan(path):
    tree = _tree(path)
    plan = _outcome(tree)
    silent = []
    for at in _keys(tree):
        if len(at) > 1 and isinstance(at[-1], str):
            moved = _moved_up(tree, at)
            if moved is not None and _outcome(moved) == plan:
                silent.append(at)
    assert silent == []


def _moved_up(tree: object, at: tuple) -> object | None:
    """Return the tree with a key moved into the nearest mapping around its own."""
    copy = deepcopy(tree)
    holders = [copy]
    for key in at[:-1]:
        holders.append(holders[-1][key])
    above = next((h for h in reversed(holders[:-1]) if isinstance(h, dict)), None)
    if above is None or at[-1] in above:
        return None
    above[at[-1]] = holders[-1].pop(at[-1])
    return copy


# -- keys that say what holds without them --------------------------------------------------------


def _says_the_default(tree: object, at: tuple) -> bool:
    """Tell a key whose value is the default: leaving it out changes nothing, rightly."""
    value = tree
    for key in at:
        holder, value = value, value[key]
    is_automatic_name = at[-1] == "name" and any(
        name != "name" and name.lower() == value for name in holder
    )
    # The features under `data.inputs` are the inputs of a model that names none.
    is_implied = at == ("model", "inputs") and "data" in tree
    says_it = (at[-1], value) in SAID_DEFAULTS or value in ({}, None)
    return says_it or is_automatic_name or is_implied


SAID_DEFAULTS = [
    ("monitor", "val_loss"),
    ("timezone", "UTC"),
    ("precision", "float32"),
    ("determinism", "exact"),
    ("alpha", 0.05),
    ("test", "bootstrap"),
    ("batch_size", 32),
    ("noise", 0.05),
    # The params say what the generator's defaults are.
    ("length", "$length"),
    ("vocabulary", "$vocabulary"),
]


def _same(tree: object, at: tuple, other: object) -> bool:
    """Tell a value that stands for the same: nothing for a default, and a default nobody needs."""
    blocks = (("model", "blocks"), ("training", "losses"))
    is_default_of_a_block = at[:2] in blocks and at[3:4] == ("params",)
    return is_default_of_a_block or (other is None and _says_the_default(tree, at))


# -- every field is read --------------------------------------------------------------------------

RECORDS = (
    *(spec.Data, spec.Training, spec.Evaluation, spec.Championship, spec.Retraining, spec.Runtime),
    *(prediction.Prediction, prediction.Generation),
    *(turns.Turn, turns.Following),
    *(spec.Ema, spec.Clip, spec.Checkpoint, spec.Gate, expectations.Expectation, dlspec.Plan),
    *row_splits.SPLITS,
    *sources.SOURCES,
    *features.FEATURES,
)
DECODING = {"spec.py", "decode.py", "records.py", "kinds.py", "sources.py", "features.py"}


@cache
def _attributes_read() -> frozenset[str]:
    read = set()
    for path in (*(ROOT / "dlspec").rglob("*.py"), *(ROOT / "pipelines").rglob("*.py")):
        if path.parent.name == "dlspec" and path.name in DECODING:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                read.add(node.attr)
    return frozenset(read)


@pytest.mark.parametrize("record", dict.fromkeys(RECORDS), ids=lambda record: record.__name__)
def test_every_field_of_a_record_is_read_by_a_later_stage(record):
    read = _attributes_read() | {"synthetic", *_read_by_name()}
    assert [f.name for f in fields(record) if f.name not in read] == []


@cache
def _read_by_name() -> frozenset[str]:
    """Return the names that `columns`, `element` and `files` read for all later stages."""
    # `KerasSource.options` takes from a table which fields an argument of Keras is.
    options = (name for names in KERAS_OPTIONS.values() for name in names)
    return frozenset(options) | {
        node.attr
        for folder in ("features", "sources")
        for path in (ROOT / "dlspec/language" / folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    }
