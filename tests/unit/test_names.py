"""One name, one meaning: file names, and the names of functions, in the whole house."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (ROOT / "dlspec", ROOT / "pipelines/dlspec_pipelines")
FILES = sorted(file for room in ROOMS for file in room.rglob("*.py"))

# The record of a word of the language and its worker carry the word's own name.
TWINS = (
    ("dlspec/language/features", "pipelines/dlspec_pipelines/steps/preparation/features"),
    ("dlspec/language/sources", "pipelines/dlspec_pipelines/steps/datasets/sources"),
)
# Each package adds its commands to the one console script.
SAME_FILE = {"cli.py", "__init__.py", "__main__.py"}


def _functions(*, methods: bool = False) -> Iterator[tuple[str, Path]]:
    for file in FILES:
        tree = ast.parse(file.read_text("utf-8"))
        inner = {id(node) for top in tree.body for node in ast.walk(top) if node is not top}
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("__"):
                continue
            if methods or id(node) not in inner or node.name.startswith("_"):
                yield node.name, file.relative_to(ROOT)


def test_no_two_files_share_a_name():
    folders = defaultdict(set)
    for file in FILES:
        folders[file.name].add(str(file.parent.relative_to(ROOT)))
    doubled = {
        name: found
        for name, found in folders.items()
        if len(found) > 1 and name not in SAME_FILE and not any(found <= set(t) for t in TWINS)
    }
    assert doubled == {}


# One meaning in several files: an interface on each class that has it, a command and the function
# that it calls, the start of a program.
SHARED = {"_packed_batches", "check", "diff", "main", "predict", "run"}


def test_a_function_has_a_name_of_its_own():
    """Methods that other code calls are left out: the class in front says which is meant."""
    files = defaultdict(set)
    for name, file in _functions():
        files[name].add(str(file))
    assert {name for name, found in files.items() if len(found) > 1} - SHARED == set()


def test_at_most_a_quarter_of_the_names_are_one_word():
    names = [name.strip("_") for name, _ in _functions(methods=True)]
    single = [name for name in names if "_" not in name]
    assert len(single) / len(names) <= 0.25
