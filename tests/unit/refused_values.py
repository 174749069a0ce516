"""Values that do not become what a feature says."""

import json

from data_cases import CLASS, GOOD, LINES, case, csv, lines, picture

VALUES = [
    case("a missing number", csv("1,0", ",1", "3,2")),
    case("missing numbers", csv("1,0", ",1", ",2", "3,")),
    case("a word among numbers", csv("1,0", "w,1", "3,2")),
    case("numbers as another country writes them", csv("1,0", "1.234;5,1", "3,2")),
    case("decimals behind a comma", csv('"1,5",0', '"2,5",1', '"3,5",2')),
    case("an infinite number", csv("1,0", "inf,1", "3,2")),
    case("arrays in the place of numbers", lines([[1, 2], 0], [[3, 4], 1]), source=LINES),
    case(
        "vectors of another length",
        lines([[1, 2], 0], [[3, 4], 1]),
        source=LINES,
        inputs="{x: {vector: x, length: 3}}",
    ),
    case(
        "vectors of several lengths",
        lines([[1, 2], 0], [[3], 1]),
        source=LINES,
        inputs="{x: {vector: x, length: 2}}",
    ),
    case(
        "a vector that is missing",
        lines([[1, 2], 0], [None, 1]),
        source=LINES,
        inputs="{x: {vector: x, length: 2}}",
    ),
    case(
        "no value to fill up with",
        csv(*(f",{i}" for i in range(6))),
        inputs="{x: {number: x, missing: median}, z: {number: y}}",
    ),
    case(
        "tensors of another shape",
        lines([[[1, 2]], 0], [[[3, 4]], 1]),
        source=LINES,
        inputs="{x: {tensor: x, shape: [2, 2]}}",
    ),
    case("numbers in the place of tensors", GOOD, inputs="{x: {tensor: x, shape: [2, 2]}}"),
    case(
        "tensors to fill up with words in them",
        lines([["a"], 0], [["b", "c"], 1]),
        source=LINES,
        inputs="{x: {tensor: x, shape: [3], pad: end}}",
    ),
    case(
        "numbers in the place of sequences",
        GOOD,
        inputs="{x: {sequence: x, length: 3, features: 1}}",
    ),
    case(
        "steps of other widths",
        lines([[[1, 2]], 0], [[[3, 4], [5, 6]], 1]),
        source=LINES,
        inputs="{x: {sequence: x, length: 3, features: 3}}",
    ),
    case(
        "steps of several widths",
        lines([[[1, 2]], 0], [[[3, 4], [5]], 1]),
        source=LINES,
        inputs="{x: {sequence: x, length: 3, features: 2}}",
    ),
    case(
        "a sequence that is missing",
        lines([[[1, 2]], 0], [None, 1]),
        source=LINES,
        inputs="{x: {sequence: x, length: 3, features: 2}}",
    ),
    case(
        "more categories than ids",
        csv(*(f"{c},1" for c in "abcde")),
        inputs="{x: {category: x, vocabulary: 3}}",
        split="{test: 0.2}",
    ),
    case(
        "categories that training lacks",
        csv("a,1", "b,2", "c,3", "d,4"),
        inputs="{x: {category: x, vocabulary: 4, unknown: false}}",
    ),
    case(
        "no category of the list",
        csv("a,1", "b,2", "c,3"),
        inputs="{x: {category: x, vocabulary: [p, q]}}",
    ),
    case(
        "categories of numbers and of texts",
        csv("a,1", "b,2"),
        inputs="{x: {categories: [x, y], vocabulary: 5}}",
    ),
    case(
        "numbers in the place of texts",
        lines([1, 0], [2, 1]),
        source=LINES,
        inputs="{x: {text: x, length: 3, vocabulary: 9}}",
    ),
    case(
        "a text that is missing",
        csv("a,0", ",1"),
        inputs="{x: {text: x, length: 3, vocabulary: 9}}",
    ),
    case(
        "texts without words",
        csv("!,0", "?,1", ".,2"),
        inputs="{x: {text: x, length: 3, vocabulary: 9}}",
    ),
    case(
        "a word that no text can hold",
        csv("a,0", "b,1"),
        inputs="{x: {text: x, length: 3, vocabulary: [a, Big]}}",
    ),
    case(
        "a vocabulary that is nowhere",
        csv("a,0", "b,1"),
        inputs="{x: {text: x, length: 3, vocabulary: {file: words.txt}}}",
    ),
    case(
        "a vocabulary without words",
        csv("a,0", "b,1") | {"words.txt": "\n"},
        inputs="{x: {text: x, length: 3, vocabulary: {file: words.txt}}}",
    ),
    case(
        "a vocabulary with a word twice",
        csv("a,0", "b,1") | {"words.txt": "a\nb\na\n"},
        inputs="{x: {text: x, length: 3, vocabulary: {file: words.txt}}}",
    ),
    case(
        "a vocabulary that is no UTF-8",
        csv("a,0", "b,1") | {"words.txt": b"a\n\xff\n"},
        inputs="{x: {text: x, length: 3, vocabulary: {file: words.txt}}}",
    ),
    case(
        "a vocabulary that is locked",
        csv("a,0", "b,1") | {"words.txt": "a\n"},
        ("words.txt",),
        inputs="{x: {text: x, length: 3, vocabulary: {file: words.txt}}}",
    ),
    case(
        "texts in the place of ids",
        csv("a b,0", "c,1"),
        inputs="{x: {tokens: x, length: 3, vocabulary: 9}}",
    ),
    case(
        "an id past the vocabulary",
        lines([[1, 2], 0], [[3, 9], 1]),
        source=LINES,
        inputs="{x: {tokens: x, length: 3, vocabulary: 9}}",
    ),
    case(
        "an id below 0",
        lines([[1, 2], 0], [[3, -1], 1]),
        source=LINES,
        inputs="{x: {tokens: x, length: 3, vocabulary: 9}}",
    ),
    case(
        "arrays that are no images",
        lines([[[1, 2]], 0], [[[3, 4]], 1]),
        source=LINES,
        inputs="{x: {image: x, size: [4, 4], channels: 1}}",
    ),
    case(
        "arrays of other channels",
        lines([[[[1, 2]]], 0], [[[[3, 4]]], 1]),
        source=LINES,
        inputs="{x: {image: x, size: [4, 4], channels: 3, resize: pad}}",
    ),
    case(
        "numbers in the place of waves",
        lines([1, 0], [2, 1]),
        source=LINES,
        inputs="{x: {audio: x, sample_rate: 8000, seconds: 0.001}}",
    ),
    case(
        "waves of arrays, and none",
        lines([[[1]], 0], [[[2]], 1]),
        source=LINES,
        inputs="{x: {audio: x, sample_rate: 8000, seconds: 0.001}}",
    ),
    case(
        "a wave that is missing",
        lines([[1, 2], 0], [None, 1]),
        source=LINES,
        inputs="{x: {audio: x, sample_rate: 8000, seconds: 0.001}}",
    ),
]

MASK = "{y: {mask: y, classes: 2, shape: [2]}}"
BOXES = "{y: {boxes: y, most: 2, classes: 2, format: xywh}}"
TARGETS = [
    case("a class that is missing", csv("1,0", "2,", "3,1"), targets=CLASS),
    case("a class past the last", csv("1,0", "2,2", "3,1"), targets=CLASS),
    case("half a class", csv("1,0", "2,0.5", "3,1"), targets=CLASS),
    case("classes of words", csv("1,a", "2,b", "3,a"), targets=CLASS),
    case(
        "a class of no list",
        csv("1,cat", "2,dgo", "3,cat"),
        targets="{y: {class: y, classes: [cat, dog]}}",
    ),
    case("neither 0 nor 1", csv("1,0", "2,2", "3,1"), targets="{y: {binary: y}}"),
    case("words for 0 and 1", csv("1,no", "2,yes"), targets="{y: {binary: y}}"),
    case("nothing for 0 or 1", csv("1,0", "2,"), targets="{y: {binary: y}}"),
    case("no row is positive", csv("1,no", "2,no"), targets="{y: {binary: y, positive: yes}}"),
    case("labels of no list", csv("1,a|b", "2,c"), targets="{y: {labels: y, classes: [a, b]}}"),
    case("labels past the last", csv("1,0|1", "2,2"), targets="{y: {labels: y, classes: 2}}"),
    case("labels that are missing", csv("1,a", "2,"), targets="{y: {labels: y, classes: [a, b]}}"),
    case(
        "columns of labels",
        csv("1,0,1", "2,1,3", header="x,y,z"),
        targets="{y: {labels: [y, z]}}",
    ),
    case(
        "a label that is missing",
        csv("1,0,1", "2,1,", header="x,y,z"),
        targets="{y: {labels: [y, z]}}",
    ),
    case(
        "labels in other arrays",
        lines([1, [0, 1]], [2, [1, 0]]),
        source=LINES,
        targets="{y: {labels: y, classes: 3}}",
    ),
    case("masks of other places", lines([1, [0, 1]], [2, [0]]), source=LINES, targets=MASK),
    case("masks of another shape", lines([1, [0]], [2, [1]]), source=LINES, targets=MASK),
    case("a mask of another class", lines([1, [0, 1]], [2, [0, 2]]), source=LINES, targets=MASK),
    case(
        "a mask of no class in the list",
        lines([1, [0, 5]], [2, [0, 2]]),
        source=LINES,
        targets="{y: {mask: y, classes: [0, 5], shape: [2]}}",
    ),
    case("a mask that is missing", lines([1, [0, 1]], [2, None]), source=LINES, targets=MASK),
    case(
        "a mask that is no picture",
        lines([1, [0, 1]], [2, [1, 0]]),
        source=LINES,
        targets="{y: {mask: y, classes: 2, size: [2, 2]}}",
    ),
    case(
        "masks in colours",
        csv("1,m.png", "2,n.png") | {"m.png": picture(), "n.png": picture("RGB")},
        targets="{y: {mask: y, classes: 2, size: [2, 2]}}",
    ),
    case(
        "masks that are no pictures",
        csv("1,m.png", "2,n.png") | {"m.png": picture(), "n.png": "w"},
        targets="{y: {mask: y, classes: 2, size: [2, 2]}}",
    ),
    case("boxes of three numbers", lines([1, [[0, 0, 1]]], [2, []]), source=LINES, targets=BOXES),
    case(
        "too many boxes",
        lines([1, [[0, 0, 1, 1, 0]] * 3], [2, []]),
        source=LINES,
        targets=BOXES,
    ),
    case(
        "a box beyond the picture",
        lines([1, [[0, 0, 2, 1, 0]]], [2, [[0, 0, 0, 1, 0]]]),
        source=LINES,
        targets=BOXES,
    ),
    case(
        "a box beyond the pixels",
        lines([1, [[0, 0, 9, 1, 0]]], [2, []]),
        source=LINES,
        targets="{y: {boxes: y, most: 2, classes: 2, format: xywh, size: [4, 6]}}",
    ),
    case(
        "a box of another class",
        lines([1, [[0, 0, 1, 1, 2]]], [2, []]),
        source=LINES,
        targets=BOXES,
    ),
    case(
        "boxes that are missing",
        lines([1, [[0, 0, 1, 1, 1]]], [2, None]),
        source=LINES,
        targets=BOXES,
    ),
    case(
        "boxes beside their classes",
        {"a.jsonl": json.dumps({"x": 1, "y": [[0, 0, 1, 1]], "c": [0, 1]}) + "\n"},
        source=LINES,
        targets="{y: {boxes: y, most: 2, classes: 2, format: xywh, class_column: c}}",
    ),
]
