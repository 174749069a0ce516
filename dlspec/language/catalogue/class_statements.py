"""Classes in Python text: found, followed through imports, and read, but never run."""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

# A name handed on through more modules than this is handed on in a circle.
_MOST_STEPS = 20
# `from x import *` is followed through so many modules; packages re-export through two.
_MOST_STARS = 4


class DefinitionError(ValueError):
    """A class that the text does not show; the message is the fact."""


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A module's text, and what each name at its top is bound by."""

    name: str
    file: Path
    roots: tuple[Path, ...]
    bindings: Mapping[str, ast.stmt]
    stars: tuple[ast.ImportFrom, ...]

    @property
    def relative_import_base(self) -> str:
        """Return the package that relative imports start from."""
        return self.name if self.file.stem == "__init__" else self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Definition:
    """A class statement and the module it stands in."""

    module: Module
    node: ast.ClassDef


@dataclass(frozen=True, slots=True)
class Imported:
    """What a name that is imported means: a module, or a name in one."""

    module: str
    name: str | None


def open_module(name: str, roots: tuple[Path, ...], *, beyond: bool = True) -> Module | None:
    """Return the module `name`, looked for in `roots`, then on the import path; None without one.

    Args:
        beyond: Whether to look on the import path too.

    Raises:
        DefinitionError: If its text is not Python.
    """
    parts = name.split(".")
    places = (*roots, *(Path(entry or ".") for entry in sys.path)) if beyond else roots
    for place in places:
        base = place.joinpath(*parts)
        for file in (base / "__init__.py", base.with_name(f"{parts[-1]}.py")):
            try:
                known = file.stat()
            except OSError:
                continue
            bindings, stars = _read_bindings(file, known.st_mtime_ns, known.st_size)
            return Module(name, file, roots, bindings, stars)
    return None


@lru_cache(maxsize=512)
def _read_bindings(
    file: Path,
    modified_ns: int,  # noqa: ARG001 - when it changed
    size: int,  # noqa: ARG001 - when it changed
) -> tuple[Mapping[str, ast.stmt], tuple[ast.ImportFrom, ...]]:
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError as error:
        raise DefinitionError(
            f"line {error.lineno} of `{file.name}` is not Python: {error.msg}"
        ) from error
    except ValueError as error:
        raise DefinitionError(f"`{file.name}` is not Python: {error}") from error
    except OSError as error:
        raise DefinitionError(f"`{file.name}` cannot be read: {error.strerror}") from error
    except (MemoryError, RecursionError) as error:
        # How Python's own parser says that brackets or operators nest too deep.
        raise DefinitionError(f"`{file.name}` nests too deep to be read") from error
    bindings: dict[str, ast.stmt] = {}
    stars: list[ast.ImportFrom] = []
    for statement in _at_the_top(tree.body):
        bindings |= dict.fromkeys(_bound_names(statement), statement)
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            stars.append(statement)
    return bindings, tuple(stars)


def _at_the_top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those under `if`, `try` and `with` included."""
    for statement in body:
        match statement:
            case ast.If() | ast.Try() | ast.With():
                for part in ("body", "handlers", "orelse", "finalbody"):
                    inner = getattr(statement, part, [])
                    for one in inner:
                        yield from _at_the_top(one.body if part == "handlers" else [one])
            case _:
                yield statement


def _bound_names(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            yield statement.name
        case ast.Import() | ast.ImportFrom():
            for alias in statement.names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                stored = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
                yield from stored


def imported_meaning(module: Module, name: str) -> Imported | None:
    """Return what an imported name means; None when the module does not import it."""
    statement = module.bindings.get(name)
    match statement:
        case ast.Import():
            for alias in statement.names:
                if alias.asname == name:
                    return Imported(alias.name, None)
            return Imported(name, None)
        case ast.ImportFrom():
            source = origin_of(module, statement)
            for alias in statement.names:
                if (alias.asname or alias.name) == name:
                    return Imported(source, alias.name)
    return None


def origin_of(module: Module, statement: ast.ImportFrom) -> str:
    """Return the module that `from ... import` names, relative ones in full."""
    if not statement.level:
        return statement.module or ""
    package = module.relative_import_base.split(".")
    above = package[: len(package) - statement.level + 1]
    return ".".join([*above, statement.module] if statement.module else above)


def class_definition(module: Module, name: str, *, steps: int = _MOST_STEPS) -> Definition:
    """Return the class that `name` means in a module, through the modules that hand it on.

    Raises:
        DefinitionError: If it is none, or stands where no text shows it.
    """
    statement = module.bindings.get(name)
    if isinstance(statement, ast.ClassDef):
        return Definition(module, statement)
    found = imported_meaning(module, name)
    if found is not None and found.name is not None and steps:
        return open_class_definition(found.module, found.name, module.roots, steps=steps - 1)
    if statement is not None:
        raise DefinitionError(f"`{name}` of `{module.name}` is no class")
    for star in reversed(module.stars if steps else ()):
        other = open_module(origin_of(module, star), module.roots)
        if other is not None and _shows_name(other, name, steps=_MOST_STARS):
            return class_definition(other, name, steps=steps - 1)
    raise DefinitionError(f"`{module.name}` has no class `{name}`")


def _shows_name(module: Module, name: str, *, steps: int) -> bool:
    """Return whether a module has a name, its own or through `import *`."""
    if name in module.bindings or not steps:
        return name in module.bindings
    others = (open_module(origin_of(module, star), module.roots) for star in module.stars)
    return any(other is not None and _shows_name(other, name, steps=steps - 1) for other in others)


def open_class_definition(
    module: str, name: str, roots: tuple[Path, ...], *, steps: int = _MOST_STEPS
) -> Definition:
    """Return the class `name` of the module called `module`.

    Raises:
        DefinitionError: If there is no such module, or no such class in it.
    """
    found = open_module(module, roots)
    if found is None:
        raise DefinitionError(f"there is no module `{module}`")
    return class_definition(found, name, steps=steps)


def dotted_name(node: ast.expr) -> str | None:
    """Return `keras.layers.Dense` for such an expression; None for any other."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            before = dotted_name(value)
            return None if before is None else f"{before}.{name}"
        case ast.Subscript(value=value):
            return dotted_name(value)
    return None


def full_dotted_name(module: Module, text: str) -> str:
    """Return a dotted name with what its first part was imported as."""
    first, dot, rest = text.partition(".")
    found = imported_meaning(module, first)
    if found is None:
        return text
    start = found.module if found.name is None else f"{found.module}.{found.name}"
    return f"{start}{dot}{rest}"


@dataclass(slots=True)
class _Reach:
    """Gathers the statements of the project that a class leads to."""

    texts: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, module: Module, name: str) -> None:
        """Add what a name is bound by, and all that this uses."""
        statement = module.bindings.get(name)
        if statement is None:
            for star in module.stars:
                self._add_whole_module(origin_of(module, star), module)
            return
        if (module.name, name) in self.texts:
            return
        self.texts[module.name, name] = ""
        found = imported_meaning(module, name)
        if found is None:
            self._add_statement(module, name, statement)
        elif found.name is None:
            self._add_whole_module(found.module, module)
        else:
            self._add_imported_name(found.module, found.name, module)

    def _add_statement(self, module: Module, name: str, statement: ast.stmt) -> None:
        self.texts[module.name, name] = _bare_text(statement)
        for node in _leading_on(statement):
            match node:
                case ast.Name(id=used):
                    self.add(module, used)
                case ast.ImportFrom():
                    self._add_whole_module(origin_of(module, node), module)
                case ast.Import():
                    for alias in node.names:
                        self._add_whole_module(alias.name, module)

    def _add_imported_name(self, source: str, name: str, module: Module) -> None:
        other = open_module(source, module.roots, beyond=False)
        if other is not None and (name in other.bindings or other.stars):
            self.add(other, name)
        else:
            self._add_whole_module(f"{source}.{name}", module)

    def _add_whole_module(self, name: str, module: Module) -> None:
        other = open_module(name, module.roots, beyond=False)
        if other is None or (other.name, "*") in self.texts:
            return
        self.texts[other.name, "*"] = ""
        for bound in other.bindings:
            self.add(other, bound)


def reached_text(found: Definition) -> str:
    """Return the text of a class and of all of the project that it uses, without comments.

    What it takes from installed packages is left out.
    """
    reach = _Reach()
    reach.add(found.module, found.node.name)
    return "\n".join(f"{key}: {text}" for key, text in sorted(reach.texts.items()))


class _Bare(ast.NodeTransformer):
    """Leaves out what stands in a body and does nothing: docstrings."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [one for one in body if not _is_text(one)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]  # it has a body
        return node


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


@lru_cache(maxsize=4096)
def _bare_text(statement: ast.stmt) -> str:
    """Return a statement without comments and docstrings; trees are kept, so that this is too."""
    copied: ast.stmt = ast.parse(ast.unparse(statement)).body[0]
    return ast.unparse(_Bare().visit(copied))


@lru_cache(maxsize=4096)
def _leading_on(statement: ast.stmt) -> tuple[ast.AST, ...]:
    """Return the names and imports in a statement."""
    kinds = (ast.Name, ast.Import, ast.ImportFrom)
    return tuple(node for node in ast.walk(statement) if isinstance(node, kinds))
