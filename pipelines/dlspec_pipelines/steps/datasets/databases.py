"""Databases: their URLs without secrets, how they are opened, and what they refuse."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from dlspec.diagnostics.suggest import suggest
from dlspec.language.sources import SqlSource
from dlspec.language.sources.sql import URL_VARIABLE
from dlspec_pipelines.steps.datasets.table import unreadable_source
from dlspec_pipelines.steps.datasets.table_files import locate_source_file

# Drivers of the usual databases, by what SQLAlchemy cannot import without them.
_PACKAGES = {
    "psycopg": "'dlspec[postgres]'",
    "psycopg2": "psycopg2-binary",
    "MySQLdb": "mysqlclient",
}
# How SQLite, PostgreSQL and MySQL word a name that is not there.
_NO_TABLE = re.compile(r"no such table: (\S+)|relation \"([^\"]+)\" does not exist|Table '([^']+)'")
_NO_COLUMN = re.compile(
    r"no such column: (\S+)|column \"?([\w.]+)\"? does not exist|Unknown column '([^']+)'"
)
# How SQLite and PostgreSQL refuse a change; the last of a statement within a query.
_ONLY_READ = ("readonly database", "read-only transaction", "data-modifying statements")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A URL as the spec writes it, which may be told, and as it is opened, which may not.

    Attributes:
        written: As the spec writes it.
        opened: With the variables of the environment in their places.
        secrets: The variables of the URL and their values.
        file: The file of SQLite; None of another database.
    """

    written: str
    opened: str
    secrets: tuple[tuple[str, str], ...]
    file: Path | None

    @classmethod
    def from_source(cls, source: SqlSource, base: Path) -> "DatabaseUrl":
        """Return the URL of a source with the values of its variables.

        Raises:
            StepError: If a variable is not set, or a file of SQLite not there (DL610).
        """
        assert source.url is not None, "a plan has one"
        names = dict.fromkeys(URL_VARIABLE.findall(source.url))
        unset = [name for name in names if name not in os.environ]
        if unset:
            raise unreadable_source(
                f"`{source.url}` names the variable `{unset[0]}`, which is not set",
                help=f"set it where dlspec runs: `export {unset[0]}=...`",
            )
        opened = URL_VARIABLE.sub(lambda found: os.environ[found[1]], source.url)
        secrets = tuple((name, os.environ[name]) for name in names)
        name = SqlSource(source.sql, opened).sqlite_file
        file = None if name is None else locate_source_file(name.partition("?")[0], base)
        return cls(source.url, opened, secrets, file)

    def without_secrets(self, text: str) -> str:
        """Return a text with the names of the variables where it tells their values."""
        for name, value in self.secrets:
            text = text.replace(value, f"${{{name}}}") if value else text
        return text


@contextmanager
def opened_database(url: DatabaseUrl) -> Iterator[sa.Connection]:
    """Give a connection that cannot change the database where its kind can be kept from it.

    Raises:
        StepError: If it cannot be opened (DL610).
    """
    try:
        engine = _engine(url)
        connection = engine.connect()
    except (SQLAlchemyError, ImportError) as error:
        # Its cause may tell the password.
        raise _not_opened_error(error, url) from None
    try:
        yield connection
    finally:
        # What was begun is taken back.
        connection.close()
        engine.dispose()


def _engine(url: DatabaseUrl) -> sa.Engine:
    if url.file is not None:
        place = f"file:{quote(str(url.file))}?mode=ro"
        connect = partial(sqlite3.connect, place, uri=True)
        return sa.create_engine("sqlite://", creator=connect)
    engine = sa.create_engine(url.opened)
    if engine.dialect.name == "sqlite":
        raise unreadable_source(
            f"`{url.written}` is an empty database in memory",
            help="write `sqlite:///` and the name of a file",
        )
    if engine.dialect.name == "postgresql":
        return engine.execution_options(postgresql_readonly=True)
    return engine


def _not_opened_error(error: Exception, url: DatabaseUrl) -> Exception:
    if isinstance(error, ModuleNotFoundError):
        package = _PACKAGES.get(str(error.name), str(error.name))
        return unreadable_source(
            f"`{url.written}` needs the package `{error.name}`, which is not installed",
            help=f"run `pip install {package}`",
        )
    if isinstance(error, NoSuchModuleError):
        return unreadable_source(
            f"SQLAlchemy knows no database of the kind `{url.written.partition(':')[0]}`",
            help="write `sqlite`, `postgresql+psycopg`, `mysql+pymysql`, or install its dialect",
        )
    if isinstance(error, ArgumentError):
        return unreadable_source(
            f"`{url.written}` is no URL of a database once its variables are in place",
            help="write `dialect://user:password@host/database`",
        )
    return unreadable_source(
        f"`{url.written}` cannot be opened: {_reason(error, url)}",
        help="see that the server runs, and that user and password are right",
    )


def database_error(
    error: SQLAlchemyError, url: DatabaseUrl, connection: sa.Connection, query: str
) -> Exception:
    """Return the error for a query that the database refuses, with the name that was meant."""
    reason = _reason(error, url)
    connection.rollback()
    if any(told in reason for told in _ONLY_READ):
        return unreadable_source(
            "the query changes the database", help="write a `SELECT`: data are only read"
        )
    return unreadable_source(
        f"the query fails: {reason}", help=_help_for_reason(reason, connection, query)
    )


def _help_for_reason(reason: str, connection: sa.Connection, query: str) -> str | None:
    """Return which name was meant; None where the database misses none, and may not be asked."""
    if not _NO_TABLE.search(reason) and not _NO_COLUMN.search(reason):
        return None
    inspector = sa.inspect(connection)
    tables = [*inspector.get_table_names(), *inspector.get_view_names()]
    help = _meant_name_help(reason, _NO_TABLE, tables, "the database has")
    if help is None:
        asked = [name for name in tables if re.search(rf"\b{re.escape(name)}\b", query)]
        columns = [str(one["name"]) for name in asked for one in inspector.get_columns(name)]
        help = _meant_name_help(reason, _NO_COLUMN, columns, "the tables of the query have")
    return help


def _meant_name_help(
    reason: str, pattern: "re.Pattern[str]", known: list[str], has: str
) -> str | None:
    found = pattern.search(reason)
    if found is None:
        return None
    meant = next(group for group in found.groups() if group is not None).rpartition(".")[2]
    near = suggest(meant, known)
    if near is not None:
        return f"write `{near}` for `{meant}`"
    told = ", ".join(f"`{name}`" for name in known[:12])
    return f"{has} {told}" if told else f"{has} none"


def _reason(error: Exception, url: DatabaseUrl) -> str:
    """Return the first line of what the driver says, without the values of variables."""
    said = str(getattr(error, "orig", None) or error).strip()
    return url.without_secrets(said.splitlines()[0] if said else type(error).__name__)
