"""The project's own layers as Keras layers: imported, built, saved, loaded and lifted."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest

import dlspec
from dlspec.resolve.plan import canonical_data
from dlspec_pipelines.steps.evaluation.forward import load_model
from dlspec_pipelines.steps.file_digests import write_file_digests
from dlspec_pipelines.steps.json_documents import PLAN, document_text
from dlspec_pipelines.steps.step_errors import StepError

LAYERS = """
    import keras


    class Swish(keras.layers.Layer):
        def __init__(self, beta: float = 1.0, **kwargs):
            super().__init__(**kwargs)
            self.beta = beta

        def call(self, inputs):
            return inputs * keras.ops.sigmoid(self.beta * inputs)

        def compute_output_shape(self, shape):
            return shape

        def get_config(self):
            return {**super().get_config(), "beta": self.beta}


    class Gated(keras.layers.Dense):
        def call(self, inputs):
            return keras.ops.sigmoid(super().call(inputs))


    class Picky(keras.Layer):
        def call(self, inputs):
            if inputs.shape[-1] != 8:
                raise ValueError("eight features are wanted")
            return inputs


    class Halves(keras.Layer):
        def call(self, inputs):
            return tuple(keras.ops.split(inputs, 2, axis=-1))


    class Forgetful(keras.Layer):
        def __init__(self, beta=1.0, **kwargs):
            super().__init__(**kwargs)

        def get_config(self):
            return super().get_config()


    class Stubborn(keras.layers.Dense):
        def __init__(self, units, **kwargs):
            super().__init__(units, use_bias=False, **kwargs)


    def number(found):
        return 3


    @number
    class Gone(keras.Layer):
        pass
"""
WORDS = ("Swish", "Gated", "Picky", "Halves", "Forgetful", "Stubborn", "Gone")


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), "utf-8")
    return path


def _listing(module, words=WORDS):
    return "[tool.dlspec.layers]\n" + "".join(f'{word} = "{module}:{word}"\n' for word in words)


@pytest.fixture
def project(tmp_path, request):
    """A project whose module has a name of its own: a process has one module of a name."""
    module = "own_" + "".join(c if c.isalnum() else "_" for c in request.node.name)
    _write(tmp_path / f"{module}.py", LAYERS)
    _write(tmp_path / "pyproject.toml", _listing(module))
    yield tmp_path
    sys.modules.pop(module, None)


def _plan(folder, *entries, inputs="[8]", outputs=""):
    lines = [f"dlspec: 1\nname: a\nmodel:\n  inputs: {{x: {inputs}}}\n  graph:"]
    lines += [f"    - {entry}" for entry in entries]
    lines += [f"  outputs: {outputs}"] if outputs else []
    return dlspec.load(_write(folder / "specs/a.yaml", "\n".join(lines) + "\n"))


def _refusal(plan):
    with pytest.raises(dlspec.SpecError) as caught:
        dlspec.compile(plan)
    (found,) = caught.value.diagnostics
    return found


def test_a_listed_layer_computes_what_its_class_does(project):
    model = dlspec.compile(_plan(project, "Swish: 2"))
    x = np.linspace(-3, 3, 16, dtype="float32").reshape(2, 8)
    np.testing.assert_allclose(model(x), x / (1 + np.exp(-2 * x)), rtol=1e-5)


def test_wrappers_and_layers_of_keras_work_around_it(project):
    plan = _plan(
        project,
        "TimeDistributed: {layer: {Gated: {units: 3, kernel_initializer: {HeNormal: {seed: 1}}}}}",
        "LSTM: 4",
        inputs="[5, 8]",
    )
    model = dlspec.compile(plan)
    assert model.output_shape == (None, 4)
    assert model.get_layer("time_distributed").layer.kernel_initializer.seed == 1


def test_several_outputs_are_told_by_number(project):
    plan = _plan(project, "{Halves: , name: h}", "{Subtract: , from: [h.0, h.1]}")
    x = np.arange(8, dtype="float32").reshape(1, 8)
    assert dlspec.compile(plan)(x).numpy().tolist() == [[-4.0] * 4]


def test_what_the_class_refuses_is_reported_at_the_entry(project):
    found = _refusal(_plan(project, "Dense: 4", "Swish", "Picky"))
    assert (found.code.value, found.span.line, found.span.text) == ("DL409", 8, "Picky")
    assert "eight features are wanted" in found.label + "".join(found.notes)


@pytest.mark.parametrize(
    ("entry", "label"),
    [
        ("Gone", "`Gone` is no subclass of `keras.Layer`"),
        ("Forgetful: 2", "its `get_config` leaves out `beta`, so that a saved model would lose it"),
        ("Stubborn: 2", "its config does not make it again: "),
    ],
)
def test_a_class_that_cannot_serve_is_reported_where_it_is_listed(project, entry, label):
    found = _refusal(_plan(project, entry))
    assert (found.code.value, Path(found.span.source.path).name) == ("DL218", "pyproject.toml")
    assert found.label.startswith(label)


def test_a_module_that_cannot_be_imported_is_reported_where_it_is_listed(tmp_path):
    text = "import keras\nimport no_such_package\nclass Own(keras.Layer):\n    pass\n"
    _write(tmp_path / "own_unimportable.py", text)
    _write(tmp_path / "pyproject.toml", _listing("own_unimportable", ["Own"]))
    found = _refusal(_plan(tmp_path, "Own"))
    assert found.label == (
        "`own_unimportable` cannot be imported: No module named 'no_such_package'"
    )


def test_one_word_builds_another_class_in_another_project(tmp_path):
    plans = []
    for name, factor in (("one", 2.0), ("two", 3.0)):
        text = f"""
            import keras
            class Times(keras.Layer):
                def call(self, inputs):
                    return {factor} * inputs
        """
        _write(tmp_path / name / f"own_times_{name}.py", text)
        _write(tmp_path / name / "pyproject.toml", _listing(f"own_times_{name}", ["Times"]))
        plans.append(_plan(tmp_path / name, "Times"))
    x = np.ones((1, 8), "float32")
    results = [float(dlspec.compile(plan)(x)[0, 0]) for plan in plans]
    assert results == [2.0, 3.0]
    assert plans[0].graph != plans[1].graph


def test_a_second_module_of_the_same_name_is_refused(tmp_path):
    for name in ("one", "two"):
        text = "import keras\nclass Own(keras.layers.ReLU):\n    pass\n"
        _write(tmp_path / name / "own_same.py", text)
        _write(tmp_path / name / "pyproject.toml", _listing("own_same", ["Own"]))
    dlspec.compile(_plan(tmp_path / "one", "Own"))
    found = _refusal(_plan(tmp_path / "two", "Own"))
    assert found.label == "this process has `own_same` from another file"


def test_nothing_global_is_left_behind(project):
    path, known = list(sys.path), dict(keras.saving.get_custom_objects())
    dlspec.compile(_plan(project, "Swish"))
    assert sys.path == path
    assert keras.saving.get_custom_objects() == known


def _saved(plan, folder):
    """Save a model with its plan, as a run does."""
    folder.mkdir()
    model = dlspec.compile(plan)
    model.save(folder / "model.keras")
    (folder / "plan.json").write_text(document_text(PLAN, canonical_data(plan)), "utf-8")
    write_file_digests(folder, ["model.keras"])
    return model


def test_a_saved_model_is_loaded_with_the_classes_of_its_project(project):
    model = _saved(_plan(project, "Swish: 2", "Gated: 8", "Dense: 3"), project / "run")
    loaded = load_model(project / "run", with_loss=False, base=project)
    x = np.linspace(-3, 3, 16, dtype="float32").reshape(2, 8)
    assert np.array_equal(loaded(x), model(x))
    assert loaded.get_layer("swish").beta == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("code", "the code of the layer `Swish` has changed since the model was trained"),
        ("listing", "the model holds the layer `Swish`, which no project lists here"),
    ],
)
def test_a_saved_model_is_not_loaded_with_another_class(project, change, message):
    _saved(_plan(project, "Swish: 2"), project / "run")
    file = next(project.glob("own_*.py"))
    if change == "code":
        file.write_text(file.read_text("utf-8").replace("inputs * keras", "3 + keras"), "utf-8")
    else:
        _write(project / "pyproject.toml", _listing(file.stem, ["Gated"]))
    with pytest.raises(StepError) as caught:
        load_model(project / "run", with_loss=False, base=project)
    assert caught.value.message == message


def test_a_listed_layer_is_lifted_by_its_word(project, monkeypatch):
    model = dlspec.compile(_plan(project, "Swish: 2", "Gated: 8", "{Swish: 1, name: last}"))
    monkeypatch.chdir(project)
    text = dlspec.decompile(model)
    assert "    - Swish: 2" in text.splitlines()
    assert "    - {Swish, name: last}" in text.splitlines()
    again = dlspec.compile(dlspec.loads(text))
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]


def test_a_listed_layer_inside_a_wrapper_is_lifted_by_its_word(project, monkeypatch):
    model = dlspec.compile(_plan(project, "TimeDistributed: {layer: {Swish: 2}}", inputs="[5, 8]"))
    monkeypatch.chdir(project)
    text = dlspec.decompile(model)
    assert dlspec.loads(text).graph.nodes[0].operation["layer"]["beta"] == 2


def test_a_layer_that_the_current_project_does_not_list_is_not_lifted(
    project, tmp_path_factory, monkeypatch
):
    model = dlspec.compile(_plan(project, "Swish: 2"))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(dlspec.SpecError, match="`swish` of `a` cannot be said in a spec"):
        dlspec.decompile(model)


def test_a_saved_file_alone_imports_nothing(project, tmp_path):
    canary = tmp_path / "canary"
    _saved(_plan(project, "Swish: 2"), project / "run")
    file = next(project.glob("own_*.py"))
    file.write_text(f"open({str(canary)!r}, 'w').close()\n" + file.read_text("utf-8"), "utf-8")
    del sys.modules[file.stem]
    (project / "pyproject.toml").unlink()
    with pytest.raises(StepError):
        load_model(project / "run", with_loss=False, base=project)
    assert not canary.exists()


@pytest.mark.slow
def test_the_example_of_the_docs_goes_from_nothing_to_a_run(tmp_path):
    page = Path(__file__).parents[2].joinpath("docs/custom_layers.md").read_text("utf-8")
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    _write(tmp_path / "pyproject.toml", blocks["toml"])
    _write(tmp_path / "mylayers.py", blocks["python"])
    _write(tmp_path / "specs/moons.yaml", blocks["yml"])
    _write(tmp_path / "workspace.yaml", "load_from: []\n")
    _write(tmp_path / "new.csv", "x,y\n0,0\n1,0.5\n")
    command = str(Path(sys.executable).with_name("dlspec"))
    for words in (("check",), ("run", "moons"), ("predict", "moons", "new.csv")):
        run = subprocess.run([command, *words], cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[0] == "row,moon,moon_probability"
    assert len(run.stdout.splitlines()) == 3
