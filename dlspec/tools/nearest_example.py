"""The page of a code with one of its pairs of examples: that which is nearest to a finding."""

import re
from difflib import SequenceMatcher

from dlspec.compiler import compile_source
from dlspec.diagnostics.findings import Diagnostic
from dlspec.diagnostics.source import Source

_PAIR = re.compile(r"^## Wrong\n.*?(?=^## Wrong\n|\Z)", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What a message quotes is the author's own word, and no likeness.
_QUOTED = re.compile(r"`[^`]*`")


def page_with_example(page: str, found: Diagnostic | None) -> str:
    """Return a page with the pair of a wrong and a right example that is nearest to a finding.

    Args:
        found: None takes the first pair.
    """
    pairs: list[str] = _PAIR.findall(page)
    head = page[: page.index(pairs[0])]
    if found is None or len(pairs) == 1:
        return head + pairs[0].rstrip() + "\n"
    nearest = max(pairs, key=lambda pair: _likeness(pair, found))
    return head + nearest.rstrip() + "\n"


def _likeness(pair: str, found: Diagnostic) -> float:
    """Return how like, from 0 to 1, the finding of a wrong example is to another of its code."""
    example = _EXAMPLE.search(pair)
    if example is None:
        return 0.0
    diagnostics = compile_source(Source("example", example[1])).diagnostics
    same = (_unquoted_finding(one) for one in diagnostics if one.code is found.code)
    told = _unquoted_finding(found)
    return max((SequenceMatcher(None, one, told).ratio() for one in same), default=0.0)


def _unquoted_finding(found: Diagnostic) -> str:
    return _QUOTED.sub("``", f"{found.message}: {found.label}")
