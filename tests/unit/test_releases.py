"""One spec and several releases of Keras: what is installed, and what it does not have yet."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from dlspec.compiler import compile_source
from dlspec.diagnostics.source import Source
from dlspec.language.catalogue import KINDS, find_entry, is_older, names_of_kind

ROOT = Path(__file__).parents[2]
SPEC = """
dlspec: 1
name: example
model:
  inputs: {x: [8]}
  graph:
    - Dense: [4, {lora_rank: 2, lora_alpha: 4}]
    - RMSNormalization
"""

BLOCK = """  blocks:
    RMSNormalized:
      graph:
        - Dense: 8
"""


def messages(text: str, keras: str | None) -> list[str]:
    found = compile_source(Source("<text>", text), keras=keras).diagnostics
    assert {d.code.value for d in found} <= {"DL217"}
    return [d.message for d in found]


def answer(code: str, *options: str, path: Path) -> str:
    """Return what Python prints with a folder before everything that is installed."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def keras_folder(folder: Path, version: str) -> Path:
    """Write the two files of a Keras that say it is there, and which one it is."""
    (folder / "keras" / "src").mkdir(parents=True)
    (folder / "keras" / "__init__.py").write_text("raise AssertionError('imported')\n")
    said = f'# Unique source of truth.\n__version__ = "{version}"\n'
    (folder / "keras" / "src" / "version.py").write_text(said)
    return folder


@pytest.mark.parametrize(
    ("keras", "expected"),
    [
        (
            "3.8.0",
            [
                "`lora_alpha` of `Dense` came with Keras 3.10",
                "`RMSNormalization` came with Keras 3.9",
            ],
        ),
        ("3.9.2", ["`lora_alpha` of `Dense` came with Keras 3.10"]),
        ("3.10.0", []),
        ("3.99.0", []),
        (None, []),
    ],
)
def test_what_came_after_the_installed_keras_is_reported(keras, expected):
    assert messages(SPEC, keras) == expected


def test_a_mistyped_block_does_not_hide_a_new_class():
    text = SPEC.replace("  graph:\n", BLOCK + "  graph:\n    - RMSNormalized\n", 1)
    assert "`RMSNormalization` came with Keras 3.9" in messages(text, "3.8.0")


@pytest.mark.parametrize(
    ("version", "than"),
    [
        ("3.8.0", "3.9"),
        ("3.9.2", "3.10"),
        ("3.9", "3.9.1"),
        ("2.15.0", "3.0"),
        ("3.9.0rc1", "3.10"),
    ],
)
def test_an_older_release_is_told_from_a_later_one(version, than):
    assert is_older(version, than)
    assert not is_older(than, version)


@pytest.mark.parametrize(
    ("version", "other"), [("3.9", "3.9.0"), ("3.9.0rc1", "3.9"), ("3.16.0.dev20", "3.16")]
)
def test_two_spellings_of_one_release_are_of_one_age(version, other):
    assert not is_older(version, other)
    assert not is_older(other, version)


def test_the_keras_that_an_import_would_take_is_found_without_importing_it(tmp_path):
    folder = keras_folder(tmp_path, "3.8.1")
    code = (
        "import sys; from dlspec.language.catalogue import installed_keras\n"
        "print(installed_keras(), 'keras' in sys.modules)"
    )
    assert answer(code, path=folder) == "3.8.1 False"


def test_a_spec_is_checked_for_the_keras_that_is_installed(tmp_path):
    folder = keras_folder(tmp_path, "3.9.0")
    code = (
        "import dlspec\ntry:\n    dlspec.loads(TEXT)\n"
        "except dlspec.SpecError as error:\n    print(*(d.message for d in error.diagnostics))"
    )
    told = answer(code.replace("TEXT", repr(SPEC)), path=folder)
    assert told == "`lora_alpha` of `Dense` came with Keras 3.10"


def test_without_a_keras_the_newest_one_is_meant(tmp_path):
    for package in (yaml, click):
        folder = Path(package.__file__).parent
        (tmp_path / folder.name).symlink_to(folder)
    code = (
        "import dlspec; from dlspec.language.catalogue import installed_keras\n"
        "print(installed_keras(), len(dlspec.loads(TEXT).graph.nodes))"
    )
    # -S leaves out what is installed: only the two packages of the front end are there.
    assert answer(code.replace("TEXT", repr(SPEC)), "-S", path=tmp_path) == "None 2"


def test_every_date_lies_between_the_oldest_supported_keras_and_the_catalogue_s():
    parameters = [
        p for kind in KINDS for n in names_of_kind(kind) for p in find_entry(kind, n).parameters
    ]
    dates = {find_entry(kind, n).since for kind in KINDS for n in names_of_kind(kind)}
    dates |= {p.since for p in parameters} | {s for p in parameters for _, s in p.choices_since}
    minors = {f"3.{minor}" for minor in range(9, 16)}
    assert dates == minors | {None}


def test_what_the_release_notes_say_is_what_the_catalogue_says():
    assert find_entry("layer", "Dense").since is None
    assert find_entry("layer", "RMSNormalization").since == "3.9"
    assert find_entry("op", "sparse_sigmoid").since == "3.10"
    assert find_entry("optimizer", "Muon").since == "3.10"
    assert find_entry("layer", "ReversibleEmbedding").since == "3.12"
    assert find_entry("layer", "AdaptiveAveragePooling2D").since == "3.13"
    assert find_entry("layer", "BatchNormalization").parameter_named("renorm").since == "3.14"
    assert find_entry("metric", "AUC").parameter_named("curve").choices_since == (
        ("PRGAIN", "3.11"),
    )
