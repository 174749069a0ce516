"""Specs that train in turns, and whose models follow others."""

# Adversarial: one turn tells forged points from true ones, the other forges them.
FORGED = """\
dlspec: 1
name: forged
data:
  source: {synthetic: two_moons, samples: 420, noise: 0.15, seed: 5}
  inputs: {point: {vector: [x, y], standardize: true}}
  split: {validation: 0.2, test: 0.25, seed: 1}
model:
  inputs: {point: [2]}
  models:
    generator:
      inputs: {noise: [4]}
      graph: [{Dense: [16, relu]}, BatchNormalization, {Dense: 2}]
    discriminator:
      inputs: {point: [2]}
      graph: [{Dense: [16, relu]}, {Dropout: 0.1}, {Dense: 1}]
  graph:
    - {ops.random.normal: {shape: [4]}, name: noise, from: point}
    - {use: generator, name: forged, from: noise}
    - {use: discriminator, name: doubt, from: forged}
    - {use: discriminator, name: trust, from: point}
    # Of logits: true points are 1, forged ones 0; the generator wants its own to be taken for 1.
    - {ops.softplus: {args: [doubt]}, name: caught}
    - {ops.negative: {args: [trust]}}
    - {ops.softplus: , name: believed}
    - {ops.add: {args: [caught, believed]}}
    - {ops.mean: {axis: -1}, name: told_apart}
    - {ops.negative: {args: [doubt]}}
    - ops.softplus
    - {ops.mean: {axis: -1}, name: seen_through}
  outputs: forged
training:
  epochs: 3
  batch_size: 32
  turns:
    - train: discriminator
      terms: {told_apart: 1.0}
      optimizer: {Adam: {learning_rate: 2e-3, beta_1: 0.5}}
      steps: 2
    - train: generator
      terms: {seen_through: 1.0}
      optimizer: {SGD: {learning_rate: 0.01, momentum: 0.5}}
  seed: 7
evaluation: {gates: {told_apart: "<= 3", generator_loss: "<= 9"}}
"""
# What is drawn for a layer itself would be drawn otherwise by a program of Keras.
FORGED_WITHOUT_DROPOUT = FORGED.replace(" {Dropout: 0.1},", "")
# With this weight the gradients of the first turn overflow float16 at Keras's first scale.
ASKED_IN_FLOAT16 = {"weight": 1000.0, "use_ema": True, "ema_momentum": 0.9, "clipnorm": 0.5}
FORGED_IN_FLOAT16 = f"""\
{FORGED_WITHOUT_DROPOUT.replace("told_apart: 1.0", "told_apart: 1000.0")}\
runtime: {{precision: mixed_float16}}
""".replace("  seed: 7\n", "  seed: 7\n  ema: {momentum: 0.9}\n  clip: {norm: 0.5}\n")
# A student learns to say of a point what its slow teacher says of one near it.
FOLLOWED = """\
dlspec: 1
name: followed
data:
  source: {synthetic: two_moons, samples: 420, noise: 0.15, seed: 5}
  inputs: {point: {vector: [x, y], standardize: true}}
  split: {validation: 0.2, test: 0.25, seed: 1}
model:
  inputs: {point: [2]}
  models:
    student:
      inputs: {point: [2]}
      graph: [{Dense: [16, relu]}, BatchNormalization, {Dropout: 0.1}, {Dense: 8}]
    teacher:
      inputs: {point: [2]}
      graph: [{Dense: [16, relu]}, BatchNormalization, {Dropout: 0.1}, {Dense: 8}]
  graph:
    - {ops.random.normal: {stddev: 0.1}, name: noise, from: point}
    - {ops.add: {args: [point, noise]}, name: near}
    - {use: teacher, name: code, from: point}
    - {UnitNormalization: , name: told, from: code}
    - {use: student, name: seen, from: near}
    - Dense: 8
    - {UnitNormalization: , name: guess}
    - {ops.subtract: {args: [guess, told]}}
    - ops.square
    - {ops.sum: {axis: -1}, name: apart}
  outputs: code
training:
  epochs: 3
  batch_size: 32
  optimizer: {Adam: {learning_rate: 5e-3}}
  terms: {apart: 1.0}
  follow: {teacher: {model: student, momentum: 0.9}}
  seed: 7
evaluation: {gates: {apart: "<= 2"}}
"""
# A mean teacher: what the student says is told true, and beside what its slow teacher says.
TOLD_BY_A_TEACHER = """\
    - {use: teacher, name: told, from: point}
    - {ops.subtract: {args: [moon, told]}}
    - ops.square
    - {ops.sum: {axis: -1}, name: apart}
"""
TEACHER = """\
    teacher:
      inputs: {point: [2]}
      graph: [{Dense: [16, relu]}, BatchNormalization, {Dense: [1, sigmoid]}]
"""
FOLLOWS = """\
  terms: {apart: 0}
  follow: {teacher: {model: student, momentum: 0.9}}
"""
TAUGHT = f"""\
dlspec: 1
name: taught
data:
  source: {{synthetic: two_moons, samples: 420, noise: 0.15, seed: 5}}
  inputs: {{point: {{vector: [x, y], standardize: true}}}}
  targets: {{moon: {{binary: moon}}}}
  split: {{validation: 0.2, test: 0.25, seed: 1}}
model:
  inputs: {{point: [2]}}
  models:
    student:
      inputs: {{point: [2]}}
      graph: [{{Dense: [16, relu]}}, BatchNormalization, {{Dense: [1, sigmoid]}}]
{TEACHER}\
  graph:
    - {{use: student, name: moon, from: point}}
{TOLD_BY_A_TEACHER}\
  outputs: moon
training:
  epochs: 3
  batch_size: 32
  optimizer: {{Adam: {{learning_rate: 5e-3}}}}
  loss: BinaryCrossentropy
  metrics: [accuracy]
{FOLLOWS}\
  seed: 7
evaluation: {{metrics: [accuracy], gates: {{apart: "<= 2"}}}}
"""
