"""The source `sql`."""

import re
from dataclasses import dataclass
from typing import ClassVar

from dlspec.language.kinds import Text, spec_key

# A variable of the environment in a URL. What begins so otherwise is refused.
URL_VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")

_SQLITE = re.compile(r"sqlite(?:\+pysqlite)?:///(.+)")
# A string, a quoted name or a comment: what stands in it says nothing of the query.
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_INNERMOST = re.compile(r"\([^()]*\)")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)
# Statements that change a database, as they begin; `replace(x, y)` and `truncate(x, 2)` do not.
_CHANGE = re.compile(
    r"(?:^|[(;])\s*(?:(?:insert|replace|merge)\s+(?:\w+\s+){0,2}?into|delete\s+from"
    r"|(?:update|drop|create|alter|truncate|grant|revoke|rename)\s+\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SqlSource:
    """The rows that a query gives, read through SQLAlchemy; its columns are those of the query.

    Rows come in the order of an `ORDER BY` at the end of the query. Without one they are put in an
    order that their values alone decide, so that equal rows are equal data.
    """

    word: ClassVar[str] = "sql"
    tool: ClassVar[str] = "sql"
    generator: ClassVar[str | None] = None
    endings: ClassVar[tuple[str, ...]] = ()
    has_test_rows: ClassVar[bool] = False

    sql: str = spec_key(Text(), "The query: a `SELECT`, nothing that changes the database.")
    url: str | None = spec_key(
        Text(),
        "The database, as SQLAlchemy writes it: `sqlite:///houses.db`, relative to the spec, or "
        "`postgresql+psycopg://reader:${DB_PASSWORD}@host/houses`. `${NAME}` is a variable of the "
        "environment, in capitals, and the only way to give a password; a URL that begins with one "
        "is written `$${NAME}`. Only `test` may leave it out, for the database of `source`.",
        default=None,
    )

    @property
    def files(self) -> tuple[str, ...]:
        """Return the file of SQLite; of another database none."""
        return () if self.sqlite_file is None else (self.sqlite_file,)

    @property
    def sqlite_file(self) -> str | None:
        """Return the file as the URL names it; None of another database, or one not named here."""
        found = _SQLITE.fullmatch(self.url or "")
        return None if found is None or "${" in found[1] else found[1]

    @property
    def orders_rows(self) -> bool:
        """Return whether the query itself, and not just a part in brackets, orders its rows."""
        text, before = _QUOTED.sub(" ", self.sql), ""
        while text != before:
            text, before = _INNERMOST.sub(" ", text), text
        return _ORDER.search(text) is not None

    @property
    def changes_database(self) -> bool:
        """Return whether a statement of the query is one that changes the database."""
        return _CHANGE.search(_QUOTED.sub(" ", self.sql)) is not None
