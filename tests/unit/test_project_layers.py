"""The project's own layers in the front end: listed, read from their text, and never run."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import dlspec
from dlspec.compiler import compile_file, compile_source
from dlspec.diagnostics.source import Source
from dlspec.language.catalogue import find_listed
from dlspec.language.catalogue.own_layers import listed_layers, project_problems
from dlspec.language.catalogue.project import project_of
from dlspec.resolve.chain import step_digest

LAYERS = """
    import keras
    from typing import Literal, Optional

    SCALE = 2.0


    def gate(x):
        return keras.ops.sigmoid(x) * SCALE


    class Swish(keras.layers.Layer):
        def __init__(self, beta: float = 1.0, mode: Literal["soft", "hard"] = "soft", **kwargs):
            super().__init__(**kwargs)
            self.beta = beta

        def call(self, inputs, scale=None, steps=3, training=False):
            return inputs * gate(self.beta * inputs)


    class Gated(Swish):
        def __init__(self, units: int, *, kernel_initializer="zeros", **kwargs):
            super().__init__(beta=2.0, **kwargs)


    class SameConv(keras.layers.Conv2D):
        def __init__(self, filters, kernel_size=3, **kwargs):
            super().__init__(filters, kernel_size, padding="same", **kwargs)
"""
_NO_BASE = "`Plain` is no layer of Keras: no base class is one"
LISTING = """
    [tool.dlspec.layers]
    Swish = "own.layers:Swish"
    Gated = "own.layers:Gated"
    SameConv = "own.layers:SameConv"
"""


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), "utf-8")
    return path


@pytest.fixture
def project(tmp_path):
    """A project whose layers write a file when anything runs them."""
    canary = f"open({str(tmp_path / 'canary')!r}, 'w').close()\n"
    _write(tmp_path / "own/__init__.py", canary)
    _write(tmp_path / "own/layers.py", LAYERS)
    (tmp_path / "own/layers.py").write_text(
        canary + (tmp_path / "own/layers.py").read_text("utf-8"), "utf-8"
    )
    _write(tmp_path / "pyproject.toml", LISTING)
    return tmp_path


def _spec(folder, *entries, name="a", inputs="[8]"):
    lines = [f"dlspec: 1\nname: {name}\nmodel:\n  inputs: {{x: {inputs}}}\n  graph:"]
    lines += [f"    - {entry}" for entry in entries]
    return _write(folder / f"specs/{name}.yaml", "\n".join(lines) + "\n")


def _found(folder, *entries, **given):
    return compile_file(_spec(folder, *entries, **given)).diagnostics


def _dlspec(*words):
    """Run the command in a process of its own, where what is imported can be told."""
    code = "import sys\nfrom dlspec.cli import main\nmain(sys.argv[1:])"
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)


def _messages(folder, *entries, **given):
    return [f"{d.code.value}: {d.message}" for d in _found(folder, *entries, **given)]


def _parameters(project, word):
    entry = find_listed(project_of(str(project / "spec")), word)
    return {p.name: p for p in entry.parameters}


def _listed(folder, listing, *, word="Own"):
    _write(folder / "pyproject.toml", f"[tool.dlspec.layers]\n{listing}\n")
    return project_problems(project_of(str(folder / "spec")))


# -- in a spec -------------------------------------------------------------------------------------


def test_a_listed_layer_is_used_like_any_layer(project):
    plan = dlspec.load(_spec(project, "Dense: 8", "Swish: {beta: 2.5}", "{Swish: 1, name: last}"))
    last = plan.graph.node("last")
    assert last.operation.class_name == "Swish"
    assert last.operation["beta"] == 1
    assert last.operation["mode"] == "soft"
    assert last.outputs[0][1].shape is None
    assert last.weights is None


def test_check_runs_no_line_of_the_project(project):
    run = _dlspec("check", str(_spec(project, "Swish", "{Gated: 4}")))
    assert run.stderr.splitlines()[0] == "1 spec checked: no mistakes"
    assert not (project / "canary").exists()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("Swish: {beta: big}", "DL203: `beta` of `Swish` takes a number"),
        ("Swish: {bata: 1}", "DL207: `Swish` takes no `bata`"),
        ("Swish: {mode: sof}", "DL205: `mode` of `Swish` is one of `soft`, `hard`"),
        ("Gated", "DL208: `Gated` needs `units`"),
        ("Gated: 2.5", "DL203: `units` of `Gated` takes a whole number"),
        ("Gated: {units: 4, beta: 2}", "DL207: `Gated` takes no `beta`"),
        ("Gated: {units: 4, kernel_initializer: zerros}", "DL206: unknown initializer `zerros`"),
        ("Swich", "DL206: unknown layer `Swich`"),
        ("{Swish: 1, call: {steps: many, foo: 1}}", "DL411: a call of `Swish` takes no `foo`"),
        ("TimeDistributed: {layer: {Swish: {beta: x}}}", "DL203: `beta` of `Swish` takes a number"),
    ],
)
def test_a_mistake_with_a_listed_layer_is_reported_as_with_any(project, entry, message):
    assert _messages(project, entry) == [message]


def test_suggestions_know_the_listed_words(project):
    (found,) = _found(project, "Swich")
    assert found.help == "write `Swish`"
    assert found.label == "neither Keras nor this project has a layer of this name"


def test_arguments_that_are_not_indented_are_explained_for_listed_layers_too(project):
    (found,) = _found(project, "Swish:\n      beta: 2")
    assert found.message == "`beta` stands beside `Swish`, not below it"


def test_defaults_and_blocks_may_name_listed_layers(project):
    text = """
        dlspec: 1
        name: a
        model:
          inputs: {x: [8]}
          defaults: {Swish: {beta: 3}}
          blocks:
            Twice: {graph: [Swish, Swish]}
          graph: [Twice]
    """
    plan = dlspec.load(_write(project / "specs/a.yaml", text))
    assert [node.operation["beta"] for node in plan.graph.nodes] == [3, 3]


def test_a_block_may_not_have_the_name_of_a_listed_layer(project):
    text = """
        dlspec: 1
        name: a
        model:
          inputs: {x: [8]}
          blocks:
            Swish: {graph: [ReLU]}
          graph: [Swish]
    """
    (found,) = compile_file(_write(project / "specs/a.yaml", text)).diagnostics
    assert (found.code.value, found.span.line) == ("DL302", 7)


def test_each_of_several_outputs_has_its_number(project):
    plan = dlspec.load(_spec(project, "{Swish: 1, name: two}", "{Add: , from: [two.0, two.1]}"))
    assert [r.output for r in plan.graph.nodes[1].inputs] == [0, 1]


def test_text_without_a_path_belongs_to_the_project_of_the_current_folder(project, monkeypatch):
    text = _spec(project, "Swish").read_text("utf-8")
    monkeypatch.chdir(project / "own")
    assert dlspec.loads(text).graph.nodes[0].operation.class_name == "Swish"
    monkeypatch.chdir(project.parent)
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.loads(text)
    assert [d.message for d in caught.value.diagnostics] == ["unknown layer `Swish`"]


def test_show_says_that_only_keras_knows_the_shape(project):
    run = _dlspec("show", str(_spec(project, "Swish")))
    row = next(line for line in run.stdout.splitlines() if line.startswith("swish"))
    assert row.split() == ["swish", "Swish", "?", "?", "?", "?"]


def test_diff_names_an_argument_of_a_listed_layer(project):
    before = dlspec.load(_spec(project, "Swish", name="a"))
    after = dlspec.load(_spec(project, "Swish: 2", name="a"))
    changed = repr(dlspec.diff(before, after))
    assert "beta" in changed


# -- what a class takes, read from its text --------------------------------------------------------


def test_types_come_from_annotations_names_and_defaults(project):
    taken = _parameters(project, "Gated")
    assert {name: p.type for name, p in taken.items()} == {
        "units": "integer",
        "kernel_initializer": "initializer",
        "mode": "choice",
        "activity_regularizer": "regularizer",
        "trainable": "boolean",
        "dtype": "dtype",
    }
    assert taken["units"].required
    assert taken["kernel_initializer"].default == "zeros"


def test_kwargs_hand_on_what_a_layer_of_keras_takes(project):
    taken = _parameters(project, "SameConv")
    assert list(taken)[:3] == ["filters", "kernel_size", "strides"]
    assert "padding" not in taken
    assert taken["strides"].type == "extents"
    assert taken["activation"].type == "activation"


@pytest.mark.parametrize(
    ("written", "kind", "nullable"),
    [
        ("p: int", "integer", False),
        ("p: float = 1", "number", False),
        ("p: 'int | None' = None", "integer", True),
        ("p: Optional[str] = None", "text", True),
        ("p: list[int]", "integers", False),
        ("p: tuple[float, ...] = (1.0,)", "numbers", False),
        ("p: dict = {}", "mapping", False),
        ("p: int | float", "number", False),
        ("p: int | list[int]", "any", True),
        ("p: Callable", "callable", False),
        ("p=1", "number", False),
        ("p=True", "boolean", False),
        ("p='soft'", "any", True),
        ("p=None", "any", True),
        ("p", "any", True),
        ("p_regularizer=None", "regularizer", True),
        ("activation=None", "activation", True),
        ("units", "integer", False),
    ],
)
def test_a_parameter_has_the_type_that_its_text_shows(tmp_path, written, kind, nullable):
    text = f"""
        import keras
        class Own(keras.Layer):
            def __init__(self, {written}, **kwargs):
                super().__init__(**kwargs)
    """
    _write(tmp_path / "one.py", text)
    assert _listed(tmp_path, 'Own = "one:Own"') == ()
    first = next(iter(_parameters(tmp_path, "Own").values()))
    assert (first.type, first.nullable) == (kind, nullable)


def test_call_arguments_with_literal_defaults_are_no_tensors(project):
    entry = find_listed(project_of(str(project / "spec")), "Swish")
    assert entry.call == ("inputs", "scale", "steps", "training")
    assert entry.tensors == ("inputs", "scale")
    assert entry.required_tensors == ("inputs",)


def test_a_class_is_found_through_the_modules_that_hand_it_on(tmp_path):
    _write(tmp_path / "src/own/deep/core.py", "import keras\nclass Base(keras.Layer):\n    pass\n")
    _write(tmp_path / "src/own/deep/__init__.py", "from .core import *\n")
    _write(tmp_path / "src/own/__init__.py", "from own.deep import Base as Shown\n")
    assert _listed(tmp_path, 'Own = "own:Shown"') == ()
    (entry,) = listed_layers(project_of(str(tmp_path / "spec")))
    assert entry.origin.file == tmp_path / "src/own/deep/core.py"
    assert entry.origin.defined == "Base"


# -- what the listing says wrongly -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("listing", "place", "message", "label"),
    [
        ('own = "one:Own"', "own", "`own` cannot be the word for a layer", None),
        ('Dense = "one:Own"', "Dense", "`Dense` means a layer of Keras", None),
        ("Own = 3", "3", None, "this is no text"),
        ('Own = "one.Own"', '"one.Own"', None, "this is neither"),
        ('Own = "two:Own"', '"two:Own"', None, "there is no module `two`"),
        ('Own = "one:Gone"', '"one:Gone"', None, "`one` has no class `Gone`"),
        ('Own = "one:gate"', '"one:gate"', None, "`gate` of `one` is no class"),
        ("Own = 'one:Star'", "'one:Star'", None, "`Star` takes `*sizes`, which has no names"),
        ('Own = "one:Plain"', '"one:Plain"', None, _NO_BASE),
        ('Own = "bad:Own"', '"bad:Own"', None, "line 1 of `bad.py` is not Python: invalid syntax"),
        ('Own = "loop:Own"', '"loop:Own"', None, "`loop` has no class `Own`"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_reported_at_its_place(tmp_path, listing, place, message, label):
    text = """
        import keras
        def gate(x): return x
        class Plain: pass
        class Star(keras.Layer):
            def __init__(self, *sizes): super().__init__()
    """
    _write(tmp_path / "one.py", text)
    _write(tmp_path / "bad.py", "class Own(:\n")
    _write(tmp_path / "loop.py", "from loop import *\n")
    (found,) = _listed(tmp_path, listing)
    assert (found.code.value, found.span.line, found.span.text) == ("DL218", 2, place)
    assert found.message == (message or found.message)
    assert found.label == (label or found.label)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[tool.dlspec.layers]\nOwn = one\n", 2, "`pyproject.toml` is not TOML"),
        ("[tool.dlspec]\nlayer = 3\n", 2, "unknown key `layer`"),
        ("[tool.dlspec]\nlayers = 3\n", 2, "`tool.dlspec.layers` is a table"),
        ("[tool.dlspec]\nnetwork = 'yes'\n", 2, "`tool.dlspec.network` is true or false"),
        ("[tool.dlspec]\nnetwork = 1\n", 2, "`tool.dlspec.network` is true or false"),
        ("[tool]\ndlspec.network = 1\n", 2, "`tool.dlspec.network` is true or false"),
        ("[tool]\ndlspec.layers.Own = 3\n", 2, "`Own` is listed as a module and a class"),
        ("[tool.dlspec.layer]\nOwn = 3\n", 1, "unknown key `layer`"),
    ],
)
def test_a_table_that_cannot_be_read_is_reported_at_its_place(tmp_path, text, line, message):
    _write(tmp_path / "pyproject.toml", text)
    (found,) = project_problems(project_of(str(tmp_path / "spec")))
    assert found.span.line == line
    assert found.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tool.dlspec]\nnetwrok = true\n", "write `network`"),
        ("[tool.dlspec.layer]\n", "write `layers`"),
        ("[tool.dlspec]\nparallel = 4\n", "leave it out"),
    ],
)
def test_an_unknown_key_of_the_project_is_told_with_the_one_that_is_meant(tmp_path, text, told):
    _write(tmp_path / "pyproject.toml", text)
    (found,) = project_problems(project_of(str(tmp_path / "spec")))
    assert found.label == "`tool.dlspec` has the keys `layers` and `network` only"
    assert found.help == told


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("[tool.dlspec]\n", False),
        ("[tool.dlspec]\nnetwork = false\n", False),
        ("[tool.dlspec]\nnetwork = 'true'\n", False),
        ("[tool.dlspec]\nnetwork = true\n", True),
        ("[tool]\ndlspec.network = true\n", True),
        ("[tool]\ndlspec = {network = true}\n", True),
    ],
)
def test_a_project_allows_the_network_only_by_saying_so(tmp_path, text, allowed):
    _write(tmp_path / "pyproject.toml", text)
    assert project_of(str(tmp_path / "spec")).network is allowed


def test_a_wrong_line_stops_only_the_specs_that_use_its_word(project):
    text = (project / "pyproject.toml").read_text("utf-8")
    _write(project / "pyproject.toml", text + 'Lost = "lost:Lost"\n')
    assert _messages(project, "Swish") == []
    (found,) = _found(project, "Lost", "Swish", "Lost")
    assert (found.code.value, found.span.source.path) == ("DL218", str(project / "pyproject.toml"))


def test_what_cannot_be_read_is_the_one_cause_of_unknown_words(tmp_path):
    _write(tmp_path / "pyproject.toml", '[tool.dlspec.layer]\nOwn = "one:Own"\n')
    assert _messages(tmp_path, "Own", "Own") == ["DL218: unknown key `layer`"]
    assert _messages(tmp_path, "ReLU") == []


def test_check_says_which_code_of_the_project_a_run_would_import(project, monkeypatch):
    monkeypatch.chdir(project)
    _spec(project, "Swish", "TimeDistributed: {layer: {Gated: 4}}", inputs="[3, 8]")
    _spec(project, "Swish", name="b")
    _spec(project, "Dense: 2", name="c")
    told = "a run imports code of the project: "
    # One line however many specs use a layer; what is listed and not used is not imported.
    swish = f"`Swish` (class `Swish` of {Path('own/layers.py')})"
    gated = f"`Gated` (class `Gated` of {Path('own/layers.py')})"
    assert _dlspec("check").stderr.splitlines()[-1] == f"{told}{gated}, {swish}"
    assert _dlspec("check", "specs/b.yaml").stderr.splitlines()[-1] == f"{told}{swish}"
    assert told not in _dlspec("check", "specs/c.yaml").stderr
    assert told not in _dlspec("check", "--quiet").stderr
    done = _dlspec("check", "--format", "json")
    assert (json.loads(done.stdout), done.stderr) == ({"diagnostics": []}, "")
    assert not (project / "canary").exists()


def test_check_reports_a_wrong_line_once_for_many_specs(project, monkeypatch):
    text = (project / "pyproject.toml").read_text("utf-8")
    _write(project / "pyproject.toml", text + 'Lost = "lost:Lost"\n')
    for name in "abc":
        _spec(project, "Lost", name=name)
    monkeypatch.chdir(project)
    run = _dlspec("check", "--format", "json")
    (found,) = json.loads(run.stdout)["diagnostics"]
    assert (found["path"], found["line"], found["column"]) == ("pyproject.toml", 6, 8)


# -- which project ---------------------------------------------------------------------------------


def test_the_nearest_pyproject_with_a_table_of_dlspec_counts(project):
    _write(project / "part/pyproject.toml", '[project]\nname = "part"\n')
    assert _messages(project / "part", "Swish") == []
    _write(project / "part/pyproject.toml", '[project]\nname = "other"\n[tool.dlspec.layers]\n')
    assert _messages(project / "part", "Swish") == ["DL206: unknown layer `Swish`"]


def test_one_word_may_mean_another_class_in_another_project(tmp_path):
    for name, parameter in (("one", "beta"), ("two", "gamma")):
        text = f"""
            import keras
            class Swish(keras.Layer):
                def __init__(self, {parameter}=1.0, **kwargs):
                    super().__init__(**kwargs)
        """
        _write(tmp_path / name / "layers.py", text)
        _write(tmp_path / name / "pyproject.toml", '[tool.dlspec.layers]\nSwish = "layers:Swish"\n')
    assert _messages(tmp_path / "one", "Swish: {beta: 2}") == []
    assert _messages(tmp_path / "two", "Swish: {gamma: 2}") == []
    assert _messages(tmp_path / "one", "Swish: {gamma: 2}") == ["DL207: `Swish` takes no `gamma`"]
    assert _messages(tmp_path, "Swish") == ["DL206: unknown layer `Swish`"]


@pytest.mark.parametrize("word", ["Evil", "own.layers.Evil", "own.layers:Evil", "Swish"])
def test_what_no_project_lists_is_unknown_and_nothing_runs(project, word):
    (project / "pyproject.toml").unlink()
    found = _messages(project, f'"{word}"')
    assert found == [f"DL206: unknown layer `{word}`"]
    assert not (project / "canary").exists()


def test_a_thousand_specs_read_the_project_once(project, monkeypatch):
    text = _spec(project, "Swish").read_text("utf-8")
    read = []
    path = type(project)
    plain = path.read_text
    monkeypatch.setattr(path, "read_text", lambda p, *a, **k: read.append(p) or plain(p, *a, **k))
    for _ in range(1000):
        assert compile_source(Source(str(project / "specs/a.yaml"), text)).plan
    assert [p.name for p in read].count("pyproject.toml") <= 1


# -- lineage ---------------------------------------------------------------------------------------


def _model_digest(project):
    return step_digest(dlspec.load(project / "specs/a.yaml"), "model")


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("SCALE = 2.0", "SCALE = 3.25", True),
        ("self.beta * inputs", "inputs * self.beta * 2", True),
        ("beta: float = 1.0", "beta: float = 1.5", True),
        ("class Gated(Swish):", "class Gated(Swish):\n    other = 1\n", False),
        ("self.beta = beta", "self.beta  =  beta  # as it was given", False),
        ('def gate(x):', 'def gate(x):\n    """Open and close."""', False),
        ('class Gated', 'UNUSED = 1\n\n\nclass Gated', False),
    ],
)  # fmt: skip
def test_the_digest_of_the_model_changes_with_the_code_it_uses(project, old, new, changes):
    _spec(project, "Swish")
    before = _model_digest(project)
    file = project / "own/layers.py"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    assert (_model_digest(project) != before) is changes


def test_code_in_other_modules_of_the_project_counts(tmp_path):
    _write(tmp_path / "pyproject.toml", '[tool.dlspec.layers]\nOwn = "own.layers:Own"\n')
    _write(tmp_path / "own/ops.py", "def f(x):\n    return x\n\n\ndef g(x):\n    return x\n")
    text = "import keras\nfrom own.ops import f\nclass Own(keras.Layer):\n"
    _write(tmp_path / "own/layers.py", text + "    def call(self, x):\n        return f(x)\n")
    _spec(tmp_path, "Own")
    before = _model_digest(tmp_path)
    _write(tmp_path / "own/ops.py", "def f(x):\n    return x\n\n\ndef g(x):\n    return x + 1\n")
    assert _model_digest(tmp_path) == before
    _write(tmp_path / "own/ops.py", "def f(x):\n    return x + 100\n")
    assert _model_digest(tmp_path) != before


def test_the_digest_is_the_same_in_another_folder(project, tmp_path_factory):
    _spec(project, "Swish")
    copy = tmp_path_factory.mktemp("copy")
    for file in ("pyproject.toml", "own/__init__.py", "own/layers.py", "specs/a.yaml"):
        _write(copy / file, (project / file).read_text("utf-8"))
    assert _model_digest(copy) == _model_digest(project)


# -- the schema ------------------------------------------------------------------------------------


def test_the_schema_of_a_project_knows_its_layers(project, monkeypatch):
    monkeypatch.chdir(project)
    run = _dlspec("schema")
    definitions = json.loads(run.stdout)["$defs"]
    assert list(definitions["layer.Swish"]["properties"])[:2] == ["beta", "mode"]
    assert definitions["layer.Swish()"]["description"].startswith("Layer of this project.")
    assert "Swish" in definitions["entry"]["then"]["properties"]
