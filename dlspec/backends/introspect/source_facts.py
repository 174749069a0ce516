"""What Keras's source compares an argument with, read from the syntax tree."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache


def compared_words(target: type, name: str) -> tuple[str, ...]:
    """Return the texts that `name` or `self.name` is compared with in a class and its bases."""
    words: dict[str, None] = {}
    for base, node in _nodes_of_keras_bases(target):
        if isinstance(node, ast.Compare) and _is_called(node.left, name):
            for comparator in node.comparators:
                words |= dict.fromkeys(_compared_texts(comparator, base))
    return tuple(words)


def passes_standardize_tuple(target: type, name: str) -> bool:
    """Return whether the class passes `name` through `standardize_tuple`: an integer or a list."""
    return any(
        isinstance(node, ast.Call)
        and _called_function_name(node) == "standardize_tuple"
        and any(_is_called(argument, name) for argument in node.args[:1])
        for _, node in _nodes_of_keras_bases(target)
    )


def _nodes_of_keras_bases(target: type) -> Iterator[tuple[type, ast.AST]]:
    for base in target.__mro__:
        if base.__module__.startswith("keras"):
            yield from ((base, node) for node in _nodes_of_source(base))


@cache
def _nodes_of_source(base: type) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(textwrap.dedent(inspect.getsource(base)))))


def _is_called(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Name(id=found) | ast.Attribute(value=ast.Name(id="self"), attr=found):
            return found == name
    return False


def _called_function_name(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _compared_texts(node: ast.AST, owner: type) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            for item in items:
                yield from _compared_texts(item, owner)
        case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
            values = getattr(owner, attribute, ())
            if isinstance(values, tuple | list | set | frozenset):
                yield from sorted(v for v in values if isinstance(v, str))
