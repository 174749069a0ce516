"""Each condition of the rules over callbacks, and each help applied as it is written."""

import re

import pytest
from image_specs import found_words

from dlspec.compiler import compile_source
from dlspec.diagnostics.source import Source
from dlspec.language.run_files import RUN_FILES, fault_of_run_file

_TEXT = """\
dlspec: 1
name: moons
data:
  source: {{synthetic: two_moons}}
  inputs: {{point: {{vector: [x, y]}}}}
  targets: {{moon: {{binary: moon}}}}
  split: {{{split}test: 0.2}}
model:
  inputs: {{point: [2]}}
  graph:
    - {{Dense: [1, {{activation: sigmoid}}], name: moon}}
training:
  epochs: 2
  optimizer: {optimizer}
  loss: BinaryCrossentropy
  metrics: [accuracy]
  callbacks:
{callbacks}"""


_SCHEDULE = "{learning_rate: {CosineDecay: {initial_learning_rate: 0.1, decay_steps: 10}}}"


def findings(*callbacks, split="validation: 0.2, ", optimizer="Adam", folder=None):
    text = _moons(*callbacks, split=split, optimizer=optimizer)
    path = "<text>" if folder is None else str(folder / "moons.yaml")
    return compile_source(Source(path, text), keras=None).diagnostics


def _moons(*callbacks, split="validation: 0.2, ", optimizer="Adam"):
    listed = "".join(f"    - {callback}\n" for callback in callbacks)
    return _TEXT.format(split=split, optimizer=optimizer, callbacks=listed)


def codes(*callbacks, **said):
    return [found.code.value for found in findings(*callbacks, **said)]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("log.csv", None),
        ("./log.csv", None),
        ("logs/of/today.csv", None),
        ("..log.csv", None),
        ("a..b/c.csv", None),
        ("my_model.keras", None),
        ("models/model.keras", None),
        ("/log.csv", "out of the run's folder"),
        ("//host/log.csv", "out of the run's folder"),
        ("../log.csv", "out of the run's folder"),
        ("logs/../../log.csv", "out of the run's folder"),
        ("..", "out of the run's folder"),
        ("logs\\..\\..\\log.csv", "out of the run's folder"),
        ("~/log.csv", "out of the run's folder"),
        ("~ann/log.csv", "out of the run's folder"),
        ("\\log.csv", "out of the run's folder"),
        ("C:\\log.csv", "out of the run's folder"),
        ("C:log.csv", "out of the run's folder"),
        ("\\\\host\\share\\log.csv", "out of the run's folder"),
        ("s3://bucket/log.csv", "an address"),
        ("gs://bucket/log.csv", "an address"),
        ("https://example.org/log.csv", "an address"),
        ("file:/log.csv", "an address"),
        ("FILE:log.csv", "an address"),
        ("", "names no file"),
        (".", "names no file"),
        ("logs/", "names no file"),
        ("logs\\log.csv", "printable"),
        ("log\0.csv", "printable"),
        ("log\n.csv", "printable"),
        ("l" * 201, "at most 200 bytes"),
        ("é" * 101, "at most 200 bytes"),
        *((name, "a file of its own") for name in RUN_FILES),
        ("Model.Keras", "a file of its own"),
        ("./run.json", "a file of its own"),
        ("checkpoints/one.keras", "a file of its own"),
    ],
)
def test_a_further_file_of_a_run_stays_in_its_folder(name, fault):
    found = fault_of_run_file(name)
    assert found is None if fault is None else fault in found


@pytest.mark.parametrize(
    ("callbacks", "found"),
    [
        (["CSVLogger: log.csv"], []),
        (["CSVLogger: ../log.csv"], ["DL532"]),
        (["CSVLogger: {filename: ../log.csv}"], ["DL532"]),
        (["ModelCheckpoint: [../best.keras]"], ["DL532"]),
        (["TensorBoard"], []),
        (["TensorBoard: ../logs"], ["DL532"]),
        (["TensorBoard: {embeddings_freq: 1, embeddings_metadata: {words: w.tsv}}"], []),
        (["TensorBoard: {embeddings_freq: 1, embeddings_metadata: {words: /w.tsv}}"], ["DL532"]),
        (["CSVLogger: a.csv", "CSVLogger: b.csv"], []),
        (["CSVLogger: a.csv", "CSVLogger: a.csv"], ["DL532"]),
        (["CSVLogger: a", "ModelCheckpoint: a/b.keras"], ["DL532"]),
        (["ModelCheckpoint: a/b.keras", "CSVLogger: a"], ["DL532"]),
        (["TensorBoard", "CSVLogger: logs/a.csv"], ["DL532"]),
        (["TensorBoard", "CSVLogger: logs.csv"], []),
    ],
)
def test_a_callback_writes_files_of_its_own_in_the_runs_folder(callbacks, found):
    assert codes(*callbacks) == found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("{epoch:02d}-{val_loss:.2f}-{val_accuracy}-{learning_rate:.1e}.keras", []),
        ("{epoch}{loss:8.3f}{accuracy:.1%}{loss:+g}.keras", []),
        ("{{epoch}}.keras", []),
        ("{acc}.keras", ["DL509"]),
        ("{batch}.keras", ["DL509"]),
        ("{val_learning_rate}.keras", ["DL509"]),
        ("{}.keras", ["DL509"]),
        ("{0}.keras", ["DL509"]),
        ("{epoch.real}.keras", ["DL509"]),
        ("{epoch[0]}.keras", ["DL509"]),
        ("{epoch!r}.keras", ["DL532"]),
        ("{epoch:{loss}}.keras", ["DL532"]),
        ("{epoch:100d}.keras", ["DL532"]),
        ("{epoch:c}.keras", ["DL532"]),
        ("{epoch:.>9}.keras", ["DL532"]),
        ("{loss:d}.keras", ["DL532"]),
        ("{epoch:.2d}.keras", ["DL532"]),
        ("{epoch.keras", ["DL532"]),
        ("epoch}.keras", ["DL532"]),
    ],
)
def test_a_name_is_filled_with_figures_that_are_computed(name, found):
    assert codes(f'ModelCheckpoint: "{name}"') == found


def test_validation_figures_fill_a_name_only_where_rows_are_set_aside():
    name = 'ModelCheckpoint: "{val_loss:.2f}.keras"'
    assert codes(name, split="") == ["DL509"]
    assert codes('ModelCheckpoint: "{loss:.2f}.keras"', split="") == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", []),
        (", save_best_only: true", ["DL510"]),
        (", monitor: val_loss", ["DL510"]),
        (", save_best_only: true, monitor: loss", []),
    ],
)
def test_a_monitor_counts_where_it_is_written_or_read(said, found):
    assert codes(f"ModelCheckpoint: {{filepath: best.keras{said}}}", split="") == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("filepath: '{batch}-{epoch}-{loss:.2f}.keras'", []),
        ("filepath: '{val_loss:.2f}.keras'", ["DL509"]),
        ("filepath: '{learning_rate:.2f}.keras'", ["DL509"]),
        ("filepath: a.keras, save_best_only: true, monitor: loss", []),
        ("filepath: a.keras, save_best_only: true, monitor: val_loss", ["DL509"]),
        ("filepath: a.keras, save_best_only: true, monitor: learning_rate", ["DL509"]),
    ],
)
def test_between_batches_there_are_figures_of_batches_alone(said, found):
    assert codes(f"ModelCheckpoint: {{save_freq: 5, {said}}}") == found


@pytest.mark.parametrize(
    ("optimizer", "callback", "found"),
    [
        ("Adam", "ReduceLROnPlateau", []),
        ("{Adam: 0.1}", "ReduceLROnPlateau", []),
        (f"{{Adam: {_SCHEDULE}}}", "ReduceLROnPlateau", ["DL216"]),
        (f"{{Adam: {_SCHEDULE}}}", "EarlyStopping", []),
        ("Adam", "SwapEMAWeights", ["DL202"]),
        ("{Adam: {use_ema: true}}", "SwapEMAWeights", []),
        ("{Adam: {use_ema: false}}", "SwapEMAWeights", ["DL202"]),
        ("Adam\n  ema: {momentum: 0.9}", "SwapEMAWeights", []),
    ],
)
def test_a_callback_has_of_training_what_it_needs(optimizer, callback, found):
    assert codes(callback, optimizer=optimizer) == found


@pytest.mark.parametrize(
    ("project", "root", "found"),
    [
        (None, "https://example.org", ["DL532"]),
        ("[tool.dlspec]\n", "https://example.org", ["DL532"]),
        ("[tool.dlspec]\nnetwork = false\n", "https://example.org", ["DL532"]),
        ("[tool.dlspec]\nnetwork = true\n", "https://example.org", []),
        ("[tool.dlspec]\nnetwork = true\n", "http://localhost:9000", []),
        ("[tool.dlspec]\nnetwork = true\n", "localhost:9000", ["DL532"]),
        ("[tool.dlspec]\nnetwork = true\n", "ftp://example.org", ["DL532"]),
    ],
)
def test_only_a_project_lets_a_callback_speak_to_the_network(tmp_path, project, root, found):
    (tmp_path / ".git").mkdir()
    if project is not None:
        (tmp_path / "pyproject.toml").write_text(project)
    assert codes(f'RemoteMonitor: {{root: "{root}"}}', folder=tmp_path) == found


@pytest.mark.parametrize(
    "callback",
    [
        "CSVLogger: ../log.csv",
        "CSVLogger: /var/log/history.csv",
        'CSVLogger: "C:\\\\logs\\\\log.csv"',
        "CSVLogger: s3://bucket/log.csv",
        "CSVLogger: s3://",
        'CSVLogger: ""',
        "CSVLogger: logs/",
        "CSVLogger: report.html",
        "TensorBoard: /",
        "TensorBoard: ../../logs/",
        'ModelCheckpoint: ""',
        "ModelCheckpoint: /tmp/best.keras",
        "ModelCheckpoint: model.keras",
        "ModelCheckpoint: best",
        "ModelCheckpoint: best.hdf5",
        "ModelCheckpoint: best.weights.h5",
        'ModelCheckpoint: "best-{loss:.2f}"',
        "ModelCheckpoint: {filepath: best.keras, save_weights_only: true}",
        'ModelCheckpoint: "{epoch:/>9}.keras"',
        'ModelCheckpoint: "b{epoch!r}.keras"',
        'ModelCheckpoint: "{val_acc:.2f}.keras"',
        'ModelCheckpoint: "{val_acc:02d}.keras"',
        'ModelCheckpoint: "{}.keras"',
        'ModelCheckpoint: "{epoch.keras"',
        'ModelCheckpoint: {filepath: "{val_loss:.2f}.keras", save_freq: 5}',
    ],
)
def test_a_help_that_is_followed_leaves_no_finding(callback):
    (found,) = findings(callback)
    written = re.fullmatch(r"write `(.*)`", found.help)[1]
    old = found.span.text
    quoted = f'"{written.strip(chr(34))}"' if old.startswith('"') else written
    assert codes(callback.replace(old, quoted)) == []


_WHOLE = "the file of a whole model ends in `.keras`"
_WEIGHTS = "the file of weights alone ends in `.weights.h5`"
_OUTSIDE = "this leads out of the run's folder"
_NO_FILE = "this names no file"


@pytest.mark.parametrize(
    ("callback", "marked", "label", "help_"),
    [
        ("ModelCheckpoint: [../best.keras]", "../best.keras", _OUTSIDE, "write `best.keras`"),
        ("ModelCheckpoint: best.hdf5", "best.hdf5", _WHOLE, "write `best.keras`"),
        ("ModelCheckpoint: maX", "maX", _WHOLE, "write `maX.keras`"),
        ("ModelCheckpoint: a/b.txt", "a/b.txt", _WHOLE, "write `a/b.keras`"),
        (
            "ModelCheckpoint: {filepath: best.h5, save_weights_only: true}",
            *("best.h5", _WEIGHTS, "write `best.weights.h5`"),
        ),
        (
            'ModelCheckpoint: "b-{loss:.2f}"',
            *('"b-{loss:.2f}"', _WHOLE, 'write `"b-{loss:.2f}.keras"`'),
        ),
    ],
)
def test_a_file_of_another_ending_is_marked_with_the_one_it_takes(callback, marked, label, help_):
    name = marked.strip('"')
    said = f"`{callback.partition(':')[0]}` cannot write to `{name}`"
    assert found_words(_moons(callback)) == [(marked, said, label, help_)]


@pytest.mark.parametrize(
    ("callback", "help_"),
    [
        ('TensorBoard: ""', "write `logs`"),
        ('CSVLogger: ""', "write `log.csv`"),
        ('ModelCheckpoint: ""', "write `best.keras`"),
        ('ModelCheckpoint: {filepath: "", save_weights_only: true}', "write `best.weights.h5`"),
    ],
)
def test_an_empty_name_gets_the_usual_one_of_its_callback(callback, help_):
    said = f"`{callback.partition(':')[0]}` cannot write to an empty name"
    assert found_words(_moons(callback)) == [('""', said, _NO_FILE, help_)]


def test_each_file_that_is_mentioned_is_told_at_the_mapping_of_all():
    names = "{words: /w.tsv, more: ../m.tsv}"
    (first, second) = findings(f"TensorBoard: {{embeddings_freq: 1, embeddings_metadata: {names}}}")
    assert (first.span.text, first.message, first.label, first.help) == (
        *(names, "`TensorBoard` cannot write to `/w.tsv`", _OUTSIDE),
        "write `w.tsv`",
    )
    assert (second.message, second.help) == (
        *("`TensorBoard` cannot write to `../m.tsv`", "write `m.tsv`"),
    )
    # What stands for one name must not be put in the place of the mapping.
    assert (first.replacement, second.replacement) == (None, None)
    assert first.notes == ("a callback's files lie in the folder of the run",)


def test_the_name_of_a_file_may_be_put_in_its_place_and_is_a_guess():
    (found,) = findings("CSVLogger: ../log.csv")
    assert (str(found.replacement), found.replacement.certain) == ("write `log.csv`", False)


def test_a_file_that_is_in_order_does_not_hide_the_next():
    told = [("best.hdf5", "`ModelCheckpoint` cannot write to `best.hdf5`", _WHOLE)]
    for before in ("CSVLogger: log.csv", "ModelCheckpoint: a.keras"):
        found = found_words(_moons(before, "ModelCheckpoint: best.hdf5"))
        assert [words[:3] for words in found] == told


def test_a_shared_file_is_told_of_each_that_comes_later_with_the_first():
    file = ("a.csv", "`CSVLogger` cannot write to `a.csv`", "`CSVLogger` writes to `a.csv`")
    assert found_words(_moons(*["CSVLogger: a.csv"] * 3)) == [(*file, "write `other_a.csv`")] * 2
    assert found_words(_moons("ModelCheckpoint: a/b.keras", "CSVLogger: a")) == [
        (
            *("a", "`CSVLogger` cannot write to `a`", "`ModelCheckpoint` writes to `a/b.keras`"),
            "write `other_a`",
        )
    ]


def test_an_address_is_told_with_the_way_to_allow_it():
    assert found_words(_moons("TerminateOnNaN", "RemoteMonitor")) == [
        (
            "RemoteMonitor",
            "`RemoteMonitor` speaks to the network, which this project does not allow",
            "it sends to `http://localhost:9000`",
            "write `network = true` under `[tool.dlspec]` in the project's pyproject.toml, "
            "or leave the callback out",
        )
    ]


@pytest.mark.parametrize(
    "root", ["localhost:9000", "ftp://localhost:9000", "a://b://localhost:9000"]
)
def test_an_address_of_another_kind_is_told_with_the_same_one_over_http(tmp_path, root):
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.dlspec]\nnetwork = true\n")
    text = _moons("TerminateOnNaN", f'RemoteMonitor: {{root: "{root}"}}')
    assert found_words(text, str(tmp_path / "moons.yaml")) == [
        (
            f'"{root}"',
            f"`RemoteMonitor` cannot send to `{root}`",
            "an address begins with `http://` or `https://`",
            'write `"http://localhost:9000"`',
        )
    ]
