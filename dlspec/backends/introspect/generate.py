"""The whole catalogue as JSON text."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from dlspec.backends.introspect import class_entries as classes
from dlspec.backends.introspect import function_entries as functions
from dlspec.backends.introspect.history import date_catalogue
from dlspec.backends.introspect.inventory import Member, base_class, catalogue_members
from dlspec.language.catalogue import KINDS

# Types that carry nothing a namesake's range or choices could contradict.
_PLAIN = frozenset({"integer", "number", "boolean"})
CATALOGUE = Path(__file__).parents[2] / "language" / "catalogue"


def generate_catalogue() -> str:
    """Return the catalogue of the installed Keras, one class per line for readable changes."""
    overlay = json.loads((CATALOGUE / "overlay.json").read_text("utf-8"))
    found: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    aliases: dict[str, dict[str, str]] = {}
    for member in catalogue_members():
        found[member.kind][member.name] = _fields_of_member(member, overlay)
        for word in member.words:
            aliases.setdefault(member.kind, {})[word] = member.name
    for kind, entries in found.items():
        _adopt_type_of_namesakes(
            {
                name: e
                for name, e in entries.items()
                if (kind, name) not in _classes_left_open(overlay)
            }
        )
    date_catalogue(found, json.loads((CATALOGUE / "history.json").read_text("utf-8")))
    # Keras keeps its identifiers in sets, whose order changes from run to run.
    ordered = {kind: dict(sorted(words.items())) for kind, words in aliases.items()}
    return _catalogue_text({"keras": keras.__version__, "aliases": ordered, "classes": found})


def _fields_of_member(member: Member, overlay: Mapping[str, Any]) -> dict[str, Any]:
    if reason := _why_forbidden(member, overlay):
        return {"module": member.target.__module__, "forbidden": reason}
    corrections = _overlay_corrections(member, overlay)
    if member.kind in {"activation", "op"}:
        return functions.function_entry_fields(member, corrections)
    fields = classes.class_entry_fields(member, corrections)
    if any(p["type"] == "callable" and "default" not in p for p in fields["parameters"]):
        return {
            "module": member.target.__module__,
            "forbidden": "it takes a Python function, which a spec cannot hold",
        }
    fields["traits"] = overlay["traits"].get(member.kind, {}).get(member.name)
    return {name: value for name, value in fields.items() if value}


def _why_forbidden(member: Member, overlay: Mapping[str, Any]) -> str | None:
    if member.target is base_class(member.kind):
        return f"it is the base of every {member.kind} and does nothing itself"
    reasons: Mapping[str, str] = overlay["forbidden"].get(member.kind, {})
    return reasons.get(member.name)


def _overlay_corrections(member: Member, overlay: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the overlay's fields by parameter; a class's own stand over those of `*`."""
    found: dict[str, dict[str, Any]] = {}
    for correction in sorted(overlay["corrections"], key=lambda c: c["class"] != "*"):
        if correction["kind"] == member.kind and correction["class"] in {"*", member.name}:
            for name in correction["parameters"]:
                found.setdefault(name, {}).update(correction["set"])
    return found


def _classes_left_open(overlay: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the kind and class of parameters that the overlay says may be anything."""
    corrections = overlay["corrections"]
    return {(c["kind"], c["class"]) for c in corrections if c["set"].get("type") == "any"}


def _adopt_type_of_namesakes(entries: Mapping[str, dict[str, Any]]) -> None:
    """Give a parameter without a type the one that its namesakes in the same kind agree on."""
    parameters = [p for entry in entries.values() for p in entry.get("parameters", ())]
    known: dict[str, set[str]] = {}
    for parameter in parameters:
        if parameter["type"] in _PLAIN:
            known.setdefault(parameter["name"], set()).add(parameter["type"])
    for parameter in parameters:
        types = known.get(parameter["name"], set())
        if parameter["type"] == "any" and len(types) == 1:
            parameter["type"] = next(iter(types))


def _catalogue_text(catalogue: Mapping[str, Any]) -> str:
    sections = []
    for kind, entries in catalogue["classes"].items():
        lines = ",\n".join(
            f"{_catalogue_json(name)}:{_catalogue_json(entries[name])}" for name in sorted(entries)
        )
        sections.append(f"{_catalogue_json(kind)}:{{\n{lines}\n}}")
    version, aliases = (_catalogue_json(catalogue[name]) for name in ("keras", "aliases"))
    head = f'"keras":{version},\n"aliases":{aliases}'
    return f'{{{head},\n"classes":{{\n' + ",\n".join(sections) + "\n}}\n"


def _catalogue_json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)
