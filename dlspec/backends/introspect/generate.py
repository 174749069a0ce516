"""The whole catalogue as JSON text."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from dlspec.backends.introspect import class_entries as classes
from dlspec.backends.introspect import function_entries as functions
from dlspec.backends.introspect.history import dated
from dlspec.backends.introspect.inventory import Member, base_class, members
from dlspec.language.catalogue import KINDS

# Types that carry nothing a namesake's range or choices could contradict.
_PLAIN = frozenset({"integer", "number", "boolean"})
CATALOGUE = Path(__file__).parents[2] / "language" / "catalogue"


def generate() -> str:
    """Return the catalogue of the installed Keras, one class per line for readable changes."""
    overlay = json.loads((CATALOGUE / "overlay.json").read_text("utf-8"))
    found: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    aliases: dict[str, dict[str, str]] = {}
    for member in members():
        found[member.kind][member.name] = _entry(member, overlay)
        for word in member.words:
            aliases.setdefault(member.kind, {})[word] = member.name
    for kind, entries in found.items():
        _agree({name: e for name, e in entries.items() if (kind, name) not in _open(overlay)})
    dated(found, json.loads((CATALOGUE / "history.json").read_text("utf-8")))
    # Keras keeps its identifiers in sets, whose order changes from run to run.
    ordered = {kind: dict(sorted(words.items())) for kind, words in aliases.items()}
    return _text({"keras": keras.__version__, "aliases": ordered, "classes": found})


def _entry(member: Member, overlay: Mapping[str, Any]) -> dict[str, Any]:
    if reason := _forbidden(member, overlay):
        return {"module": member.target.__module__, "forbidden": reason}
    corrections = _corrections(member, overlay)
    if member.kind in {"activation", "op"}:
        return functions.entry(member, corrections)
    fields = classes.entry(member, corrections)
    if any(p["type"] == "callable" and "default" not in p for p in fields["parameters"]):
        return {
            "module": member.target.__module__,
            "forbidden": "it takes a Python function, which a spec cannot hold",
        }
    return {name: value for name, value in fields.items() if value}


def _forbidden(member: Member, overlay: Mapping[str, Any]) -> str | None:
    if member.target is base_class(member.kind):
        return f"it is the base of every {member.kind} and does nothing itself"
    reasons: Mapping[str, str] = overlay["forbidden"].get(member.kind, {})
    return reasons.get(member.name)


def _corrections(member: Member, overlay: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the overlay's fields by parameter; a class's own stand over those of `*`."""
    found: dict[str, dict[str, Any]] = {}
    for correction in sorted(overlay["corrections"], key=lambda c: c["class"] != "*"):
        if correction["kind"] == member.kind and correction["class"] in {"*", member.name}:
            for name in correction["parameters"]:
                found.setdefault(name, {}).update(correction["set"])
    return found


def _open(overlay: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the kind and class of parameters that the overlay says may be anything."""
    corrections = overlay["corrections"]
    return {(c["kind"], c["class"]) for c in corrections if c["set"].get("type") == "any"}


def _agree(entries: Mapping[str, dict[str, Any]]) -> None:
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


def _text(catalogue: Mapping[str, Any]) -> str:
    sections = []
    for kind, entries in catalogue["classes"].items():
        lines = ",\n".join(f"{_json(name)}:{_json(entries[name])}" for name in sorted(entries))
        sections.append(f"{_json(kind)}:{{\n{lines}\n}}")
    head = f'"keras":{_json(catalogue["keras"])},\n"aliases":{_json(catalogue["aliases"])}'
    return f'{{{head},\n"classes":{{\n' + ",\n".join(sections) + "\n}}\n"


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)
