"""What a class of the project takes, read from its text: constructor, call, and base classes."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dlspec.language.catalogue.class_statements import (
    Definition,
    DefinitionError,
    class_definition,
    dotted_name,
    full_dotted_name,
    open_class_definition,
)
from dlspec.language.catalogue.reader import ClassEntry, Parameter, Type, Value, find_entry

# The names by which Keras's own layers tell what a parameter is.
_BY_NAME: tuple[tuple[str, Type], ...] = (
    (r"(^|_)initializer$", "initializer"),
    (r"(^|_)regularizer$", "regularizer"),
    (r"(^|_)constraint$", "constraint"),
    (r"(^|_)activation$", "activation"),
    (r"(^|_)layer$|^cell$", "layer"),
    (r"^(layers|cells)$", "layers"),
    (r"(^|_)dtype$", "dtype"),
    (r"^seed$", "seed"),
    (r"^(units|filters)$|^num_", "integer"),
)
_BY_ANNOTATION: dict[str, Type] = {
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "str": "text",
    "list": "list",
    "List": "list",
    "tuple": "list",
    "Tuple": "list",
    "Sequence": "list",
    "dict": "mapping",
    "Dict": "mapping",
    "Mapping": "mapping",
    "Callable": "callable",
}
_LISTS_OF: dict[str, Type] = {"int": "integers", "float": "numbers"}
# Keras's deepest layer has 7 bases; a circle of texts ends here.
_MOST_BASES = 20


@dataclass(frozen=True, slots=True)
class Signature:
    """What a layer takes when it is made and when it is called."""

    parameters: tuple[Parameter, ...]
    call: tuple[str, ...]
    tensors: tuple[str, ...]
    required_tensors: tuple[str, ...]


def layer_signature(found: Definition) -> Signature:
    """Return what a class takes, its base classes included.

    Raises:
        DefinitionError: If it is no layer of Keras, or an argument of it has no name.
    """
    chain, base = _chain_to_keras(found)
    call, tensors, required = _chain_call_arguments(chain, base)
    parameters = tuple(p for p in _chain_parameters(chain, base) if p.name != "name")
    return Signature(parameters, call, tensors, required)


def _chain_to_keras(found: Definition) -> tuple[list[Definition], ClassEntry]:
    """Return the classes from this one down to the first of Keras, and that one."""
    chain = [found]
    while len(chain) < _MOST_BASES:
        base = _base_towards_keras(chain[-1])
        if isinstance(base, ClassEntry):
            return chain, base
        chain.append(base)
    raise DefinitionError(f"`{found.node.name}` has itself as a base class")


def _base_towards_keras(found: Definition) -> Definition | ClassEntry:
    """Return the base class that leads to Keras.

    Raises:
        DefinitionError: If none does.
    """
    known = [
        _class_meant_by_base(found, text)
        for base in found.node.bases
        if (text := dotted_name(base))
    ]
    own = [one for one in known if isinstance(one, Definition) and _leads_to_keras(one, steps=9)]
    keras = [one for one in known if isinstance(one, ClassEntry)]
    if own:
        return own[0]
    if keras:
        return keras[0]
    raise DefinitionError(f"`{found.node.name}` is no layer of Keras: no base class is one")


def _leads_to_keras(found: Definition, *, steps: int) -> bool:
    for base in found.node.bases:
        one = _class_meant_by_base(found, dotted_name(base) or "")
        if isinstance(one, ClassEntry):
            return True
        if one is not None and steps and _leads_to_keras(one, steps=steps - 1):
            return True
    return False


def _class_meant_by_base(found: Definition, text: str) -> Definition | ClassEntry | None:
    """Return the class that a base's name means; None where no text shows it."""
    full = full_dotted_name(found.module, text)
    if full.startswith("keras.") or ".keras." in full:
        return _entry_of_keras_base(full.rpartition(".")[2])
    before, _, name = full.rpartition(".")
    try:
        if before:
            return open_class_definition(before, name, found.module.roots)
        return class_definition(found.module, name) if name else None
    except DefinitionError:
        return None


def _entry_of_keras_base(name: str) -> ClassEntry:
    entry = find_entry("layer", name)
    # What every layer takes, where the base is not a layer that a spec may name.
    plain = find_entry("layer", "Identity")
    assert plain is not None
    if entry is not None and not entry.forbidden:
        return entry
    if name == "Wrapper":
        return replace(plain, parameters=(Parameter("layer", "layer"), *plain.parameters))
    return plain


# -- the constructor -------------------------------------------------------------------------------


def _chain_parameters(chain: list[Definition], base: ClassEntry) -> tuple[Parameter, ...]:
    if not chain:
        return base.parameters
    first, *others = chain
    constructor = _method_statement(first, "__init__")
    if constructor is None:
        return _chain_parameters(others, base)
    own = _own_parameters(first, constructor)
    if constructor.args.kwarg is None:
        return own
    known = {p.name for p in own}
    inherited = _chain_parameters(others, base)
    settled = _settled_parameters(constructor, [p.name for p in inherited])
    return (*own, *(p for p in inherited if p.name not in known | settled))


def _method_statement(found: Definition, name: str) -> ast.FunctionDef | None:
    for statement in found.node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            return statement
    return None


def _own_parameters(found: Definition, constructor: ast.FunctionDef) -> tuple[Parameter, ...]:
    arguments = constructor.args
    owner = found.node.name
    if arguments.vararg is not None:
        raise DefinitionError(f"`{owner}` takes `*{arguments.vararg.arg}`, which has no names")
    if len(arguments.posonlyargs) > 1:
        raise DefinitionError(f"`{owner}` takes arguments by position only")
    positional = [*arguments.posonlyargs, *arguments.args][1:]
    missing = len(positional) - len(arguments.defaults)
    # A default for `self` is nonsense, and no list is shorter than none.
    defaults = [None] * max(missing, 0) + list(arguments.defaults)[max(-missing, 0) :]
    pairs = [*zip(positional, defaults, strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return tuple(_parameter_of_argument(argument, default) for argument, default in pairs)


def _settled_parameters(constructor: ast.FunctionDef, inherited: list[str]) -> set[str]:
    """Return the parent's parameters that the constructor fills in itself."""
    for node in ast.walk(constructor):
        match node:
            case ast.Call(func=ast.Attribute(attr="__init__", value=ast.Call() | ast.Name())):
                positions = inherited[: sum(not isinstance(a, ast.Starred) for a in node.args)]
                return {*positions, *(k.arg for k in node.keywords if k.arg is not None)}
    return set()


def _parameter_of_argument(argument: ast.arg, default: ast.expr | None) -> Parameter:
    value, _ = _literal_value(default)
    kind, nullable, choices = _annotated_type(argument.annotation)
    if kind is None:
        kind = _type_of_argument_name(argument.arg) or _type_of_default_value(value)
    return Parameter(
        name=argument.arg,
        type=kind,
        required=default is None,
        default=value,
        nullable=nullable or kind == "any" or (default is not None and value is None),
        choices=choices,
    )


def _literal_value(node: ast.expr | None) -> tuple[Value, bool]:
    if node is None:
        return None, False
    try:
        return _frozen_literal(ast.literal_eval(node)), True
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None, False


def _frozen_literal(value: Any) -> Any:  # noqa: ANN401 - any literal of Python
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return tuple(_frozen_literal(item) for item in value)
        case dict():
            return {str(key): _frozen_literal(item) for key, item in value.items()}
    return None


def _type_of_argument_name(name: str) -> Type | None:
    return next((kind for pattern, kind in _BY_NAME if re.search(pattern, name)), None)


def _type_of_default_value(value: Value) -> Type:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "any"


def _annotated_type(node: ast.expr | None) -> tuple[Type | None, bool, tuple[Value, ...]]:
    """Return the type that an annotation says, whether it allows None, and the words it lists."""
    match node:
        case ast.Constant(value=str(text)):
            return _annotated_type(_parsed_annotation(text))
        case ast.BinOp(op=ast.BitOr()):
            return _union_type([node.left, node.right])
        case ast.Subscript(value=value, slice=inner):
            return _subscripted_type((dotted_name(value) or "").rpartition(".")[2], inner)
        case ast.Name() | ast.Attribute():
            word = (dotted_name(node) or "").rpartition(".")[2]
            return _BY_ANNOTATION.get(word), False, ()
    return None, False, ()


def _parsed_annotation(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _union_type(nodes: list[ast.expr]) -> tuple[Type | None, bool, tuple[Value, ...]]:
    some = [node for node in nodes if not _is_none(node)]
    if len(some) == 1:
        kind, _, choices = _annotated_type(some[0])
        return kind, True, choices
    kinds = {_annotated_type(node)[0] for node in some}
    nullable = len(some) < len(nodes) or any(_annotated_type(node)[1] for node in some)
    return ("number" if kinds == {"integer", "number"} else "any"), nullable, ()


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _subscripted_type(word: str, inner: ast.expr) -> tuple[Type | None, bool, tuple[Value, ...]]:
    items = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
    match word:
        case "Optional":
            return _annotated_type(inner)[0], True, ()
        case "Union":
            return _union_type(items)
        case "Literal":
            return "choice", False, tuple(_literal_words(items))
    kind = _BY_ANNOTATION.get(word)
    if kind == "list":
        named = {dotted_name(item) for item in items if not _is_ellipsis(item)}
        return _LISTS_OF.get(named.pop() or "", kind) if len(named) == 1 else kind, False, ()
    return kind, False, ()


def _literal_words(items: list[ast.expr]) -> Iterator[Value]:
    for item in items:
        value, is_literal = _literal_value(item)
        if is_literal:
            yield value


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


# -- the call --------------------------------------------------------------------------------------


def _chain_call_arguments(
    chain: list[Definition], base: ClassEntry
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the call's arguments, those that carry tensors, and those that must be given."""
    for found in chain:
        method = _method_statement(found, "call")
        if method is not None:
            return _arguments_of_call_method(method)
    return base.call, base.tensors, base.required_tensors


def _arguments_of_call_method(
    method: ast.FunctionDef,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    positional = [*method.args.posonlyargs, *method.args.args][1:]
    missing = len(positional) - len(method.args.defaults)
    defaults = [None] * max(missing, 0) + list(method.args.defaults)[max(-missing, 0) :]
    pairs: list[tuple[ast.arg, ast.expr | None]] = [*zip(positional, defaults, strict=True)]
    pairs += zip(method.args.kwonlyargs, method.args.kw_defaults, strict=True)
    tensors = [a.arg for a, d in pairs if a.arg != "training" and (d is None or _is_none(d))]
    required = [a.arg for a, d in pairs if d is None]
    return tuple(a.arg for a, _ in pairs), tuple(tensors), tuple(required)
