"""Reads a packaged architecture as the spec it is: params, then the model."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from dlspec.decode.decode import decode
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Reporter
from dlspec.diagnostics.source import Source
from dlspec.diagnostics.suggest import replacement_word
from dlspec.expand.taken_graph import TakenGraph
from dlspec.language.catalogue.target import Target
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.nodes import Node, Scalar
from dlspec.syntax.parse import parse
from dlspec.syntax.substitution import describe_node, plain_value

_HERE = Path(__file__).parent
_STEMS = ("imagenet", "cifar")
# What an `if ... else` in an architecture takes for granted: another value is another network.
_CHOICES: Mapping[tuple[str, str], tuple[object, ...]] = {
    ("alexnet", "stem"): _STEMS,
    ("convnext", "size"): ("tiny", "small", "base", "large", "xlarge"),
    ("densenet", "depth"): (121, 169, 201),
    ("densenet", "stem"): _STEMS,
    ("efficientnet", "variant"): tuple(range(8)),
    ("mobilenet_v3", "size"): ("large", "small"),
    ("resnet", "depth"): (18, 34, 50, 101, 152),
    ("resnet", "stem"): _STEMS,
    ("resnet_cifar", "depth"): (20, 32, 44, 56, 110),
    ("resnet_cifar", "shortcut"): ("pad", "project"),
    ("seq2seq", "attention"): ("none", "luong", "bahdanau"),
    ("seq2seq", "cell"): ("lstm", "gru"),
    ("vgg", "depth"): (11, 13, 16, 19),
    ("vgg", "padding"): ("valid", "same"),
    ("vit", "size"): ("tiny", "small", "base", "large"),
}


@cache
def architecture_names() -> tuple[str, ...]:
    """Return the names of the packaged architectures, sorted."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.yaml")))


def architecture_choices() -> Mapping[tuple[str, str], tuple[object, ...]]:
    """Return the values that a param may take, by architecture and param, where they are few."""
    return MappingProxyType(_CHOICES)


def text_of(name: str) -> str:
    """Return the spec of a packaged architecture as text."""
    return (_HERE / f"{name}.yaml").read_text("utf-8")


def read_architecture(
    word: Scalar, given: Mapping[str, Node], target: Target, reporter: Reporter
) -> TakenGraph | None:
    """Return the architecture called `word` with `given` params, or report what is wrong."""
    name = str(word.value)
    if name not in architecture_names():
        near = replacement_word(name, architecture_names(), work=reporter.work)
        reporter.error(
            Code.REFERENCE_NOT_FOUND,
            word.span,
            f"there is no packaged architecture `{name}`",
            label="not in the zoo",
            help=near or f"the zoo has {', '.join(architecture_names())}",
        )
        return None
    chosen = [_is_choice(name, param, node, reporter) for param, node in given.items()]
    if not all(chosen):
        return None
    spec, scope = decode(
        _architecture_tree(name, reporter), target, reporter, overrides=given, stem=name
    )
    return TakenGraph(spec.model, scope)


def architecture_params(name: str) -> dict[str, object]:
    """Return what a packaged architecture takes, with its defaults: values or expressions."""
    declared = _architecture_tree(name, Reporter()).get("params")
    assert isinstance(declared, MappingNode), f"the packaged architecture {name} has no params"
    return {entry.name: plain_value(entry.value) for entry in declared}


def _architecture_tree(name: str, reporter: Reporter) -> MappingNode:
    tree = parse(Source(f"zoo/{name}.yaml", text_of(name), packaged=True), reporter)
    assert tree is not None, f"the packaged architecture {name} is no mapping"
    return tree


def _is_choice(name: str, param: str, node: Node, reporter: Reporter) -> bool:
    choices = _CHOICES.get((name, param))
    if choices is None or plain_value(node) in choices:
        return True
    listed = ", ".join(f"`{choice}`" for choice in choices)
    reporter.error(
        Code.NOT_A_CHOICE,
        node.span,
        f"`{param}` of `{name}` is one of {listed}",
        label=f"this is {describe_node(node)}",
    )
    return False
