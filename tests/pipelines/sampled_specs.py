"""Specs whose samples are drawn from several rows."""

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
