"""Specs whose samples are drawn from several rows, or of words and their contexts."""

import numpy as np

TWINS = """\
dlspec: 1
name: twins
params: {seed: 1, epochs: 4}
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: 0.0625}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
  sampling: {pairs: digit}
model:
  inputs: {left: [8, 8, 1], right: [8, 8, 1]}
  models:
    encoder:
      inputs: {image: [8, 8, 1]}
      graph:
        - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
        - Flatten
        - {Dense: [32, {activation: relu}]}
  graph:
    - {use: encoder, name: left_code, from: left}
    - {use: encoder, name: right_code, from: right}
    - {Subtract, name: difference, from: [left_code, right_code]}
    - {ops.absolute, name: distance}
    - {Dense: [1, {activation: sigmoid}], name: same}
training:
  epochs: $epochs
  batch_size: 32
  optimizer: {Adam: {learning_rate: 0.003}}
  loss: BinaryCrossentropy
  metrics: [accuracy]
  seed: $seed
evaluation:
  metrics: [accuracy, roc_auc]
  gates: {accuracy: ">= 0.8"}
  champion: {metric: accuracy, test: mcnemar}
"""

THREE = """\
dlspec: 1
name: three
params: {seed: 1, epochs: 4}
data:
  source: {sklearn: digits}
  inputs: {image: {image: images, size: [8, 8], channels: 1, scale: 0.0625}}
  targets: {digit: {class: target, classes: 10}}
  split: {validation: 0.15, test: 0.15, stratify: digit, seed: 7}
  sampling: {triplets: digit}
model:
  inputs: {anchor: [8, 8, 1], positive: [8, 8, 1], negative: [8, 8, 1]}
  models:
    encoder:
      inputs: {image: [8, 8, 1]}
      graph:
        - Conv2D: {filters: 16, kernel_size: 3, activation: relu}
        - Flatten
        - {Dense: 16}
  graph:
    - {use: encoder, name: anchor_code, from: anchor}
    - {use: encoder, name: positive_code, from: positive}
    - {use: encoder, name: negative_code, from: negative}
    - {ops.subtract: {args: [anchor_code, positive_code]}}
    - ops.square
    - {ops.sum: {axis: -1}, name: near}
    - {ops.subtract: {args: [anchor_code, negative_code]}}
    - ops.square
    - {ops.sum: {axis: -1}, name: far}
    - {ops.subtract: {args: [near, far]}}
    - {ops.add: {x2: 1.0}}
    - {ops.relu: , name: margin}
  outputs: [anchor_code, positive_code, negative_code]
training:
  epochs: $epochs
  batch_size: 32
  optimizer: {Adam: {learning_rate: 0.001}}
  terms: {margin: 1.0, near: 0}
  callbacks:
    - EarlyStopping: {monitor: val_margin, mode: min, patience: 9}
  seed: $seed
evaluation:
  gates: {margin: "<= 0.4"}
"""

WORDS = """\
dlspec: 1
name: near_words
params: {seed: 1, epochs: 3}
data:
  source: {csv: lines.csv}
  inputs: {said: {text: said, vocabulary: 40, length: 8}}
  split: {validation: 0.2, test: 0.2, seed: 3}
  sampling: {contexts: said, window: 2, negatives: 3}
model:
  inputs: {target: {shape: [], dtype: int32}, context: {shape: [], dtype: int32}}
  graph:
    - {Embedding: [40, 12], name: target_vectors, from: target}
    - {Embedding: [40, 12], name: context_vectors, from: context}
    - {Dot: {axes: 1}, name: label, from: [target_vectors, context_vectors]}
training:
  epochs: $epochs
  batch_size: 64
  optimizer: {Adam: {learning_rate: 0.05}}
  loss: {BinaryCrossentropy: {from_logits: true}}
  metrics: [{BinaryAccuracy: {threshold: 0.0}}]
  seed: $seed
evaluation:
  metrics: [accuracy, roc_auc]
  champion: {metric: roc_auc}
"""


def two_topics() -> list[str]:
    """Return lines of words of two topics, which never meet in a line."""
    generator = np.random.Generator(np.random.Philox(4))
    topics = [[f"{letter}{number}" for number in range(12)] for letter in "ab"]
    return [" ".join(generator.choice(topics[line % 2], size=3 + line % 6)) for line in range(400)]
