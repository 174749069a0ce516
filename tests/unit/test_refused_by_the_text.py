"""What Keras refuses and the text shows is told at its place, before Keras is asked."""

import pytest

import dlspec

HEAD = "dlspec: 1\nname: refused\nmodel:\n  inputs: {x: %s}\n  graph:\n    - %s\n"
STRINGS = "{shape: [4], dtype: string}"
IDS = "{shape: [4], dtype: int32}"
CASES = [
    (IDS, "{Embedding: [5, 3], from: [x]}", "DL410", "not a list of one"),
    ("[4, 4]", "{GlobalAveragePooling1D: , from: [x]}", "DL410", "not a list of one"),
    ("[4]", "{Dense: 3, from: {mask: x}}", "DL410", "called without `inputs`"),
    ("[4, 4]", "{LSTM: 3, from: {mask: x}}", "DL410", "called without `sequences`"),
    (STRINGS, "{ops.mean: {axis: 1}}", "DL405", "not with strings"),
    (STRINGS, "{ops.subtract: {args: [x, x]}}", "DL405", "not with strings"),
    (STRINGS, "{ops.add: {args: [x, 1.5]}}", "DL405", "not with strings"),
    ("[4]", "{ops.split: {indices_or_sections: 3, axis: 1}}", "DL408", "into 3 equal parts"),
    ("[4]", "{ops.split: {indices_or_sections: 2, axis: 3}}", "DL412", "has no axis 3"),
    ("[4]", "{ops.sort: {axis: 3}}", "DL412", "has no axis 3"),
    ("[4]", "{ops.moveaxis: {source: 1, destination: 4}}", "DL412", "has no axis 4"),
    ("[4]", "{ops.add: {args: [x, x], x1: x}}", "DL209", "by its name, and by its position"),
]


@pytest.mark.parametrize(("given", "entry", "code", "label"), CASES)
def test_it_is_refused_at_its_place(given, entry, code, label):
    with pytest.raises(dlspec.SpecError) as raised:
        dlspec.loads(HEAD % (given, entry))
    (found,) = raised.value.diagnostics
    assert found.code.value == code
    assert label in found.label


@pytest.mark.parametrize(
    ("given", "entry"),
    [
        (STRINGS, "{ops.add: {args: [x, x]}}"),
        (STRINGS, "{ops.equal: {args: [x, x]}}"),
        (STRINGS, "{ops.flip: {axis: 1}}"),
        ("[4]", "{ops.expand_dims: {axis: 2}}"),
        ("[4]", "{ops.concatenate: {xs: [x, x]}}"),
        ("[4]", "{ops.sort: {axis: -1}}"),
        ("[4, 4]", "{LSTM: 3, from: {sequences: x}}"),
    ],
)
def test_what_keras_takes_is_taken(given, entry):
    assert len(dlspec.loads(HEAD % (given, entry)).graph.nodes) == 1


@pytest.mark.parametrize(
    ("layer", "trainable"),
    [
        ("{RNN: {cell: {LSTMCell: {units: 3, trainable: false}}}}", 0),
        ("{Bidirectional: {layer: {LSTM: {units: 3, trainable: false}}}}", 0),
        ("{Bidirectional: {layer: {RNN: {cell: {LSTMCell: {units: 3, trainable: false}}}}}}", 0),
        ("{RNN: {cell: {StackedRNNCells: {cells: [{GRUCell: {units: 3, trainable: false}}, "
         "{GRUCell: 3}]}}}}", 3),
    ],
)  # fmt: skip
def test_a_frozen_layer_inside_another_is_counted_as_keras_does(layer, trainable):
    (node,) = dlspec.loads(HEAD % ("[4, 4]", layer)).graph.nodes
    assert len([weight for weight in node.weights if weight.trainable]) == trainable
