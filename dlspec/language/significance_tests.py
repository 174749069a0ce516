"""The paired tests that `evaluation.champion.test` may name: one record each."""

from dataclasses import dataclass


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
        "A paired bootstrap of the metric's difference, 2,000 times, seeded with `training.seed`.",
        counts_rows=False,
    ),
)
SIGNIFICANCE_TEST_OF = {record.name: record for record in SIGNIFICANCE_TESTS}
