"""Trainings in turns, and models that follow others: `training.turns` and `training.follow`."""

from collections.abc import Mapping
from dataclasses import dataclass

from dlspec.language.catalogue import Object
from dlspec.language.kinds import (
    Boolean,
    CatalogueObject,
    Integer,
    ListOf,
    MapOf,
    Number,
    Text,
    spec_key,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One of `training.turns`: whose weights it moves, to make what smaller, and how."""

    train: tuple[str, ...] = spec_key(
        ListOf(Text(), or_one=True),
        "Models under `models`, entries or blocks of the graph: their weights are moved.",
    )
    terms: Mapping[str, float] | None = spec_key(
        MapOf(Number()),
        "Entries of the graph that it minimises, each with its weight.",
        default=None,
    )
    loss: bool = spec_key(
        Boolean(), "Whether it minimises the losses of `training.loss`, too.", default=False
    )
    optimizer: Object | None = spec_key(
        CatalogueObject("optimizer"),
        "A Keras optimizer; by default one like `training.optimizer`, with states of its own.",
        default=None,
    )
    steps: int = spec_key(
        Integer(minimum=1), "How often it moves them for each batch, in a row.", default=1
    )
    name: str | None = spec_key(
        Text(), "What its figures are called after; by default what it trains.", default=None
    )

    @property
    def title(self) -> str:
        """Return the name of the turn."""
        return self.name or "_".join(self.train)

    @property
    def figure(self) -> str:
        """Return the name of the figure that says what the turn minimises."""
        return f"{self.title}_loss"


@dataclass(frozen=True, slots=True)
class Following:
    """One of `training.follow`: the model whose weights a model's weights follow."""

    model: str = spec_key(Text(), "The model that is followed, under `models`.")
    momentum: float = spec_key(
        Number(minimum=0, maximum=1),
        "Share of its own weights that the follower keeps in each training step.",
        default=0.99,
    )


def is_learning_rate(figure: str) -> bool:
    """Tell whether a figure is the rate of an optimizer, which is set and not measured."""
    return figure == "learning_rate" or figure.endswith("_learning_rate")
