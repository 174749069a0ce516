"""The `prediction` section: how sequences of ids are made of what a model gives."""

from dataclasses import dataclass

from dlspec.language.kinds import Integer, Number, Record, Text, spec_key


@dataclass(frozen=True, slots=True)
class Generation:
    """Ids said one after another, each from the distribution that those before it lead to."""

    input: str = spec_key(Text(), "The input that holds what has been said so far.")
    start: int = spec_key(Integer(minimum=0), "The id that stands there before anything is said.")
    output: str | None = spec_key(
        Text(),
        "The output that gives the distribution over the next id; default: the only one.",
        default=None,
    )
    stop: int | None = spec_key(
        Integer(minimum=0), "The id that ends a sequence; default: none does.", default=None
    )
    length: int | None = spec_key(
        Integer(minimum=1),
        "Most ids in a sequence, `stop` included; default: the extent of the input.",
        default=None,
    )
    beam: int = spec_key(
        Integer(minimum=1),
        "Sequences kept at each step; 1 takes the likeliest id each time (greedy).",
        default=1,
    )
    length_penalty: float = spec_key(
        Number(minimum=0),
        "The exponent of Wu et al. (2016), equation 14; 0 favours short sequences, 0.6 is usual.",
        default=0.0,
    )


@dataclass(frozen=True, slots=True)
class Decoding:
    """Ids read off the steps of a model that was trained with the loss `CTC`."""

    beam: int = spec_key(
        Integer(minimum=1),
        "Sequences kept at each step; 1 takes the likeliest id of each step (greedy).",
        default=1,
    )


@dataclass(frozen=True, slots=True)
class Prediction:
    """What `predict` does beyond one pass through the model."""

    generate: Generation | None = spec_key(
        Record(Generation),
        "Generate a sequence of ids from a model trained by teacher forcing.",
        default=None,
    )
    decode: Decoding | None = spec_key(
        Record(Decoding),
        "How the steps of a model trained with the loss `CTC` become ids; default: greedily.",
        default=None,
    )
