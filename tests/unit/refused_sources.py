"""Files and folders that are not what a source says."""

import gzip

import numpy as np
from data_cases import (
    GOOD,
    LINES,
    NPZ,
    PICTURES,
    SOUNDS,
    TEXTS,
    arrays,
    case,
    csv,
    database,
    one_array,
    picture,
    sound,
)

FOLDERS = [
    case("no such folder", source="{text_folder: d}", **TEXTS),
    case("a URL of a folder", source='{text_folder: "https://host/d"}', **TEXTS),
    case("no folders in it", {"d/.x": ""}, source="{text_folder: d}", **TEXTS),
    case("only files in it", {"d/x.txt": ""}, source="{text_folder: d}", **TEXTS),
    case("an empty class", {"d/a/1.txt": "w", "d/b/.x": ""}, source="{text_folder: d}", **TEXTS),
    case(
        "a file beside the classes",
        {"d/a/1.txt": "w", "d/b/2.txt": "w", "d/x": ""},
        source="{text_folder: d}",
        **TEXTS,
    ),
    case(
        "files beside the classes",
        {"d/a/1.txt": "w", "d/b/2.txt": "w", "d/x": "", "d/z": "", "d/y": ""},
        source="{text_folder: d}",
        **TEXTS,
    ),
    case(
        "a name of another form",
        {"d/a_1.txt": "w", "d/b.txt": "w"},
        source='{text_folder: d, names: "{class}_{n}"}',
        **TEXTS,
    ),
    case(
        "many names of another form",
        {"d/a_1.txt": "w"} | {f"d/b{i:02}.txt": "w" for i in range(12)},
        source='{text_folder: d, names: "{class}_{n}"}',
        **TEXTS,
    ),
    case(
        "classes without a folder",
        {"d/a/1.txt": "w", "d/c/2.txt": "w"},
        source="{text_folder: d}",
        **TEXTS,
    ),
    case(
        "classes in no name",
        {"d/a_1.txt": "w", "d/c_2.txt": "w"},
        source='{text_folder: d, names: "{class}_{n}"}',
        **TEXTS,
    ),
    case(
        "a class folder that is locked",
        {"d/a/1.txt": "w", "d/b/2.txt": "w"},
        ("d/b",),
        source="{text_folder: d}",
        **TEXTS,
    ),
    case("a folder that is locked", {"d/a/1.txt": "w"}, ("d",), source="{text_folder: d}", **TEXTS),
    case(
        "a folder in one that is locked",
        {"d/e/a/1.txt": "w"},
        ("d",),
        source="{text_folder: d/e}",
        **TEXTS,
    ),
    case(
        "a file that is locked",
        {"d/a/1.txt": "w", "d/b/2.txt": "w"},
        ("d/b/2.txt",),
        source="{text_folder: d}",
        **TEXTS,
    ),
    case(
        "a text in another encoding",
        {"d/a/1.txt": "w", "d/b/2.txt": "one\ntwo caf\xe9".encode("latin-1")},
        source="{text_folder: d}",
        **TEXTS,
    ),
    case(
        "no picture that can be read",
        {"d/a/1.png": "w", "d/b/2.png": "w"},
        source="{image_folder: d, unreadable: skip}",
        **PICTURES,
    ),
    case(
        "pictures that cannot be read",
        {"d/a/1.png": "w", "d/b/2.png": picture()[:40], "d/b/3.png": picture()},
        source="{image_folder: d}",
        **PICTURES,
    ),
    case(
        "pictures of another size",
        {"d/a/1.png": picture(), "d/b/2.png": picture(size=(5, 4))},
        source="{image_folder: d}",
        **PICTURES,
    ),
    case(
        "many pictures that cannot be read",
        {"d/a/1.png": picture()} | {f"d/b/{i:02}.png": "w" for i in range(12)},
        source="{image_folder: d}",
        **PICTURES,
    ),
    case("no sound", {"d/a/1.wav": "w", "d/b/2.wav": sound([0.5] * 8)}, **SOUNDS),
    case(
        "a sound without samples",
        {"d/a/1.wav": sound([]), "d/b/2.wav": sound([0.5] * 8)},
        **SOUNDS,
    ),
    case(
        "sounds that are cut off",
        {"d/a/1.wav": sound([0.5] * 800)[:-90], "d/b/2.wav": sound([0.5] * 8)},
        **SOUNDS,
    ),
    case(
        "a sound of no numbers",
        {"d/a/1.wav": sound([0.5, np.nan, 1], "FLOAT"), "d/b/2.wav": sound([0.5] * 8)},
        **SOUNDS,
    ),
]

NAMED = "{x: {image: x, size: [4, 4], channels: 1}}"
FILES = [
    case("no such file"),
    case("a file that is locked", GOOD, ("a.csv",)),
    case("a file in a folder that is locked", {"d/a.csv": ""}, ("d",), source="{csv: d/a.csv}"),
    case(
        "a named picture in a folder that is locked",
        csv("d/1.png,0") | {"d/1.png": picture()},
        ("d",),
        inputs=NAMED,
    ),
    case("a folder in the place of a file", {"a.csv/b": ""}),
    case("named pictures that are nowhere", csv("1.png,0", ",1", "2.png,3"), inputs=NAMED),
    case(
        "a named picture that is locked",
        csv("1.png,0", "2.png,1") | {"1.png": picture(), "2.png": picture()},
        ("2.png",),
        inputs=NAMED,
    ),
    case("numbers in the place of files", csv("1,0", "2,1"), inputs=NAMED),
]

ROWS = "1,1\n2,2\n"
DELIMITED = [
    case("an empty file", {"a.csv": ""}),
    case("a header alone", {"a.csv": "x,y\n"}),
    case("headers alone", {"a.csv": "x,y\n", "b.csv": "x,y\n"}, source="{csv: [a.csv, b.csv]}"),
    case("a text in another encoding", {"a.csv": "x,y\n1,2\n1,caf\xe9\n".encode("latin-1")}),
    case("an encoding that is none", GOOD, source="{csv: a.csv, encoding: utf-88}"),
    case("a mark of another encoding", {"a.csv": "x,y\n1,2\n".encode("utf-16")}),
    case(
        "no mark of its encoding",
        {"a.csv": "x,y\n1,2\n".encode("utf-16-le")},
        source="{csv: a.csv, encoding: utf-16}",
    ),
    case("no gzip", {"a.csv.gz": "x,y\n"}, source="{csv: a.csv.gz}"),
    case(
        "half of a gzip", {"a.csv.gz": gzip.compress(b"x,y\n" * 999)[:-9]}, source="{csv: a.csv.gz}"
    ),
    case("a row too long", {"a.csv": "x,y\n1,2\n1,2,3\n"}),
    case("a quote that does not end", {"a.csv": 'x,y\n1,2\n"1,2\n3,4\n'}),
    case("blanks in the header", {"a.csv": "x, y\n" + ROWS}),
    case("a column twice", {"a.csv": "x,x\n" + ROWS}),
    case("a separator that stands before decimals", GOOD, source='{csv: a.csv, decimal: ","}'),
    case(
        "files of other columns",
        {"a.csv": "x,y\n1,1\n", "b.csv": "x,z\n1,1\n"},
        source="{csv: [a.csv, b.csv]}",
    ),
    case("a column that is not there", {"a.csv": "x,Y\n" + ROWS}),
    case("columns that are not there", {"a.csv": "p,q\n" + ROWS}),
    case(
        "blanks around the values of classes",
        {"a.csv": "x,y\n1,a\n2, b\n"},
        targets="{y: {class: y, classes: [a, b]}}",
    ),
]

SQL = "{{sql: {}, url: 'sqlite:///a.db'}}"
TABLE = ["CREATE TABLE t (x REAL, y REAL)", "INSERT INTO t VALUES (1, 2)"]
BINARY = "{npz: [a.npz, b.npz]}"
OTHERS = [
    case("no parquet", {"a.parquet": "w"}, source="{parquet: a.parquet}"),
    case("no JSON", {"a.jsonl": "w"}, source=LINES),
    case("a JSON array cut off", {"a.jsonl": "[1, 2"}, source=LINES),
    case("a JSON array of numbers", {"a.jsonl": "[1, 2]"}, source=LINES),
    case("an empty JSON array", {"a.jsonl": "[]"}, source=LINES),
    case("JSON that is locked", {"a.jsonl": "{}"}, ("a.jsonl",), source=LINES),
    case("no archive", {"a.npz": "w"}, source=NPZ),
    case("an archive that is locked", arrays(x=np.arange(3)), ("a.npz",), source=NPZ),
    case("an archive cut off", {"a.npz": arrays(x=np.arange(99))["a.npz"][:-30]}, source=NPZ),
    case("an array called an archive", {"a.npz": one_array(np.arange(3))}, source=NPZ),
    case("no array", {"a.npy": "w"}, source="{npz: a.npy}"),
    case("objects of Python", arrays(x=np.array([1, "a"], dtype=object)), source=NPZ),
    case("arrays of other extents", arrays(x=np.arange(3), y=np.arange(4)), source=NPZ),
    case(
        "one array in two files",
        arrays(x=np.arange(3)) | arrays("b.npz", x=np.arange(3)),
        source=BINARY,
    ),
    case("half of the arrays", arrays(x_train=np.arange(3)), source=NPZ),
    case(
        "halves that do not fit",
        arrays(x_train=np.zeros((3, 2)), x_test=np.zeros((3, 4))),
        source=NPZ,
    ),
    case("an empty file of lines", {"a.txt": "\n"}, source="{text_lines: a.txt}"),
    case(
        "files of lines that do not pair up",
        {"a.txt": "a\nb\n", "b.txt": "a\n"},
        source="{text_lines: {x: a.txt, y: b.txt}, aligned: true}",
    ),
    case(
        "a blank line",
        {"a.txt": "a\tb\n\nc\td\n"},
        source='{text_lines: a.txt, separator: "\\t"}',
    ),
    case(
        "blank lines",
        {"a.txt": "a\tb\n\n \n\nc\td\n"},
        source='{text_lines: a.txt, separator: "\\t"}',
    ),
    case(
        "a line without a tab",
        {"a.txt": "a\tb\nc d\n"},
        source='{text_lines: a.txt, separator: "\\t"}',
    ),
    case("a line without a blank", {"a.txt": "a\n"}, source='{text_lines: a.txt, separator: " "}'),
    case(
        "a line without a word", {"a.txt": "a\n"}, source='{text_lines: a.txt, separator: " => "}'
    ),
    case("no series", {"a.ts": "1,2"}, source="{time_series_ts: a.ts}"),
    case("series that are locked", {"a.ts": "1,2"}, ("a.ts",), source="{time_series_ts: a.ts}"),
    case(
        "series of other lengths",
        {"a.ts": "@data\n1,2:3\n"},
        source="{time_series_ts: a.ts}",
    ),
    case("series of words", {"a.ts": "@data\n1,w\n"}, source="{time_series_ts: a.ts}"),
    case(
        "series with time stamps",
        {"a.ts": "@timeStamps true\n@data\n(1,2)\n"},
        source="{time_series_ts: a.ts}",
    ),
    case(
        "a series of another class",
        {"a.ts": "@classLabel true a b\n@data\n1,2:c\n"},
        source="{time_series_ts: a.ts}",
    ),
    case("a query of nothing", database(*TABLE), source=SQL.format("SELECT * FROM t WHERE x > 5")),
    case("a query of another table", database(*TABLE), source=SQL.format("SELECT * FROM tt")),
    case("a query of another column", database(*TABLE), source=SQL.format("SELECT xx FROM t")),
    case("a query of no columns", database(*TABLE), source=SQL.format("PRAGMA foreign_keys = ON")),
    case(
        "a query of one column twice",
        database(*TABLE),
        source=SQL.format("'SELECT x, y AS x FROM t'"),
    ),
    case(
        "a query of bytes",
        database("CREATE TABLE t (x BLOB, y REAL)", "INSERT INTO t VALUES (x'00ff', 2)"),
        source=SQL.format("SELECT * FROM t"),
    ),
]
