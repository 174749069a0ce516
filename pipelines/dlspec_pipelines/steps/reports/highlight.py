"""A spec's text with light colours: keys, text, numbers, expressions, comments."""

import re

from markupsafe import Markup, escape

_TOKEN = re.compile(
    r"""(?P<comment>(?:^|(?<=\s))\#.*)
    |(?P<key>(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[\w$][\w$.\-]*)(?=\s*:(?:\s|$)))
    |(?P<expression>\$[^,\]}#]*[^,\]}#\s])
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')
    |(?P<number>(?<![\w.\-+])[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
    |(?P<word>(?<!\w)(?:true|false|null)(?!\w))
    |(?P<other>\w+|.)""",
    re.VERBOSE,
)


def highlighted_yaml(text: str) -> Markup:
    """Return YAML text as HTML in which each line is a `span` of class `y-line`.

    Colours are a help to the eye: what a line means is decided elsewhere.
    """
    lines = (_highlighted_line(line) for line in text.rstrip("\n").split("\n"))
    return Markup("\n").join(
        Markup('<span class="y-line">{}</span>').format(line) for line in lines
    )


def _highlighted_line(line: str) -> Markup:
    parts = []
    for found in _TOKEN.finditer(line):
        kind = found.lastgroup or "other"
        text = escape(found.group())
        coloured = Markup('<span class="y-{}">{}</span>').format(kind, text)
        parts.append(text if kind == "other" else coloured)
    return Markup("").join(parts)
