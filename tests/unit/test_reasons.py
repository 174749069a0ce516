"""What silences a tool says which rule, and why."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [
    file
    for room in ("dlspec", "pipelines", "benchmarks", "docs")
    for file in sorted((ROOT / room).rglob("*.py"))
    if "mistakes" not in file.parts
]
_SILENCED = re.compile(r"#\s*(noqa|type:\s*ignore)\b.*")
_WITH_REASON = re.compile(r"# (noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S|type: ignore\[[a-z-]+\]  # \S).*")


def test_there_are_files():
    assert len(FILES) > 300


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_silenced_warning_has_its_rule_and_a_reason(file):
    lines = file.read_text("utf-8").splitlines()
    found = {i: _SILENCED.search(line) for i, line in enumerate(lines, start=1)}
    silent = [i for i, match in found.items() if match and not _WITH_REASON.match(match[0])]
    assert silent == []
