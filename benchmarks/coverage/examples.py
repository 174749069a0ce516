"""The table of examples: what of each can be said, and its spec where there is one."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
COLUMNS = ("model", "data", "training", "evaluation")
# `none`: the example has no such part, as one that only looks into a trained model.
VERDICTS = ("yes", "partly", "no", "none")
# The same 139 examples, judged in the same way on 2026-11-25.
BEFORE: Mapping[str, int] = {"model": 118, "data": 42, "training": 78, "evaluation": 51, "all": 8}


@dataclass(frozen=True, slots=True)
class Example:
    """One published example.

    Attributes:
        area: The folder that it is published under.
        verdicts: A verdict for each of `COLUMNS`.
        missing: What cannot be said, in a sentence; empty where all can.
    """

    area: str
    name: str
    verdicts: Mapping[str, str]
    missing: str

    @property
    def spec_file(self) -> Path:
        """Return where its spec stands, if it has one."""
        # A spec's name has no hyphen, and no digit at its front.
        first, _, rest = self.name.replace("-", "_").partition("_")
        stem = f"{rest}_{first.lower()}" if first[0].isdigit() else f"{first}_{rest}".rstrip("_")
        return FOLDER / f"{stem}.yaml"

    @property
    def is_said(self) -> bool:
        """Return whether all that the example has can be said."""
        return set(self.verdicts.values()) == {"yes"}


def read_examples() -> tuple[Example, ...]:
    """Return all examples, as `examples.csv` has them."""
    with (FOLDER / "examples.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Example(
                row["area"],
                row["name"],
                {column: row[column] for column in COLUMNS},
                row["missing"],
            )
            for row in csv.DictReader(file)
        )
