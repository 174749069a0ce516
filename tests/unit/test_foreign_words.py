"""What is said to a word of PyTorch or Ludwig compiles when it is followed to the letter."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import dlspec
from dlspec.language import catalogue

WORDS = json.loads((Path(catalogue.__file__).parent / "overlay.json").read_text("utf-8"))["foreign"]

IMAGE = """\
dlspec: 1
name: followed
model:
  inputs: {x: [8, 8, 4]}
  graph:
    - @
"""
VECTOR = IMAGE.replace("[8, 8, 4]", "[4]")
ROWS = IMAGE.replace("[8, 8, 4]", "[8, 4]")
IDS = IMAGE.replace("[8, 8, 4]", "{shape: [8], dtype: int32}")
TRAINED = """\
dlspec: 1
name: followed
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.1, test: 0.1}
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Flatten
    - {Dense: 10, name: digit}
training:
  epochs: 1
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  @
"""
LOSS = TRAINED.replace("  loss: {SparseCategoricalCrossentropy: {from_logits: true}}\n", "")
SOFTMAX = LOSS.replace("{Dense: 10,", "{Dense: [10, {activation: softmax}],")
BINARY = (
    LOSS.replace("{Dense: 10, name: digit}", "{Dense: 1, name: half}")
    .replace("{class: target, classes: 10}", "{binary: target, positive: 3}")
    .replace("targets: {digit", "targets: {half")
)
SIGMOID = BINARY.replace("Dense: 1,", "Dense: [1, {activation: sigmoid}],")


@dataclass(frozen=True)
class Case:
    """A foreign word in a spec, and the specs that its help leads to, quotes of it in backticks."""

    kind: str
    word: str
    wrong: str
    right: tuple[str, ...]


def case(kind: str, word: str, frame: str, wrong: str, *right: str) -> Case:
    """Put `wrong` and each of `right` into a frame; one with a frame of its own is a whole spec."""
    specs = (text if text.startswith("dlspec:") else frame.replace("@", text) for text in right)
    return Case(kind, word, frame.replace("@", wrong), tuple(specs))


def activation(word: str, name: str) -> Case:
    layer = f"Dense: {{units: 4, `activation: {name}`}}"
    return case("layer", word, VECTOR, word, f"`Activation: {name}`", layer)


def entropy(word: str) -> Case:
    """Return the case of a word that Keras knows as a loss and not as a metric."""
    ids = "loss: SparseCategoricalCrossentropy\n  metrics: "
    two = SIGMOID.replace("@", "loss: BinaryCrossentropy\n  metrics: `BinaryCrossentropy`")
    return case("metric", word, SOFTMAX, ids + word, f"{ids}`SparseCategoricalCrossentropy`", two)


def left_out(word: str, frame: str, wrong: str, *right: str) -> Case:
    return case("parameter", word, frame, wrong, *right)


DENSE = "Dense: {units: 4}"
CONV = "Conv2D: {filters: 4, kernel_size: 3}"
NORM = "BatchNormalization"
CASES = [
    entropy("crossentropy"),
    entropy("ce"),
    activation("Sigmoid", "sigmoid"),
    activation("Tanh", "tanh"),
    activation("GELU", "gelu"),
    activation("SiLU", "silu"),
    activation("Mish", "mish"),
    activation("SELU", "selu"),
    activation("Softplus", "softplus"),
    activation("Hardswish", "hard_silu"),
    activation("LogSoftmax", "log_softmax"),
    activation("Swish", "silu"),
    case("layer", "InstanceNorm2d", IMAGE, "InstanceNorm2d", "`GroupNormalization: {groups: -1}`"),
    case("layer", "InstanceNorm1d", ROWS, "InstanceNorm1d", "`GroupNormalization: {groups: -1}`"),
    case(
        "layer", "PixelShuffle", IMAGE, "PixelShuffle: 2", "`ops.depth_to_space: {block_size: 2}`"
    ),
    case(
        "layer",
        "Input",
        VECTOR,
        "Input: [4]",
        VECTOR.replace("inputs", "`inputs`").replace("@", DENSE),
    ),
    case("layer", "Sequential", VECTOR, "Sequential", f"{DENSE}\n    - Dropout: 0.5"),
    case("layer", "ModuleList", VECTOR, "ModuleList", f"{DENSE}\n    - Dropout: 0.5"),
    case("layer", "Residual", VECTOR, "Residual", f"`{{Add, branches: [[{DENSE}], []]}}`"),
    case(
        "loss",
        "CrossEntropyLoss",
        LOSS,
        "loss: CrossEntropyLoss",
        "loss: `{SparseCategoricalCrossentropy: {from_logits: true}}`",
    ),
    case(
        "loss",
        "NLLLoss",
        LOSS,
        "loss: NLLLoss",
        SOFTMAX.replace("@", "loss: `SparseCategoricalCrossentropy`"),
        "loss: `{SparseCategoricalCrossentropy: {from_logits: true}}`",
    ),
    case(
        "loss",
        "BCEWithLogitsLoss",
        BINARY,
        "loss: BCEWithLogitsLoss",
        "loss: `{BinaryCrossentropy: {from_logits: true}}`",
    ),
    case(
        "optimizer",
        "Momentum",
        TRAINED,
        "optimizer: Momentum",
        "optimizer: `{SGD: {momentum: 0.9}}`",
    ),
    case(
        "optimizer",
        "nag",
        TRAINED,
        "optimizer: nag",
        "optimizer: `{SGD: {momentum: 0.9, nesterov: true}}`",
    ),
    case(
        "schedule",
        "StepLR",
        TRAINED,
        "optimizer: {SGD: {learning_rate: {StepLR: {step_size: 30}}}}",
        "optimizer: {SGD: {learning_rate: {`ExponentialDecay`: {initial_learning_rate: 0.1,"
        " decay_steps: 30, decay_rate: 0.1, `staircase: true`}}}}",
    ),
    case(
        "schedule",
        "ReduceLROnPlateau",
        TRAINED,
        "optimizer: {SGD: {learning_rate: {ReduceLROnPlateau: {patience: 3}}}}",
        "`callbacks`: [`ReduceLROnPlateau`]",
    ),
    case("callback", "LearningRateMonitor", TRAINED, "callbacks: [LearningRateMonitor]", "seed: 1"),
    case(
        "regularizer",
        "weight_decay",
        VECTOR,
        "Dense: {units: 4, kernel_regularizer: weight_decay}",
        "Dense: {units: 4, kernel_regularizer: `l2`}",
        TRAINED.replace("@", "optimizer: {AdamW: {`weight_decay`: 0.01}}"),
    ),
    left_out("in_channels", IMAGE, "Conv2D: {in_channels: 4, filters: 4, kernel_size: 3}", CONV),
    left_out("in_features", VECTOR, "Dense: {in_features: 4, units: 4}", DENSE),
    left_out("num_features", IMAGE, "BatchNormalization: {num_features: 4}", NORM),
    left_out("input_size", ROWS, "LSTM: {input_size: 4, units: 4}", "LSTM: {units: 4}"),
    left_out(
        "normalized_shape",
        ROWS,
        "LayerNormalization: {normalized_shape: 4}",
        "LayerNormalization",
        "LayerNormalization: {`axis`: [1, 2]}",
    ),
    left_out("batch_first", ROWS, "LSTM: {units: 4, batch_first: true}", "LSTM: {units: 4}"),
    left_out(
        "bidirectional",
        ROWS,
        "LSTM: {units: 64, bidirectional: true}",
        "`Bidirectional: {layer: {LSTM: 64}}`",
    ),
    left_out(
        "num_layers",
        ROWS,
        "LSTM: {units: 4, return_sequences: true, num_layers: 2}",
        "{LSTM: {units: 4, return_sequences: true}, `repeat`: 2}",
    ),
    left_out("inplace", VECTOR, "ReLU: {inplace: true}", "ReLU"),
    left_out(
        "padding_idx",
        IDS,
        "Embedding: {input_dim: 9, output_dim: 4, padding_idx: 0}",
        "Embedding: {input_dim: 9, output_dim: 4, `mask_zero: true`}",
    ),
    left_out(
        "return_indices",
        IMAGE,
        "MaxPooling2D: {pool_size: 2, return_indices: true}",
        "MaxPooling2D: 2",
    ),
    left_out("track_running_stats", IMAGE, "BatchNormalization: {track_running_stats: true}", NORM),
    left_out(
        "affine",
        IMAGE,
        "BatchNormalization: {affine: false}",
        "BatchNormalization: {`center`: false, `scale`: false}",
    ),
    left_out(
        "elementwise_affine",
        ROWS,
        "LayerNormalization: {elementwise_affine: false}",
        "LayerNormalization: {`center`: false, `scale`: false}",
    ),
    left_out(
        "padding_mode",
        IMAGE,
        "Conv2D: {filters: 4, kernel_size: 3, padding_mode: zeros}",
        f"ZeroPadding2D: 1\n    - {CONV}",
    ),
    left_out(
        "ceil_mode",
        IMAGE,
        "MaxPooling2D: {pool_size: 2, ceil_mode: true}",
        "MaxPooling2D: {pool_size: 2, `padding: same`}",
    ),
    left_out(
        "betas",
        TRAINED,
        "optimizer: {Adam: {betas: [0.9, 0.999]}}",
        "optimizer: {Adam: {`beta_1`: 0.9, `beta_2`: 0.999}}",
    ),
]


def said(tried: Case) -> str:
    return str(WORDS[tried.kind][tried.word]["say"])


def test_every_help_in_words_is_tried():
    spoken = {(k, w) for k, words in WORDS.items() for w, m in words.items() if "say" in m}
    assert {(c.kind, c.word) for c in CASES} == spoken


@pytest.mark.parametrize("tried", CASES, ids=lambda c: f"{c.kind}-{c.word}")
def test_the_help_stands_at_the_foreign_word(tried):
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(tried.wrong)
    assert [d.help for d in caught.value.diagnostics] == [said(tried)]


@pytest.mark.parametrize("tried", CASES, ids=lambda c: f"{c.kind}-{c.word}")
def test_every_written_example_is_tried(tried):
    examples = set(re.findall("`([^`]+)`", said(tried))) - {tried.word}
    followed = {q for spec in tried.right for q in re.findall("`([^`]+)`", spec)} - {tried.word}
    # `[...]` stands for a branch of the author's own.
    assert {q.replace(f"[{DENSE}]", "[...]") for q in followed} == examples


@pytest.mark.parametrize("tried", CASES, ids=lambda c: f"{c.kind}-{c.word}")
def test_the_help_followed_compiles(tried):
    for spec in tried.right:
        assert dlspec.loads(spec.replace("`", "")).name == "followed"
