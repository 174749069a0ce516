"""The sections of a spec as records: the decoder, the schema and the docs read their keys here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Literal

from dlspec.language.catalogue import Object
from dlspec.language.expectations import Expectation
from dlspec.language.features import INPUT_FEATURES, TARGET_FEATURES, Feature
from dlspec.language.figures import AskedMetric, figure_name
from dlspec.language.kinds import (
    Augmentation,
    Boolean,
    CatalogueObject,
    Choice,
    Either,
    FigureChoice,
    Gates,
    Graphs,
    Integer,
    ListOf,
    Literal_,
    MapOf,
    MemorySize,
    MetricChoice,
    Number,
    PerInput,
    PerOutput,
    Record,
    Tagged,
    Text,
    Variants,
    spec_key,
)
from dlspec.language.metrics import (
    COMPARABLE_METRICS,
    GATED_WITHOUT_METRIC,
    METRIC_OF,
    OUTPUT_METRICS,
    THRESHOLD_METRICS,
)
from dlspec.language.penalty_figures import PENALTIES_OF_LAYERS, REGULARIZATION
from dlspec.language.prediction import Prediction
from dlspec.language.row_splits import SPLITS, FractionSplit, Split, split_type
from dlspec.language.sample_draws import DRAWS_BY_WORD, JoiningDraw, SampleDraw
from dlspec.language.sample_weights import SampleWeight
from dlspec.language.significance_tests import SIGNIFICANCE_TEST_OF
from dlspec.language.sources import (
    SOURCES_BY_WORD,
    TEST_SOURCES_BY_WORD,
    Source,
    TestSource,
)
from dlspec.language.turns import Following, Turn
from dlspec.syntax.scalars import Poison

BACKENDS = ("tensorflow", "jax", "torch")


def is_free_of_poison(value: object) -> bool:
    """Return whether a decoded value holds no poison at any depth."""
    if isinstance(value, Poison):
        return False
    if is_dataclass(value) and not isinstance(value, type):
        return all(is_free_of_poison(getattr(value, f.name)) for f in fields(value) if f.compare)
    if isinstance(value, Mapping):
        return all(is_free_of_poison(inner) for inner in value.values())
    if isinstance(value, tuple):
        return all(is_free_of_poison(inner) for inner in value)
    return True


@dataclass(frozen=True, slots=True)
class Data:
    """The `data` section."""

    source: Source = spec_key(Tagged("source", SOURCES_BY_WORD), "Where rows come from.")
    inputs: Mapping[str, Feature] = spec_key(
        MapOf(Tagged("input feature", INPUT_FEATURES)), "What the model reads, by input name."
    )
    targets: Mapping[str, Feature] = spec_key(
        MapOf(Tagged("target feature", TARGET_FEATURES)),
        "What it learns, by output name; left out where `sampling` makes the target, or where "
        "`training.terms` are all that is minimised.",
        default=None,
    )
    split: Split = spec_key(
        Variants(SPLITS, split_type),
        "How rows are dealt to training, validation and test.",
        default=FractionSplit(),
    )
    expect: Mapping[str, tuple[Expectation, ...]] | None = spec_key(
        MapOf(ListOf(Record(Expectation), or_one=True)),
        "The contract: column to checks, or to a list of them where their `severity` differs.",
        default=None,
    )
    sampling: SampleDraw | None = spec_key(
        Tagged("way of sampling", DRAWS_BY_WORD),
        "What an epoch draws from the training rows; by default each of them once.",
        default=None,
    )
    test: TestSource | None = spec_key(
        Tagged("test source", TEST_SOURCES_BY_WORD, like="source"),
        "The file, folder or query of the test rows, for `split: {test: given}`; read as `source` "
        "where it says nothing else.",
        default=None,
    )

    # What the samples of each output count for, worked out of `training.sample_weight`: digests of
    # the training cover that, and the step that reads the columns covers this.
    weights: Mapping[str, SampleWeight] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        """Let a section without targets have none: a default of a record cannot be a mapping."""
        if self.targets is None:
            object.__setattr__(self, "targets", {})

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that features and weights read, in the order of the text."""
        features = (*self.inputs.values(), *self.targets.values())
        read = [name for one in features for name in one.columns]
        return tuple(dict.fromkeys([*read, *(one.column for one in self.weights.values())]))

    @property
    def model_inputs(self) -> Mapping[str, Feature]:
        """Return what the model reads by input name: the inputs, or what `sampling` makes of them.

        Then all are made of the only input.
        """
        drawn = self.sampling
        if not isinstance(drawn, JoiningDraw):
            return self.inputs
        (only,) = self.inputs.values()
        return dict.fromkeys(drawn.input_names, drawn.model_input(only))

    @property
    def model_targets(self) -> Mapping[str, Feature]:
        """Return what the model learns by output name: the targets, or what `sampling` asks."""
        drawn = self.sampling
        return drawn.learned if isinstance(drawn, JoiningDraw) else self.targets


@dataclass(frozen=True, slots=True)
class Ema:
    """`training.ema`: an exponential moving average of the weights."""

    momentum: float = spec_key(Number(above=0, below=1), "Weight of the past.", default=0.99)


@dataclass(frozen=True, slots=True)
class Clip:
    """`training.clip`: bounds on gradients; exactly one key."""

    norm: float | None = spec_key(Number(above=0), "Bound on each weight's norm.", default=None)
    global_norm: float | None = spec_key(Number(above=0), "Bound on the norm of all.", default=None)
    value: float | None = spec_key(Number(above=0), "Bound on each number.", default=None)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`training.checkpoint`: how often training can be continued from."""

    every_epochs: int = spec_key(Integer(minimum=1), "Epochs between two checkpoints.", default=1)


_METRIC = CatalogueObject("metric")


_LOSS = CatalogueObject("loss")


@dataclass(frozen=True, slots=True)
class Training:
    """The `training` section. `losses` is decoded apart from the others, as graphs are."""

    epochs: int = spec_key(Integer(minimum=1), "How often the training rows are seen, at most.")
    loss: Object | Mapping[str, Object] | None = spec_key(
        PerOutput(_LOSS),
        "A loss of Keras or of `losses`, or one for each output that has a target; left out where "
        "`terms` are all that is minimised.",
        default=None,
    )
    batch_size: int = spec_key(Integer(minimum=1), "Samples per step.", default=32)
    optimizer: Object = spec_key(
        CatalogueObject("optimizer"), "A Keras optimizer.", default=Object("optimizer", "Adam", {})
    )
    losses: None = spec_key(
        Graphs("loss"),
        "Losses of one's own: graphs with `params` over the tensors `target` and `prediction`.",
        default=None,
        compare=False,
    )
    terms: Mapping[str, float] | None = spec_key(
        MapOf(Number()),
        "Entries of the model's graph that are minimised beside the losses, each with its weight.",
        default=None,
    )
    turns: tuple[Turn, ...] | None = spec_key(
        ListOf(Record(Turn)),
        "What takes turns in each training step, in order: each moves its own weights with its own "
        "optimizer.",
        default=None,
    )
    follow: Mapping[str, Following] | None = spec_key(
        MapOf(Record(Following)),
        "Models under `models` whose weights follow those of another and are not trained.",
        default=None,
    )
    loss_weights: Mapping[str, float] | None = spec_key(
        MapOf(Number(minimum=0)), "Weight of each output's loss.", default=None
    )
    metrics: tuple[Object, ...] | Mapping[str, tuple[Object, ...]] = spec_key(
        PerOutput(ListOf(_METRIC, or_one=True)),
        "Keras metrics, or a list for each output.",
        default=(),
    )
    callbacks: tuple[Object, ...] = spec_key(
        ListOf(CatalogueObject("callback")), "Keras callbacks.", default=()
    )
    class_weight: str | Mapping[str, float] | None = spec_key(
        Either(scalar=Choice(("balanced",)), mapping=MapOf(Number(above=0))),
        "`balanced`, or a weight for each class id.",
        default=None,
    )
    sample_weight: str | Mapping[str, str] | None = spec_key(
        PerOutput(Text()),
        "A column of the source: what each row counts for in the losses, training and validation "
        "rows alike, as in Keras's `fit`; or a column for each output. An array in each row weighs "
        "the steps of a sequence. Metrics and terms are not weighted.",
        default=None,
    )
    augment: tuple[Object, ...] | Mapping[str, tuple[Object, ...]] | None = spec_key(
        PerInput(ListOf(Augmentation(), or_one=True)),
        "Keras layers that vary the samples of an input at random, in order, in training alone: "
        "validation, `evaluate` and the saved model know nothing of them. `MixUp` and `CutMix` mix "
        "the targets as much.",
        default=None,
    )
    gradient_accumulation_steps: int | None = spec_key(
        Integer(minimum=2), "Steps whose gradients are averaged into one update.", default=None
    )
    ema: Ema | None = spec_key(Record(Ema), "Average the weights over time.", default=None)
    clip: Clip | None = spec_key(Record(Clip), "Bound the gradients.", default=None)
    checkpoint: Checkpoint = spec_key(Record(Checkpoint), "When to save.", default=Checkpoint())
    max_minutes: float | None = spec_key(
        Number(above=0), "Stop after the epoch that passes this time, in minutes.", default=None
    )
    seed: int = spec_key(
        Integer(minimum=0, maximum=2**32 - 1), "Seed of weights and order.", default=0
    )

    @property
    def term_weights(self) -> Mapping[str, float]:
        """Return the weight of each term: the sum of those that turns give it."""
        found = dict(self.terms or {})
        for turn in self.turns or ():
            for name, weight in (turn.terms or {}).items():
                found[name] = found.get(name, 0.0) + weight
        return found

    @property
    def minimised(self) -> tuple[str, ...]:
        """Return the names of the figures of terms and turns."""
        return (*self.term_weights, *(turn.figure for turn in self.turns or ()))

    def augmented(self, inputs: Sequence[str]) -> Mapping[str, tuple[Object, ...]]:
        """Return what varies each input that is varied, of these of the model."""
        said = self.augment or {}
        by_input = said if isinstance(said, Mapping) else dict.fromkeys(inputs, said)
        return {name: layers for name, layers in by_input.items() if layers}

    @property
    def optimizers(self) -> tuple[Object, ...]:
        """Return the optimizer, or those of the turns in their order."""
        if not self.turns:
            return (self.optimizer,)
        return tuple(turn.optimizer or self.optimizer for turn in self.turns)


def minimised_as_read(training: object) -> tuple[str, ...]:
    """Return the names of the figures of terms and turns, as far as they could be read."""
    if not isinstance(training, Training):
        return ()
    terms = training.terms if isinstance(training.terms, Mapping) else None
    turns = training.turns if is_free_of_poison(training.turns) else None
    return replace(training, terms=terms, turns=turns).minimised


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: a metric, how it is compared, and with what."""

    metric: str
    comparison: Literal[">=", "<=", ">", "<"]
    threshold: float

    def is_met_by(self, value: float) -> bool:
        """Return whether `value` meets the gate; nan never does."""
        match self.comparison:
            case ">=":
                return value >= self.threshold
            case "<=":
                return value <= self.threshold
            case ">":
                return value > self.threshold
            case "<":
                return value < self.threshold

    def __str__(self) -> str:
        """Return the gate as the spec writes it."""
        return f"{self.metric} {self.comparison} {self.threshold:g}"


@dataclass(frozen=True, slots=True)
class Championship:
    """`evaluation.champion`: what a challenger must show to become the champion."""

    metric: str = spec_key(
        FigureChoice(COMPARABLE_METRICS), "What is compared: a figure of `metrics`."
    )
    test: str = spec_key(
        Choice(tuple(SIGNIFICANCE_TEST_OF)),
        "The paired test on the test rows.",
        default="bootstrap",
    )
    alpha: float = spec_key(Number(above=0, below=1), "Significance level.", default=0.05)


@dataclass(frozen=True, slots=True)
class ThresholdChoice:
    """`evaluation.threshold`, where it is chosen on the validation rows."""

    maximize: str = spec_key(
        Choice(THRESHOLD_METRICS), "What is highest with it; of several the one nearest 0.5."
    )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The `evaluation` section."""

    metrics: tuple[AskedMetric, ...] = spec_key(
        ListOf(MetricChoice(tuple(METRIC_OF))),
        "What is measured on the test rows: the metrics below by name, and those of Keras by name "
        "or with arguments, `{SparseTopKCategoricalAccuracy: {k: 5}}`.",
        default=(),
    )
    gates: tuple[Gate, ...] = spec_key(
        Gates(
            (*METRIC_OF, *GATED_WITHOUT_METRIC, REGULARIZATION),
            by_target=COMPARABLE_METRICS,
            by_layer=PENALTIES_OF_LAYERS,
        ),
        'What must hold for a promotion, such as `accuracy: ">= 0.97"`; of one among several '
        "targets `<target>_<metric>`; of what layers add to the loss `regularization`, "
        "`<layer>_activity_regularizer` and `<layer>_add_loss`.",
        default=(),
    )
    champion: Championship | None = spec_key(
        Record(Championship), "How a challenger is compared with the champion.", default=None
    )
    threshold: float | ThresholdChoice | None = spec_key(
        Either(scalar=Number(above=0, below=1), mapping=Record(ThresholdChoice)),
        "From which probability on binary targets are called 1, on test rows and by `predict`; "
        "default: 0.5.",
        default=None,
    )

    @property
    def own_metrics(self) -> tuple[str, ...]:
        """Return the metrics of this language that are asked for."""
        return tuple(metric for metric in self.metrics if isinstance(metric, str))

    @property
    def output_metrics(self) -> Mapping[str, AskedMetric]:
        """Return what is counted of outputs as they come, by the names of the figures."""
        own = {m: m for m in self.own_metrics if m in OUTPUT_METRICS}
        return {**own, **self.keras_metrics}

    @property
    def keras_metrics(self) -> Mapping[str, Object]:
        """Return the metrics of Keras that are asked for, by the names of their figures."""
        return {figure_name(m): m for m in self.metrics if isinstance(m, Object)}


@dataclass(frozen=True, slots=True)
class Retraining:
    """The `retraining` section."""

    cron: str | None = spec_key(Text(), "When to retrain, as a cron expression.", default=None)
    timezone: str = spec_key(Text(), "The time zone of `cron`.", default="UTC")
    on_new_data: bool = spec_key(
        Boolean(), "Retrain when the source's files change.", default=False
    )


# Below it a chunk of rows is a few megabytes, and the work around it costs more than it saves.
LEAST_MEMORY = 64 * 1000**2
# Above what any one machine has (64 TB, the most that x86 processors of 46 bits reach).
MOST_MEMORY = 100 * 1000**4


@dataclass(frozen=True, slots=True)
class Runtime:
    """The `runtime` section."""

    backend: Literal["tensorflow", "jax", "torch"] | None = spec_key(
        Choice(BACKENDS),
        "What Keras runs on; default: KERAS_BACKEND, then tensorflow.",
        default=None,
    )
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = spec_key(
        Choice(("float32", "mixed_bfloat16", "mixed_float16")),
        "Keras's dtype policy.",
        default="float32",
    )
    devices: Literal["auto", "cpu", "gpu"] = spec_key(
        Choice(("auto", "cpu", "gpu")), "Where to train.", default="auto"
    )
    determinism: Literal["exact", "fast"] = spec_key(
        Choice(("exact", "fast")), "exact: two runs agree bit for bit.", default="exact"
    )
    memory: int | None = spec_key(
        MemorySize(LEAST_MEMORY, MOST_MEMORY),
        "What data may take in memory while it is prepared and trained on, such as `2GB`; changes "
        "no number. Default: half of what the machine has.",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class Document:
    """The keys at the top of a file. `params` and `model` are decoded apart from the others."""

    dlspec: int = spec_key(Integer(), "The version of the language: 1.")
    name: str = spec_key(Text(), "The model's name: the file's name without its ending.")
    model: object = spec_key(Literal_(), "The graph, or a packaged architecture.")
    extends: str | None = spec_key(Text(), "A spec that this one overlays.", default=None)
    description: str = spec_key(Text(), "What the model is for, in a sentence.", default="")
    tags: Mapping[str, str] | None = spec_key(MapOf(Text()), "Labels for people.", default=None)
    owners: tuple[str, ...] = spec_key(
        ListOf(Text()), "E-mail addresses, or teams as `team:name`.", default=()
    )
    params: Mapping[str, object] | None = spec_key(
        MapOf(Literal_()), "Hyper-parameters that `$` expressions and --set use.", default=None
    )
    data: Data | None = spec_key(Record(Data), "Where the data comes from.", default=None)
    training: Training | None = spec_key(Record(Training), "How it is trained.", default=None)
    evaluation: Evaluation | None = spec_key(
        Record(Evaluation), "What it must reach.", default=None
    )
    prediction: Prediction | None = spec_key(
        Record(Prediction), "How `predict` generates, or decodes.", default=None
    )
    retraining: Retraining | None = spec_key(
        Record(Retraining), "When it is trained again.", default=None
    )
    runtime: Runtime = spec_key(Record(Runtime), "What it runs on.", default=Runtime())
