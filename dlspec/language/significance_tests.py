"""The paired tests that `evaluation.champion.test` may name: one record each."""

from dataclasses import dataclass

from dlspec.language.figures import AskedMetric, counts_rows

# Twice a tail of 0.025 has then a standard deviation of 0.007: 2 * sqrt(0.025 * 0.975 / 2000).
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class SignificanceTest:
    """A test of two models on the same rows.

    Attributes:
        definition: One sentence for the documentation.
        counts_rows: Whether it looks at right and wrong rows only, so that it cannot compare a
            metric that does more than count them.
    """

    name: str
    definition: str
    counts_rows: bool


SIGNIFICANCE_TESTS: tuple[SignificanceTest, ...] = (
    SignificanceTest(
        "mcnemar",
        "McNemar's exact test, on the rows where only one of the two models is right.",
        counts_rows=True,
    ),
    SignificanceTest(
        "bootstrap",
        f"A paired bootstrap of the metric's difference, {RESAMPLES:,} times, "
        "seeded with `training.seed`.",
        counts_rows=False,
    ),
)
SIGNIFICANCE_TEST_OF = {record.name: record for record in SIGNIFICANCE_TESTS}


def can_compare(test: SignificanceTest, metric: AskedMetric) -> bool:
    """Return whether a test says something about a metric."""
    return counts_rows(metric) or not test.counts_rows


def default_test(metric: AskedMetric) -> str:
    """Return the test of a metric where the spec names none: the first that can compare it."""
    return next(test.name for test in SIGNIFICANCE_TESTS if can_compare(test, metric))
