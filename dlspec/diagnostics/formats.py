"""Findings for programs: JSON for editors, GitHub annotations, SARIF for code scanners."""

import json
from collections.abc import Iterable
from urllib.parse import quote

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.explain import explanation_page
from dlspec.diagnostics.findings import Diagnostic, Replacement
from dlspec.diagnostics.source import Span

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Return the object of `check --format json`; lines and columns from 1, ends exclusive."""
    return json.dumps({"diagnostics": [_as_record(d) for d in diagnostics]}, indent=2)


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one workflow command per finding, which GitHub shows beside the line.

    Source: docs.github.com, "Workflow commands for GitHub Actions", setting an error message.
    """
    return "\n".join(_github_annotation(d) for d in diagnostics)


def render_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """Return a SARIF 2.1.0 log with one run; the page of a code is the help of its rule.

    Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
    """
    found = list(diagnostics)
    codes = sorted({d.code for d in found}, key=lambda code: code.value)
    run = {
        "tool": {"driver": {"name": "dlspec", "rules": [_sarif_rule(c) for c in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(d, codes.index(d.code)) for d in found],
    }
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_rule(code: Code) -> dict[str, object]:
    text = explanation_page(code.value)
    assert text is not None, "every code has a page"
    title = text.split("\n", 1)[0].removeprefix("# ")
    return {
        "id": code.value,
        "name": code.name,
        "shortDescription": {"text": title},
        "help": {"text": text, "markdown": text},
    }


def _as_record(found: Diagnostic) -> dict[str, object]:
    return {
        "code": found.code.value,
        "severity": found.severity,
        "message": found.message,
        **_as_range(found.span),
        "label": found.label,
        "notes": list(found.notes),
        "help": found.help,
        "related": [{"message": r.message, **_as_range(r.span)} for r in found.related],
    }


def _as_range(span: Span) -> dict[str, object]:
    return {
        "path": span.source.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _github_annotation(found: Diagnostic) -> str:
    span = found.span
    # GitHub counts the last column in.
    last = max(span.end_column - 1, span.column if span.line == span.end_line else 1)
    properties = {
        "file": span.source.path,
        "line": span.line,
        "col": span.column,
        "endLine": span.end_line,
        "endColumn": last,
        "title": found.code.value,
    }
    shown = ",".join(
        f"{name}={_escaped_github_property(str(value))}" for name, value in properties.items()
    )
    return f"::{found.severity} {shown}::{_escaped_github_data(_finding_message_text(found))}"


def _finding_message_text(found: Diagnostic) -> str:
    first = f"{found.message}: {found.label}" if found.label else found.message
    helped = [f"help: {found.help}"] if found.help is not None else []
    return "\n".join([first, *(f"note: {note}" for note in found.notes), *helped])


def _escaped_github_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_github_property(text: str) -> str:
    return _escaped_github_data(text).replace(":", "%3A").replace(",", "%2C")


def _sarif_result(found: Diagnostic, rule: int) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": found.code.value,
        "ruleIndex": rule,
        "level": found.severity,
        "message": {"text": _finding_message_text(found)},
        "locations": [_sarif_location(found.span)],
    }
    if found.related:
        result["relatedLocations"] = [
            {"id": i, "message": {"text": r.message}, **_sarif_location(r.span)}
            for i, r in enumerate(found.related)
        ]
    if found.replacement is not None:
        result["fixes"] = [_sarif_fix(found, found.replacement)]
    return result


def _sarif_fix(found: Diagnostic, repair: Replacement) -> dict[str, object]:
    place = _sarif_place(found.span)
    written = {"deletedRegion": place["region"], "insertedContent": {"text": repair.text}}
    change = {"artifactLocation": place["artifactLocation"], "replacements": [written]}
    return {"description": {"text": str(repair)}, "artifactChanges": [change]}


def _sarif_location(span: Span) -> dict[str, object]:
    return {"physicalLocation": _sarif_place(span)}


def _sarif_place(span: Span) -> dict[str, object]:
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    uri = quote(span.source.path, safe="/", errors="replace")
    return {"artifactLocation": {"uri": uri}, "region": region}
