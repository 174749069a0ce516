"""Small specs and the steps over them, for tests that train."""

import subprocess
import sys
from pathlib import Path

import dlspec
from dlspec import Plan
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.records import Dataset

MOONS = """\
dlspec: 1
name: moons
params: {rate: 0.01, epochs: 6, seed: 3, split_seed: 1, patience: 50}
data:
  source: {synthetic: two_moons, samples: 420, noise: 0.15, seed: 5}
  inputs: {point: {vector: [x, y], standardize: true}}
  targets: {moon: {binary: moon}}
  split: {validation: 0.2, test: 0.25, seed: $split_seed}
model:
  inputs: {point: [2]}
  graph:
    - Dense: 24
    - BatchNormalization
    - ReLU
    - Dropout: 0.2
    - {Dense: 1, name: moon}
training:
  epochs: $epochs
  batch_size: 32
  optimizer: {Adam: {learning_rate: $rate}}
  loss: {BinaryCrossentropy: {from_logits: true}}
  metrics: [{BinaryAccuracy: {threshold: 0.0}}]
  callbacks:
    - EarlyStopping: {monitor: val_loss, patience: $patience, restore_best_weights: true}
    - ReduceLROnPlateau: {monitor: val_loss, factor: 0.5, patience: 1, min_delta: 0.01}
  seed: $seed
evaluation:
  metrics: [accuracy, roc_auc]
  gates: {accuracy: ">= 0.8", parameters: "<= 1000"}
  champion: {metric: accuracy, test: mcnemar}
"""

DIGITS = """\
dlspec: 1
name: digits_small
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: 0.0625}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Conv2D: {filters: 8, kernel_size: 3, activation: relu}
    - BatchNormalization
    - Flatten
    - Dropout: 0.3
    - {Dense: 10, name: digit}
training:
  epochs: 2
  batch_size: 32
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy]
  class_weight: balanced
  seed: 7
evaluation:
  metrics: [accuracy, f1_macro, log_loss]
"""

# Weights, what a layer says and what a model inside says are kept small, each under its own name.
PENALIZED = (
    DIGITS.replace("  class_weight: balanced\n", "")
    .replace(
        "  graph:\n    - Conv2D: {filters: 8, kernel_size: 3, activation: relu}\n",
        """\
  models:
    seen:
      inputs: {image: [8, 8, 1]}
      graph:
        - {Conv2D: [8, 3, {activation: relu, activity_regularizer: {L2: 1e-3}}], name: edges}
  graph:
    - use: seen
""",
    )
    .replace(
        "    - {Dense: 10, name: digit}\n",
        "    - {Dense: [10, {kernel_regularizer: {L2: 1e-2}, bias_regularizer: {L1: 1e-2},"
        " activity_regularizer: {L1: 1e-2}}], name: digit}\n",
    )
)

# Varied pictures of digits, mixed in pairs.
AUGMENTED = (
    DIGITS.replace("  class_weight: balanced\n", "")
    .replace("classes: 10}", "classes: 10, one_hot: true}")
    .replace("Sparse", "")
    .replace(
        "  seed: 7\nevaluation",
        """\
  augment:
    - RandomTranslation: {height_factor: 0.1, width_factor: 0.1}
    - RandomErasing: {value_range: [0, 1], seed: 5}
    - MixUp: 0.3
    - GaussianNoise: 0.05
  seed: 7
evaluation""",
    )
)

# The same without.
PLAIN = AUGMENTED.partition("  augment:")[0] + (
    "  seed: 7\nevaluation:\n  metrics: [accuracy, f1_macro, log_loss]\n"
)

# A nought counts nothing, a nine nine times as much as a one.
WEIGHED = DIGITS.replace("class_weight: balanced", "sample_weight: target").replace(
    "epochs: 2\n", "epochs: 3\n"
)

# Without BatchNormalization: the gradient of a bias before it is noise alone.
FOCAL = (
    MOONS.replace("    - BatchNormalization\n", "")
    .replace(
        "  loss: {BinaryCrossentropy: {from_logits: true}}\n"
        "  metrics: [{BinaryAccuracy: {threshold: 0.0}}]",
        "  loss: {BinaryFocalCrossentropy: {gamma: 1.5, apply_class_balancing: true}}\n"
        "  metrics: [accuracy]",
    )
    .replace("{Dense: 1, name: moon}", "{Dense: [1, sigmoid], name: moon}")
)
# BinaryFocalCrossentropy as Keras computes it, in its order.
OWN_FOCAL = FOCAL.replace(
    "  loss: {BinaryFocalCrossentropy: {gamma: 1.5, apply_class_balancing: true}}\n",
    """  losses:
    Focal:
      params: {gamma: 2.0, alpha: 0.25}
      graph:
        - {ops.subtract: {args: [1.0, target]}, name: other}
        - {ops.subtract: {args: [1.0, prediction]}, name: rest}
        - {ops.multiply: {args: [target, prediction]}, name: hit}
        - {ops.multiply: {args: [other, rest]}, name: miss}
        - {ops.add: {args: [hit, miss]}, name: right}
        - {ops.subtract: {args: [1.0, right]}, name: wrong}
        - {ops.power: {args: [wrong, $gamma]}, name: focus}
        - {ops.multiply: {args: [target, $alpha]}, name: of_ones}
        - {ops.multiply: {args: [other, $1 - alpha]}, name: of_zeros}
        - {ops.add: {args: [of_ones, of_zeros]}, name: balance}
        - {ops.binary_crossentropy: {args: [target, prediction]}, name: entropy}
        - {ops.multiply: {args: [focus, entropy]}, name: focused}
        - ops.multiply: {args: [balance, focused]}
        - ops.mean: {axis: -1}
  loss: {Focal: {gamma: 1.5}}
""",
)
# Ids that no step is told, under a mask: columns of pixels that are empty are left out.
STRIPS = """\
dlspec: 1
name: strips
data:
  source: {synthetic: digit_strips, samples: 900, most: 3, seed: 3}
  inputs: {strip: {image: strip, size: [8, 36], channels: 1, scale: $1/16}}
  targets: {digits: {text: digits, split: characters, length: 3, vocabulary: 12}}
  split: {column: fold, validation: [3], test: [4]}
model:
  inputs: {strip: [8, 36, 1]}
  graph:
    - Reshape: [8, 36]
    - Permute: [2, 1]
    - Masking
    - {Dense: [32, relu]}
    - Dropout: 0.1
    - Bidirectional: {layer: {GRU: {units: 24, return_sequences: true}}}
    - {Dense: 12, name: digits}
training:
  epochs: 3
  batch_size: 32
  optimizer: {Adam: {learning_rate: 5e-3}}
  loss: CTC
  seed: 7
evaluation:
  metrics: [character_error_rate, word_error_rate, sequence_accuracy]
  champion: {metric: character_error_rate, test: bootstrap}
"""

# A variational autoencoder.
TERMS = """\
dlspec: 1
name: coded
params: {latent: 8}
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {picture: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  split: {validation: 0.15, test: 0.15, seed: 7}
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Flatten
    - {Dense: [128, relu], name: seen}
    - {Dense: $latent, name: mean, from: seen}
    - {Dense: $latent, name: log_variance, from: seen}
    - {ops.zeros_like: {args: [mean]}, name: nothing}
    - {GaussianNoise: 1.0, name: noise}
    - {ops.multiply: {args: [log_variance, 0.5]}}
    - {ops.exp: , name: deviation}
    - {ops.multiply: {args: [noise, deviation]}, name: around}
    - {ops.add: {args: [mean, around]}, name: code}
    - {Dense: [128, relu]}
    - {Dense: [64, sigmoid]}
    - {Reshape: [8, 8, 1], name: picture}
    # Terms: entries that lead to no output.
    - {ops.square: {args: [mean]}, name: far}
    - {ops.exp: {args: [log_variance]}, name: variance}
    - {ops.add: {args: [far, variance]}}
    - {ops.subtract: {x2: log_variance}}
    - {ops.subtract: {x2: 1.0}}
    - {ops.sum: {axis: -1}}
    - {ops.multiply: {x2: 0.5}, name: kl}
    - {ops.binary_crossentropy: {args: [target.picture, picture]}}
    - {ops.sum: {axis: [1, 2, 3]}, name: reconstruction}
    # A layer that leads to a term alone.
    - {Dense: 4, name: aside, from: seen}
    - {ops.mean: {args: [aside]}, name: size}
  outputs: picture
training:
  epochs: 3
  batch_size: 64
  optimizer: {Adam: {learning_rate: 1e-3}}
  loss: MeanSquaredError
  loss_weights: {picture: 0}
  terms: {reconstruction: 1.0, kl: 0.5, size: 0}
  callbacks:
    - EarlyStopping: {monitor: val_kl, mode: max, patience: 5, restore_best_weights: true}
  seed: 7
evaluation:
  metrics: [mse]
  gates: {reconstruction: "<= 60", kl: ">= 100"}
"""
# The same with draws by name, and one that reads what it is given alone.
DRAWN = (
    TERMS.replace("name: coded", "name: drawn")
    .replace(
        "    - {ops.zeros_like: {args: [mean]}, name: nothing}\n"
        "    - {GaussianNoise: 1.0, name: noise}\n",
        "    - {ops.random.normal: {args: [mean]}, name: noise}\n",
    )
    .replace(
        "    - {Dense: 4, name: aside, from: seen}\n",
        "    - {ops.random.randint: {x: image, minval: 0, maxval: 5, shape: [1]}, name: step}\n"
        "    - {ops.cast: {dtype: float32}, name: steps}\n"
        "    - {Concatenate, from: [seen, steps]}\n    - {Dense: 4, name: aside}\n",
    )
)
# Neither a loss nor an output of the target's name.
CONTRAST = """\
dlspec: 1
name: contrastive
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: $1/16}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
model:
  inputs: {image: [8, 8, 1]}
  graph:
    - Conv2D: [16, 3, {activation: relu}]
    - Flatten
    - Dense: 16
    - {UnitNormalization: , name: embedding}
    # Of each two samples of a batch: whether they are of one digit, and their squared distance.
    - {ops.expand_dims: {args: [target.digit], axis: 1}, name: down}
    - {ops.expand_dims: {args: [target.digit], axis: 0}, name: across}
    - ops.equal: {args: [down, across]}
    - {ops.cast: {dtype: float32}, name: same}
    - {ops.transpose: {args: [embedding]}, name: turned}
    - {ops.matmul: {args: [embedding, turned]}, name: likeness}
    - ops.subtract: {args: [1.0, likeness]}
    - {ops.multiply: {x2: 2.0}, name: distance}
    - {ops.multiply: {args: [same, distance]}, name: apart}
    - ops.subtract: {args: [1.0, distance]}
    - {ops.relu: , name: close}
    - {ops.subtract: {args: [1.0, same]}, name: other}
    - {ops.multiply: {args: [other, close]}, name: confused}
    - ops.add: {args: [apart, confused]}
    - {ops.mean: {axis: -1}, name: contrast}
  outputs: embedding
training:
  epochs: 12
  batch_size: 64
  terms: {contrast: 1.0}
evaluation: {gates: {contrast: "<= 0.1"}}
"""


def prepared(text: str, **params: object) -> tuple[Plan, Dataset]:
    """Return the plan of a spec and its data set, prepared."""
    plan = dlspec.loads(text, params=params)
    assert plan.data is not None
    return plan, prepare_dataset(plan.data, base=Path())


def said_of_model_by_keras_alone(trained, expression):
    """Return the words that a process prints of a saved model, without a line of ours in it."""
    program = (
        "import sys, keras\nmodel = keras.models.load_model(sys.argv[1])\n"
        f"assert 'dlspec' not in sys.modules\nprint({expression})\n"
    )
    said = subprocess.run(
        [sys.executable, "-P", "-c", program, f"{trained.path}/model.keras"],
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.split()
