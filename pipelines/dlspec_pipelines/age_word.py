"""How old something is, as a command line says it: `30d`, `12h`, `8w`."""

import re
from datetime import timedelta

import click

_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
# More days than a calendar has cannot be reckoned with.
_MOST_DAYS = 10_000


class AgeWord(click.ParamType[timedelta]):
    """A number of hours, days or weeks."""

    name = "age"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the age that a word says.

        Raises:
            click.BadParameter: If it says none.
        """
        if isinstance(value, timedelta):
            return value
        matched = re.fullmatch(r"(\d{1,5})([hdw])", str(value))
        if matched is None or int(matched[1]) > _MOST_DAYS:
            self.fail(f"`{value}` is no age; write `30d`, `12h` or `8w`", param, ctx)
        return int(matched[1]) * _UNITS[matched[2]]
