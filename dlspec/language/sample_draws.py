"""What an epoch of training draws from the training rows: the forms of `data.sampling`."""

from dataclasses import dataclass

from dlspec.language.kinds import Text, spec_key


@dataclass(frozen=True, slots=True)
class BalancedDraw:
    """Every class as often as the others; as many samples in all as there are training rows."""

    balanced: str = spec_key(
        Text(),
        "A target of classes, or of 0 and 1: of a rare class samples come again, of a frequent one "
        "every epoch draws others.",
    )


DRAWS_BY_WORD = {"balanced": BalancedDraw}
