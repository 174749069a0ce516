"""`weights` beside an `Embedding`: a file of word vectors that its rows begin with."""

from dataclasses import dataclass
from pathlib import Path

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.suggest import unknown_key_help
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar, is_poison_node
from dlspec.syntax.substitution import describe_node

VECTORS_KEYS = ("file", "feature")
_PATH = "write the path of the file, such as `vectors.txt`"


@dataclass(frozen=True, slots=True)
class WrittenVectors:
    """What stands under `weights`: the file, and the feature whose words it is read for.

    `feature` is None where the text leaves it to what the embedding reads.
    """

    file: Scalar
    feature: Scalar | None

    @property
    def folder(self) -> str:
        """Return what the file's path is relative to."""
        return str(Path(self.file.span.source.path).parent)


def read_written_vectors(node: Node, reporter: Reporter) -> WrittenVectors | None:
    """Return what stands under `weights`, expressions evaluated; None where it is reported."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return WrittenVectors(node, None)
    if not isinstance(node, MappingNode):
        message = "`weights` beside an `Embedding` takes a file of vectors"
        _report_vectors_form(node, message, _PATH, reporter)
        return None
    for entry in node:
        if entry.name not in VECTORS_KEYS:
            reporter.error(
                Code.UNKNOWN_KEY,
                entry.key.span,
                f"unknown key `{entry.name}`",
                label="`weights` has no such key",
                help=unknown_key_help(None, VECTORS_KEYS, beside=()),
            )
            return None
    file = node.get("file")
    if file is None:
        reporter.error(
            Code.MISSING_KEY,
            node.span,
            "`weights` needs `file`",
            label="`file` is not there",
            help="add `file`, the path of the vectors",
        )
        return None
    feature = node.get("feature")
    if not _is_worded_scalar(file):
        _report_vectors_form(file, "`file` takes the path of a file of vectors", _PATH, reporter)
        return None
    if feature is not None and not _is_worded_scalar(feature):
        message = "`feature` takes the name of an input of the data"
        _report_vectors_form(feature, message, "write the name of the input that is read", reporter)
        return None
    assert isinstance(file, Scalar)
    return WrittenVectors(file, feature if isinstance(feature, Scalar) else None)


def _is_worded_scalar(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str)


def _report_vectors_form(node: Node, message: str, help_: str, reporter: Reporter) -> None:
    if not is_poison_node(node):
        label = f"this is {describe_node(node)}"
        reporter.error(Code.WRONG_TYPE, node.span, message, label=label, help=help_)
