"""The curve of a search for a learning rate, as one page that opens without a network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from dlspec_pipelines.steps.reports.charts import Line, Mark, line_chart
from dlspec_pipelines.steps.reports.report_page import template_environment

if TYPE_CHECKING:
    from dlspec_pipelines.steps.training.rate_finder import RateSearch


def rate_page(name: str, found: "RateSearch", advice: Sequence[str]) -> str:
    """Return the page.

    Args:
        name: That of the spec.
        advice: What the curve says, in sentences.
    """
    environment = template_environment()
    return environment.get_template("rate.html.j2").render(
        name=name,
        advice=advice,
        chart=_rate_chart(found),
        style=Markup(environment.get_template("report.css").render()),  # noqa: S704 - our own file
    )


def _rate_chart(found: "RateSearch") -> Markup:
    at = np.log10(found.rates)
    # A loss that blew up would leave nothing to be seen of the others.
    highest = found.means[0] + 0.5 * abs(found.means[0])
    mark = None
    if found.suggested is not None:
        place = int(np.argmin(np.abs(found.rates - found.suggested)))
        mark = Mark(float(at[place]), float(found.means[place]), f"suggested {found.suggested:.1e}")
    return line_chart(
        "loss by learning rate",
        [
            Line("batch", "muted", at, np.where(found.losses > highest, np.nan, found.losses)),
            Line("mean", "accent", at, np.where(found.means > highest, np.nan, found.means)),
        ],
        x_label="learning rate, as a power of 10",
        y_label="loss",
        mark=mark,
    )
