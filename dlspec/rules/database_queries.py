"""What URLs and queries may say: no password in the text, rows in order where order counts."""

import re
from collections.abc import Iterator
from dataclasses import replace

from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.source import Span
from dlspec.language.row_splits import ColumnSplit
from dlspec.language.sections import Retraining
from dlspec.language.sources import Source, SqlSource
from dlspec.language.sources.sql import URL_VARIABLE
from dlspec.rules.subject import Checked

_FORM = re.compile(r"[A-Za-z][\w.-]*(?:\+[\w.-]+)?://.*")
_PASSWORD = re.compile(r"://[^/?#]*?:(?P<secret>[^/?#]*)@")
# Arguments of drivers that hold what nobody else is to know.
_ARGUMENT = re.compile(
    r"[?&][^=&]*(?:password|passwd|pwd|secret|token)[^=&]*=(?P<secret>[^&]+)", re.I
)


def report_database_queries(checked: Checked) -> None:
    """Report URLs that are none or tell a password, and queries whose rows need an order."""
    if checked.data is None:
        return
    named = {"data.source": checked.data.source, "data.test": checked.data.test}
    for path, one in named.items():
        if one is not None and not isinstance(one, SqlSource):
            _check_file_urls(one, path, checked)
    sources = {path: one for path, one in named.items() if isinstance(one, SqlSource)}
    for path, source in sources.items():
        # What `test` takes over from `source` is told once.
        if path == "data.source" or f"{path}.url" in checked.spec.places.values:
            _check_database_url(source, path, checked)
        _check_statement(source, path, checked)
        _check_row_order(source, path, checked)
    given = sources.get("data.test")
    if given is not None and given == checked.data.source:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.value("data.test.sql"),
            "one query gives both the training and the test rows",
            label="a model is tested on rows that it was not fitted to",
            help="write the query of the test rows",
        )
    retraining = checked.spec.retraining
    if isinstance(retraining, Retraining) and retraining.on_new_data is True:
        _check_notice(sources, checked)


def _check_database_url(source: SqlSource, path: str, checked: Checked) -> None:
    if source.url is None:
        checked.reporter.error(
            Code.MISSING_KEY,
            checked.spec.places.value(f"{path}.sql"),
            "`sql` needs `url`",
            label="nothing says which database is asked",
            help="add the database, such as `url: sqlite:///houses.db`",
        )
        return
    place = checked.spec.places.value(f"{path}.url")
    plain = URL_VARIABLE.sub("", source.url)
    for secret in _literal_secrets(source.url):
        checked.reporter.error(
            Code.CONFLICT,
            _without_secret(place, secret),
            "a password stands in the text",
            label="whoever reads the spec, its copies or its history reads it",
            help="name a variable of the environment in its place, such as `${DB_PASSWORD}`",
        )
        return
    if "${" in plain:
        checked.reporter.error(
            Code.CONFLICT,
            place,
            "what stands in `${...}` is no name of a variable",
            label="a name has capital letters, digits and underscores, as `${DB_PASSWORD}` has",
        )
    elif not _FORM.fullmatch(source.url) and not source.url.startswith("${"):
        checked.reporter.error(
            Code.CONFLICT,
            place,
            f"`{source.url}` is no URL of a database",
            label="SQLAlchemy takes `dialect://user@host/database`",
            help="write `sqlite:///` before the name of a file of SQLite",
        )


def _check_file_urls(source: Source, path: str, checked: Checked) -> None:
    for name in source.files:
        for secret in _literal_secrets(name):
            place = checked.spec.places.value(f"{path}.{source.word}")
            checked.reporter.error(
                Code.CONFLICT,
                _without_secret(place, secret),
                "a password stands in the text",
                label="whoever reads the spec, its copies or its history reads it",
                help="name a file of this machine: download what needs a password by other means",
            )


def _literal_secrets(url: str) -> Iterator[str]:
    for pattern in (_PASSWORD, _ARGUMENT):
        for found in pattern.finditer(url):
            if URL_VARIABLE.sub("", found["secret"]):
                yield found["secret"]


def _without_secret(place: Span, secret: str) -> Span:
    """Return a place in a text that shows stars where the secret stands."""
    text = place.source.text.replace(secret, "*" * len(secret))
    return replace(place, source=replace(place.source, text=text))


def _check_statement(source: SqlSource, path: str, checked: Checked) -> None:
    if source.changes_database:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.value(f"{path}.sql"),
            "the query changes the database",
            label="data are only read",
            help="write a `SELECT`",
        )


def _check_row_order(source: SqlSource, path: str, checked: Checked) -> None:
    data = checked.data
    assert data is not None, "the caller asks"
    windows = [n for n, f in {**data.inputs, **data.targets}.items() if f.window is not None]
    if windows and isinstance(data.split, ColumnSplit) and not source.orders_rows:
        checked.reporter.error(
            Code.CONFLICT,
            checked.spec.places.value(f"{path}.sql"),
            "windows need rows in an order, and the query gives none",
            label=f"`{windows[0]}` is a series",
            help="write `ORDER BY` and the column of the time at the end of the query",
        )


def _check_notice(sources: dict[str, SqlSource], checked: Checked) -> None:
    for source in sources.values():
        if source.sqlite_file is None:
            checked.reporter.error(
                Code.CONFLICT,
                checked.spec.places.key("retraining.on_new_data"),
                "`on_new_data` watches files, and this database is none",
                label="whether it has new rows is found by reading them",
                help='retrain by the clock: write `cron: "0 3 * * 1"` in its place',
            )
            return
