"""What is said of each metric that does not fit, and what is written in its place.

Which metrics do not fit, `tests/backends/test_keras_metrics.py` asks Keras.
"""

from math import prod

import pytest
from image_specs import found_words

_TEXT = """\
dlspec: 1
name: model
data:
  source: {{csv: a.csv}}
  inputs: {{x: {feature}}}
  targets: {{y: {target}}}
  split: {split}
model:
  inputs: {{x: {shape}}}
  graph:
    - Flatten
    - {{Dense: {units}}}
    - {{Reshape: {extents}}}
    - {{Activation: {activation}, name: y}}
training:
  epochs: 1
  loss: {loss}
  metrics: [{metric}]
"""
# A target, the extents and the activation of its head, and the loss.
_OUTPUTS = {
    "binary-logits": ("{binary: y}", [1], "linear", "{BinaryCrossentropy: {from_logits: true}}"),
    "binary-relu": ("{binary: y}", [1], "relu", "MeanSquaredError"),
    "binary-sigmoid": ("{binary: y}", [1], "sigmoid", "BinaryCrossentropy"),
    "binary-tanh": ("{binary: y}", [1], "tanh", "Hinge"),
    "bits-logits": (
        "{vector: [c, d, e]}",
        [3],
        "linear",
        "{BinaryCrossentropy: {from_logits: true}}",
    ),
    "bits-sigmoid": ("{vector: [c, d, e]}", [3], "sigmoid", "BinaryCrossentropy"),
    "hot-logits": (
        "{class: y, classes: 3, one_hot: true}",
        [3],
        "linear",
        "{CategoricalCrossentropy: {from_logits: true}}",
    ),
    "hot-softmax": (
        "{class: y, classes: 3, one_hot: true}",
        [3],
        "softmax",
        "CategoricalCrossentropy",
    ),
    "ids-logits": (
        "{class: y, classes: 3}",
        [3],
        "linear",
        "{SparseCategoricalCrossentropy: {from_logits: true}}",
    ),
    "ids-softmax": ("{class: y, classes: 3}", [3], "softmax", "SparseCategoricalCrossentropy"),
    "number-relu": ("{number: y}", [1], "relu", "MeanSquaredError"),
    "seven-logits": (
        "{class: y, classes: 7}",
        [7],
        "linear",
        "{SparseCategoricalCrossentropy: {from_logits: true}}",
    ),
    "seven-softmax": ("{class: y, classes: 7}", [7], "softmax", "SparseCategoricalCrossentropy"),
    "six-softmax": ("{class: y, classes: 6}", [6], "softmax", "SparseCategoricalCrossentropy"),
    "table-linear": ("{series: [a, b], horizon: 4}", [4, 2], "linear", "MeanSquaredError"),
    "table-sigmoid": ("{series: [a, b], horizon: 4}", [4, 2], "sigmoid", "MeanSquaredError"),
    "words-logits": (
        "{tokens: y, length: 4, vocabulary: 5}",
        [4, 5],
        "linear",
        "{SparseCategoricalCrossentropy: {from_logits: true}}",
    ),
}


def words_on(output, metric):
    target, extents, activation, loss = _OUTPUTS[output]
    rows = {"feature": "{vector: [a, b]}", "shape": [2], "split": "{test: 0.2}"}
    steps = {"feature": "{series: [a, b], length: 3}", "shape": [3, 2], "split": "{time: t}"}
    text = _TEXT.format(
        target=target,
        units=prod(extents),
        extents=extents,
        activation=activation,
        loss=loss,
        metric=metric,
        **(steps if "series" in target else rows),
    )
    return found_words(text)


@pytest.mark.parametrize(
    ("output", "metric"),
    [
        ("bits-sigmoid", "{AUC: {multi_label: true, num_labels: 0}}"),
        ("hot-logits", "CosineSimilarity"),
        ("hot-logits", "R2Score"),
        ("hot-logits", "{BinaryIoU: {threshold: 0}}"),
        ("hot-logits", "{CosineSimilarity: {axis: -2}}"),
        ("hot-logits", "{PearsonCorrelation: {axis: [0, 1]}}"),
        ("hot-logits", "{Precision: {top_k: 3}}"),
        ("hot-softmax", "{AUC: {multi_label: false, num_labels: 4}}"),
        ("hot-softmax", "{Precision: {class_id: -3}}"),
        (
            "ids-logits",
            "{IoU: {num_classes: 3, target_class_ids: [0], sparse_y_pred: false, axis: -1}}",
        ),
        ("ids-logits", "{SparseCategoricalCrossentropy: {from_logits: true}}"),
        ("ids-softmax", "{SparseTopKCategoricalAccuracy: {k: 2}}"),
        ("seven-softmax", "SparseTopKCategoricalAccuracy"),
        ("table-linear", "Hinge"),
        ("table-sigmoid", "AUC"),
    ],
)
def test_a_metric_that_fits_is_accepted(output, metric):
    assert words_on(output, metric) == []


# The output, the metric, then the marked text, the message, the label and the help.
_FAULTS = [
    (
        *("binary-logits", "{F1Score: {threshold: 0.25}}", "{F1Score: {threshold: 0.25}}"),
        "`F1Score` counts what is above 0.25, as of probabilities",
        *("`y` ends without an activation", "write `{BinaryAccuracy: {threshold: 0}}`"),
    ),
    (
        *("binary-relu", "KLDivergence", "KLDivergence"),
        "`KLDivergence` takes vectors over classes",
        *("`y` is a single 0 or 1", "write `{BinaryAccuracy: {threshold: 0}}`"),
    ),
    (
        *("binary-sigmoid", "F1Score", "F1Score"),
        "`F1Score` without `threshold` takes the largest of several units",
        *("`y` has one, which is always the largest", "write `{F1Score: {threshold: 0.5}}`"),
    ),
    (
        *("binary-sigmoid", "{AUC: {multi_label: true, label_weights: [1, 2, 3]}}", "[1, 2, 3]"),
        "`label_weights` of `AUC` asks for 3 units",
        *("`y` has 1 unit", "leave `label_weights` out"),
    ),
    (
        *("binary-tanh", "F1Score", "F1Score"),
        "`F1Score` without `threshold` takes the largest of several units",
        *("`y` has one, which is always the largest", "write `{BinaryAccuracy: {threshold: 0}}`"),
    ),
    (
        *("bits-logits", "KLDivergence", "KLDivergence"),
        "`KLDivergence` takes probabilities and gets logits",
        *("`y` ends without an activation", "write `MeanAbsoluteError`"),
    ),
    (
        *("bits-logits", "{MeanIoU: 3}", "{MeanIoU: 3}"),
        "`MeanIoU` takes class ids",
        *("`y` holds numbers", "write `MeanAbsoluteError`"),
    ),
    (
        *("bits-sigmoid", "{AUC: {multi_label: true, num_labels: 1}}", "1"),
        "`num_labels` of `AUC` asks for 1 unit",
        *("`y` has 3 units", "write `num_labels: 3`"),
    ),
    (
        *("hot-logits", "Recall", "Recall"),
        "`Recall` counts what is above 0.5, as of probabilities",
        *("`y` ends without an activation", "write `{Recall: {thresholds: 0}}`"),
    ),
    (
        *("hot-logits", "{CosineSimilarity: {axis: -3}}", "-3"),
        "`CosineSimilarity` has nothing along axis -3",
        *("`y` has the axes 0 to 1", "leave `axis` out"),
    ),
    (
        *("hot-logits", "{MeanIoU: 3}", "{MeanIoU: 3}"),
        "`MeanIoU` takes class ids",
        *("`y` is one-hot", "write `{OneHotMeanIoU: {num_classes: 3}}`"),
    ),
    (
        *("hot-logits", "{Recall: {top_k: 4}}", "4"),
        "`top_k` of `Recall` asks for 4 units",
        *("`y` has 3 classes", "write `top_k: 3`"),
    ),
    (
        *("hot-softmax", "{BinaryIoU: {target_class_ids: [1, 2]}}", "[1, 2]"),
        "`target_class_ids` of `BinaryIoU` names the class 2",
        *("there are 2, from 0 to 1", "write `target_class_ids: [0, 1]`"),
    ),
    (
        *("hot-softmax", "{CategoricalCrossentropy: {from_logits: true}}", "true"),
        "`CategoricalCrossentropy` takes logits and gets probabilities",
        *("`y` ends with softmax, and `from_logits` is true", "leave `from_logits` out"),
    ),
    (
        *("hot-softmax", "{IoU: {num_classes: 3, target_class_ids: [0], ignore_class: null}}"),
        "{IoU: {num_classes: 3, target_class_ids: [0], ignore_class: null}}",
        "`IoU` takes class ids",
        "`y` is one-hot",
        "write `{OneHotIoU: {num_classes: 3, target_class_ids: [0], ignore_class: null}}`",
    ),
    (
        *("hot-softmax", "{Precision: {class_id: -4}}", "-4"),
        "`class_id` of `Precision` asks for the class -4",
        *("`y` has 3 classes", "leave `class_id` out"),
    ),
    (
        *("hot-softmax", "{Precision: {class_id: 3}}", "3"),
        "`class_id` of `Precision` asks for the class 3",
        *("`y` has 3 classes", "leave `class_id` out"),
    ),
    (
        *("ids-logits", "F1Score", "F1Score"),
        "`F1Score` takes vectors over classes",
        *("`y` holds ids", "write `SparseCategoricalAccuracy`"),
    ),
    (
        *("ids-logits", "R2Score", "R2Score"),
        "`R2Score` takes numbers",
        *("`y` holds ids", "write `SparseCategoricalAccuracy`"),
    ),
    (
        *("ids-logits", "SparseTopKCategoricalAccuracy", "SparseTopKCategoricalAccuracy"),
        "`SparseTopKCategoricalAccuracy` looks at the 5 best of 3 classes: it is always 1",
        *("`k` is 5 where it is not given", "write `{SparseTopKCategoricalAccuracy: {k: 2}}`"),
    ),
    (
        *("ids-logits", "TopKCategoricalAccuracy", "TopKCategoricalAccuracy"),
        "`TopKCategoricalAccuracy` takes vectors over classes",
        *("`y` holds ids", "write `{SparseTopKCategoricalAccuracy: {k: 2}}`"),
    ),
    (
        *("ids-logits", "{BinaryCrossentropy: {label_smoothing: 0.1}}"),
        "{BinaryCrossentropy: {label_smoothing: 0.1}}",
        "`BinaryCrossentropy` takes 0 or 1 for each unit",
        *("`y` holds ids", "write `{SparseCategoricalCrossentropy: {from_logits: true}}`"),
    ),
    (
        *("ids-logits", "{IoU: {num_classes: 2, target_class_ids: [0], sparse_y_pred: false}}"),
        "2",
        "`num_classes` of `IoU` asks for 2 classes, and drops the others",
        *("`y` has 3 classes", "write `num_classes: 3`"),
    ),
    (
        *("ids-logits", "{IoU: {num_classes: 3, target_class_ids: [0], sparse_y_pred: true}}"),
        "true",
        "`IoU` takes the ids that are predicted",
        "`y` gives a number for each class, and `sparse_y_pred` is true",
        "write `sparse_y_pred: false`",
    ),
    (
        *("ids-logits", "{IoU: {num_classes: 3, target_class_ids: [3], sparse_y_pred: false}}"),
        "[3]",
        "`target_class_ids` of `IoU` names the class 3",
        *("there are 3, from 0 to 2", "write `target_class_ids: [0, 1, 2]`"),
    ),
    (
        *("ids-logits", "{IoU: {num_classes: 3, target_class_ids: [], sparse_y_pred: false}}"),
        "[]",
        "`target_class_ids` of `IoU` names no class",
        *("there are 3, from 0 to 2", "write `target_class_ids: [0, 1, 2]`"),
    ),
    (
        *("ids-logits", "{MeanIoU: 3}", "{MeanIoU: 3}"),
        "`MeanIoU` takes the ids that are predicted",
        "`y` gives a number for each class, and `sparse_y_pred` is true",
        "write `{MeanIoU: {num_classes: 3, sparse_y_pred: false}}`",
    ),
    (
        *("ids-logits", "{OneHotIoU: {num_classes: 2, target_class_ids: [0]}}"),
        "{OneHotIoU: {num_classes: 2, target_class_ids: [0]}}",
        "`OneHotIoU` takes vectors over classes",
        "`y` holds ids",
        "write `{IoU: {num_classes: 3, target_class_ids: [0], sparse_y_pred: false}}`",
    ),
    (
        *("ids-logits", "{SparseTopKCategoricalAccuracy: {from_sorted_ids: true}}", "true"),
        "`SparseTopKCategoricalAccuracy` takes the ids that are predicted, the likeliest first",
        "`y` gives a number for each class, and `from_sorted_ids` is true",
        "leave `from_sorted_ids` out",
    ),
    (
        *("ids-logits", "{SparseTopKCategoricalAccuracy: {k: 3}}", "3"),
        "`SparseTopKCategoricalAccuracy` looks at the 3 best of 3 classes: it is always 1",
        *("3 here", "write `k: 2`"),
    ),
    (
        *("ids-softmax", "{SparseCategoricalCrossentropy: {axis: -2}}", "-2"),
        "`SparseCategoricalCrossentropy` has nothing along axis -2",
        *("the classes of `y` are its last axis, 1", "leave `axis` out"),
    ),
    (
        *("number-relu", "AUC", "AUC"),
        "`AUC` takes probabilities and gets numbers",
        *("`y` ends with relu", "write `MeanAbsoluteError`"),
    ),
    (
        *("number-relu", "KLDivergence", "KLDivergence"),
        "`KLDivergence` takes vectors over classes",
        *("`y` is a single number", "write `MeanAbsoluteError`"),
    ),
    (
        *("number-relu", "PearsonCorrelation", "PearsonCorrelation"),
        "`PearsonCorrelation` compares the units of a sample with each other",
        *("`y` has one", "write `R2Score`"),
    ),
    (
        *("number-relu", "{ConcordanceCorrelation: {axis: [-1]}}"),
        "{ConcordanceCorrelation: {axis: [-1]}}",
        "`ConcordanceCorrelation` compares the units of a sample with each other",
        *("`y` has one", "write `R2Score`"),
    ),
    (
        *("number-relu", "{CosineSimilarity: {axis: 2}}", "{CosineSimilarity: {axis: 2}}"),
        "`CosineSimilarity` has nothing along axis 2",
        *("`y` has the axes 0 to 1", "write `MeanAbsoluteError`"),
    ),
    (
        *("seven-logits", "{TopKCategoricalAccuracy: {k: 7}}"),
        "{TopKCategoricalAccuracy: {k: 7}}",
        "`TopKCategoricalAccuracy` takes vectors over classes",
        *("`y` holds ids", "write `{SparseTopKCategoricalAccuracy: {k: 6}}`"),
    ),
    (
        *("six-softmax", "TopKCategoricalAccuracy", "TopKCategoricalAccuracy"),
        "`TopKCategoricalAccuracy` takes vectors over classes",
        *("`y` holds ids", "write `SparseTopKCategoricalAccuracy`"),
    ),
    (
        *("table-linear", "F1Score", "F1Score"),
        "`F1Score` takes samples of units, two axes",
        *("`y` has 3", "write `MeanAbsoluteError`"),
    ),
    (
        *("table-sigmoid", "{AUC: {multi_label: true}}", "{AUC: {multi_label: true}}"),
        "`AUC` takes samples of units, two axes",
        *("`y` has 3", "write `MeanAbsoluteError`"),
    ),
    (
        *("words-logits", "SparseCategoricalCrossentropy", "SparseCategoricalCrossentropy"),
        "`SparseCategoricalCrossentropy` takes probabilities and gets logits",
        "`y` ends without an activation, and `from_logits` is false",
        "write `{SparseCategoricalCrossentropy: {from_logits: true}}`",
    ),
]


@pytest.mark.parametrize(("output", "metric", "marked", "message", "label", "help_"), _FAULTS)
def test_a_metric_that_does_not_fit_is_told_with_one_that_does(
    output, metric, marked, message, label, help_
):
    assert words_on(output, metric) == [(marked, message, label, help_)]
