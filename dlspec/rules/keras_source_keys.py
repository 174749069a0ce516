"""Which keys of a `keras` source its data set takes."""

from dlspec.diagnostics.codes import Code
from dlspec.language.kinds import keys_of
from dlspec.language.sources import KerasSource
from dlspec.language.sources.keras import KERAS_OPTIONS
from dlspec.rules.subject import Checked


def report_keras_source_keys(checked: Checked) -> None:
    """Report keys beside `keras` that are arguments of other data sets, and would do nothing."""
    source = None if checked.data is None else checked.data.source
    if not isinstance(source, KerasSource):
        return
    places, taken = checked.spec.places, KERAS_OPTIONS[source.keras]
    for key in keys_of(KerasSource)[1:]:
        path = f"data.source.{key.name}"
        if key.name in taken or path not in places.keys:
            continue
        takers = [f"`{name}`" for name, options in KERAS_OPTIONS.items() if key.name in options]
        checked.reporter.error(
            Code.CONFLICT,
            places.key(path),
            f"the data set `{source.keras}` takes no `{key.name}`",
            label=f"it is taken by {_listed_names(takers)}",
            help=f"leave `{key.name}` out",
        )


def _listed_names(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
