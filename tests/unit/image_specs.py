"""A spec over images with places for what a rule looks at, and what is found in it."""

from dlspec.compiler import compile_source
from dlspec.diagnostics.findings import Diagnostic
from dlspec.diagnostics.source import Source

IMAGES = """\
dlspec: 1
name: example
data:
  source: {{sklearn: digits}}
  inputs: {{image: {{image: images, size: [8, 8], channels: 1{feature}}}}}
  targets: {{digit: {{class: target, classes: 10{target}}}}}
  split: {{{split}}}
model:
  inputs: {{image: [8, 8, 1]}}
  graph:
{graph}    - Flatten
    - {{{head}, name: digit}}
training:
  epochs: 3
  loss: {loss}
{more}"""


def findings(text: str) -> tuple[Diagnostic, ...]:
    """Return all that is found in a text, warnings included."""
    return tuple(compile_source(Source("<text>", text)).diagnostics)


def found_codes(text: str) -> list[str]:
    """Return the codes of all that is found in a text, warnings included."""
    return [one.code.value for one in findings(text)]


def found_words(text: str, path: str = "<text>") -> list[tuple[str, str, str, str | None]]:
    """Return the marked text, the message, the label and the help of all that is found."""
    return [
        (_marked_text(one), one.message, one.label, one.help)
        for one in compile_source(Source(path, text)).diagnostics
    ]


def _marked_text(found: Diagnostic) -> str:
    line = found.span.source.text.splitlines()[found.span.line - 1]
    return line[found.span.column - 1 : found.span.end_column - 1]


def image_spec(*graph: str, **said: object) -> str:
    """Return the spec with some entries before its head, and other words where `said`.

    `more` is text after the last line of `training`.
    """
    head = f"Dense: [{said.pop('units', 10)}, {{activation: {said.pop('activation', 'softmax')}}}]"
    filled = {
        "head": head,
        "feature": ", scale: $1/16",
        "target": "",
        "split": "test: 0.2",
        "loss": "SparseCategoricalCrossentropy",
        "more": "",
        **said,
        "graph": "".join(f"    - {entry}\n" for entry in graph),
    }
    return IMAGES.format(**filled)


def codes(*graph: str, **said: object) -> list[str]:
    """Return the codes of all that is found in a spec over images."""
    return found_codes(image_spec(*graph, **said))
