"""The project's own layers as entries of the catalogue, read from their text and never run."""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic
from dlspec.language.catalogue.class_statements import (
    DefinitionError,
    open_class_definition,
    reached_text,
)
from dlspec.language.catalogue.project import Listed, Project
from dlspec.language.catalogue.reader import ClassEntry, Origin, find_entry
from dlspec.language.catalogue.signatures import layer_signature

_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z", re.ASCII)


_WORD = re.compile(r"[A-Z][A-Za-z0-9]*\Z")


def listed_layers(project: Project | None) -> tuple[ClassEntry, ...]:
    """Return the project's layers that a spec may use, by word."""
    words = sorted(project.layers) if project else ()
    found = (find_listed(project, word) for word in words)
    return tuple(one for one in found if isinstance(one, ClassEntry))


def project_problems(project: Project) -> tuple[Diagnostic, ...]:
    """Return all that is wrong with what a project lists, each at its place in pyproject.toml."""
    listed = (find_listed(project, word) for word in project.layers)
    return (*project_faults(project), *(one for one in listed if isinstance(one, Diagnostic)))


# A value of its own for each compilation stands for the project, so that edits are seen.
@lru_cache(maxsize=64)
def entry_of_listed_word(project: Project, word: str) -> ClassEntry | Diagnostic:
    """Return the project's layer that a listed word means, or what is wrong with it."""
    listed = project.layers[word]
    wrong = next(_problems_of_listing(listed), None)
    if wrong is not None:
        return wrong
    module, _, name = str(listed.reference).partition(":")
    roots = (project.folder, project.folder / "src")
    try:
        return _entry_from_class_text(listed, module, name, roots)
    except DefinitionError as error:
        return Diagnostic(
            Code.LISTED_LAYER,
            f"the layer `{word}` of this project cannot be used",
            listed.value,
            label=str(error),
            help=_class_help(module, str(error)),
        )


def _entry_from_class_text(
    listed: Listed, module: str, name: str, roots: tuple[Path, ...]
) -> ClassEntry:
    found = open_class_definition(module, name, roots)
    taken = layer_signature(found)
    code = hashlib.sha256(reached_text(found).encode()).hexdigest()
    return ClassEntry(
        name=listed.word,
        kind="layer",
        module=module,
        parameters=taken.parameters,
        call=taken.call,
        tensors=taken.tensors,
        required_tensors=taken.required_tensors,
        origin=Origin(module, name, found.node.name, found.module.file, roots, code, listed.value),
    )


def _class_help(module: str, text: str) -> str | None:
    if text.startswith("there is no module"):
        path = module.replace(".", "/")
        return f"put `{path}.py` beside pyproject.toml or under `src`, or install its package"
    return "derive it from `keras.layers.Layer`" if "no layer of Keras" in text else None


def _problems_of_listing(listed: Listed) -> Iterator[Diagnostic]:
    """Yield what the listing itself shows to be wrong."""
    word = listed.word
    if not _WORD.match(word):
        near = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", word))
        yield Diagnostic(
            Code.LISTED_LAYER,
            f"`{word}` cannot be the word for a layer",
            listed.key,
            label="letters and digits, beginning with a capital, as layers do",
            help=f"write `{near}`" if _WORD.match(near) else "write a word such as `Swish`",
        )
    if find_entry("layer", word) is not None:
        yield Diagnostic(
            Code.LISTED_LAYER,
            f"`{word}` means a layer of Keras",
            listed.key,
            label="a word has one meaning in every project",
            help=f"write another word, such as `My{word}`",
        )
    reference = listed.reference
    if not isinstance(reference, str) or not _REFERENCE.match(reference):
        yield Diagnostic(
            Code.LISTED_LAYER,
            f"`{word}` is listed as a module and a class, with a colon between",
            listed.value,
            label="this is neither" if isinstance(reference, str) else "this is no text",
            help=f'write `{word} = "{_reference_help(reference)}"`',
        )


def _reference_help(reference: object) -> str:
    if isinstance(reference, str) and re.fullmatch(r"\w+(\.\w+)+", reference):
        module, _, name = reference.rpartition(".")
        return f"{module}:{name}"
    return "mypackage.layers:Swish"


def find_listed(project: Project | None, word: str) -> ClassEntry | Diagnostic | None:
    """Return the project's layer that `word` means, or what is wrong with how it is listed.

    Returns:
        None when the project lists no such word.
    """
    if project is None or word not in project.layers:
        return None
    return entry_of_listed_word(project, word)


def project_faults(project: Project) -> tuple[Diagnostic, ...]:
    """Return what makes a project's table unreadable, in part or whole."""
    return tuple(
        Diagnostic(Code.LISTED_LAYER, fault.message, fault.place, fault.label, help=fault.help)
        for fault in project.faults
    )
