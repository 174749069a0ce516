"""Counts stand with their nouns through `counted`, so that no text says `1 rows`."""

import ast
import re
from pathlib import Path

import pytest

from dlspec.diagnostics.counts import agreed, counted

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for folder in ("dlspec", "pipelines") for path in (ROOT / folder).rglob("*.py")
)
TEMPLATES = sorted((ROOT / "pipelines").rglob("*.j2"))
# The last word of all that the product counts, as a text says several of it. No rule tells the
# `ch` of `epoch` from that of `batch`: who counts a new noun says its plural aloud, then adds it.
READ = {
    *("arguments", "arrays", "axes", "bins", "borders", "boxes", "bytes", "categories"),
    *("channels", "checks", "classes", "columns", "epochs", "errors", "factors", "fields"),
    *("files", "findings", "gaps", "gates", "ids", "inputs", "items", "layers", "lines"),
    *(
        "numbers",
        "ones",
        "outputs",
        "pairs",
        "parameters",
        "parts",
        "pictures",
        "places",
        "points",
        "repairs",
    ),
    *("rows", "runs", "samples", "specs", "steps", "texts", "units", "values", "warnings"),
    *("weights", "windows", "words", "checkpoints", "logs", "records", "remnants", "sets"),
}
# Likewise the verbs, as they follow one.
READ_VERBS = {
    "comes",
    "does",
    "goes",
    "has",
    "holds",
    "is",
    "keeps",
    "leaves",
    "looks",
    "needs",
    "reaches",
    "was",
}
# Nouns that a variable holds where they are counted.
HELD_NOUNS = {
    ("cleaned_home.py", "kind"): ("checkpoint", "data set", "log", "record", "remnant", "run"),
    ("losses.py", "what"): ("id", "class"),
    ("metric_arguments.py", "kind"): ("unit", "class"),
    ("check_command.py", "word"): ("error", "warning"),
}
# What stands behind a value that is no count, or is more than one wherever the sentence is said.
NOT_COUNTED = {
    ("call.py", "{} inputs"): "a text, such as `2 or 3`",
    ("op_images.py", "{} channels"): "a text, such as `1 or 3`",
    ("normalization.py", "{} channels"): "one channel is divided by one group, and by no other",
    ("mel_bins.py", "{} samples"): "a rate",
    ("terminal.py", "{} samples"): "a rate",
    ("texts.py", "{} pairs"): "the axes of a layer of two or three",
    ("architecture_fits.py", "{} layers"): "the word that says which layers",
    ("layer_table.py", "{} parameters"): "a text of a model with some that are frozen",
    ("panels.py", "{} parameters"): "a text in k and M",
    ("sound_files.py", "{} bytes"): "the length that a file says of itself",
    ("sound_files.py", "{} samples"): "the length that a file says of itself",
    ("time_series_ts.py", "{} steps"): "a text of several lengths",
    ("row_pairs.py", "{} rows"): "the name of a part",
    ("dataset.py", "{} rows"): "the name of a part",
    ("model_parts.py", "{} rows"): "the name of a part",
    ("near_duplicates.py", "{} samples"): "the name of a part",
    ("text_findings.py", "{} samples"): "the name of a part",
    ("weight_columns.py", "{} samples"): "the name of a part",
    ("column_roles.py", "{} words"): "a mean",
    ("column_profile.py", "{} steps"): "a text of the least and the most",
    ("first_model.py", "{} steps"): "a text of the least and the most",
    ("first_model.py", "{} words"): "a text of the least and the most",
    ("first_model.py", "{} ids"): "a text of the least and the most",
}


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "row", "0 rows"),
        (1, "row", "1 row"),
        (2, "row", "2 rows"),
        (1, "class", "1 class"),
        (12_000, "class", "12,000 classes"),
        (2, "test row", "2 test rows"),
        (2, "category", "2 categories"),
        (2, "key", "2 keys"),
        (2, "box", "2 boxes"),
        (2, "batch", "2 batches"),
        (40, "epoch", "40 epochs"),
        (3, "axis", "3 axes"),
        (1, "axis", "1 axis"),
        (3, "series", "3 series"),
    ],
)
def test_a_noun_follows_its_count(count, noun, said):
    assert counted(count, noun) == said


@pytest.mark.parametrize(
    ("verb", "of_one"),
    [
        ("hold", "holds"),
        ("are", "is"),
        ("were", "was"),
        ("have", "has"),
        ("do", "does"),
        ("go", "goes"),
    ],
)
def test_a_verb_follows_its_count(verb, of_one):
    assert (agreed(1, verb), agreed(2, verb), agreed(0, verb)) == (of_one, verb, verb)


def calls_of(function, tree):
    """Yield the second argument of each call of a function."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Name) and call.func.id == function and len(call.args) == 2:
            yield call.args[1]


def plurals_counted():
    """Return the last words of the plurals of all that is counted anywhere."""
    nouns = set()
    for path in SOURCES:
        for noun in calls_of("counted", ast.parse(path.read_text("utf-8"))):
            said = [n.value for n in ast.walk(noun) if isinstance(n, ast.Constant)]
            nouns |= set(said or HELD_NOUNS[path.name, ast.unparse(noun)])
    for path in TEMPLATES:
        nouns |= set(re.findall(r'\| counted\("([^"]+)"\)', path.read_text("utf-8")))
    return {counted(2, noun).split()[-1] for noun in nouns if noun}


def counts_without_helper(tree, plurals):
    """Yield `{} rows` wherever a text puts a plural behind a value."""
    pattern = re.compile(rf" ((?:[a-z-]+ )?(?:{'|'.join(sorted(plurals))}))\b")
    for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        for value, after in zip(text.values, text.values[1:], strict=False):
            if not isinstance(value, ast.FormattedValue) or not isinstance(after, ast.Constant):
                continue
            is_limit = isinstance(value.value, ast.Name) and value.value.id.isupper()
            is_verb = isinstance(value.value, ast.Call) and "agreed(" in ast.unparse(value.value)
            found = pattern.match(after.value)
            if found is not None and not (is_limit or is_verb):
                yield "{} " + found[1]


def test_the_plural_of_all_that_is_counted_was_read():
    assert sorted(plurals_counted()) == sorted(READ)


def test_the_singular_of_all_verbs_that_agree_was_read():
    trees = (ast.parse(path.read_text("utf-8")) for path in SOURCES)
    verbs = [verb for tree in trees for verb in calls_of("agreed", tree)]
    said = {agreed(1, n.value) for v in verbs for n in ast.walk(v) if isinstance(n, ast.Constant)}
    assert sorted(said) == sorted(READ_VERBS)


def test_no_text_puts_a_plural_behind_a_count():
    plurals = plurals_counted()
    found = {
        (path.name, text)
        for path in SOURCES
        for text in counts_without_helper(ast.parse(path.read_text("utf-8")), plurals)
    }
    assert sorted(found - set(NOT_COUNTED)) == []
    assert sorted(set(NOT_COUNTED) - found) == []


def test_the_scan_sees_a_plural_behind_a_count():
    text = "f\"the {n} rows, {m:,} test rows, {LIMIT} rows, {counted(k, 'row')}, {p} rowsets\""
    assert list(counts_without_helper(ast.parse(text), {"rows"})) == ["{} rows", "{} test rows"]
