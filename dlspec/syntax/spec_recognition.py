"""Whether a text means to be a spec, told without parsing it, so that a broken one is told too."""

import re

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Diagnostic
from dlspec.diagnostics.source import Source, span_at_offset

# At the left margin of a line, or inside braces that hold the whole file.
_KEY = re.compile(r"""^(?:\{\s*)?["']?dlspec["']?\s*:""", re.MULTILINE)
_FLOW_KEY = re.compile(r"""[{,]\s*["']?dlspec["']?\s*:""")
# An overlay takes the version of what it extends.
_EXTENDS = re.compile(r"""^["']?extends["']?\s*:\s*["']?[^\s"']+\.ya?ml\b""", re.MULTILINE)


def means_to_be_spec(text: str) -> bool:
    """Return whether a top-level `dlspec:` is written, or `extends:` with another YAML file."""
    return bool(
        _KEY.search(text)
        or _EXTENDS.search(text)
        or (text.lstrip().startswith("{") and _FLOW_KEY.search(text))
    )


def not_a_spec(source: Source) -> Diagnostic:
    """Return the finding for a named file that does not mean to be a spec."""
    return Diagnostic(
        Code.MISSING_KEY,
        f"`{source.path}` is no spec",
        span_at_offset(source, 0),
        label="`dlspec` is not there",
        help="name a file that begins with `dlspec: 1`",
    )
