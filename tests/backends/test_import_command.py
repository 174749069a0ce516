"""`dlspec import`: what it prints, what it writes, and when it writes nothing."""

import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

import dlspec
from dlspec.cli import main

HERE = Path(__file__).parent / "saved_models"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments, stdin=None):
    """Run the command; standard output and standard error stay apart."""
    return CliRunner().invoke(main, ["import", *map(str, arguments)], input=stdin)


def test_a_spec_goes_to_standard_output_and_notes_to_standard_error():
    result = run(HERE / "keras1_convnet.json")
    assert result.exit_code == 0
    assert result.stdout.startswith("dlspec: 1\nname: sequential\n")
    assert result.stderr.startswith("note: a layer that does not say its data format is taken as ")


def test_standard_input_is_read():
    content = (HERE / "keras1_tuples.yaml").read_bytes()
    result = run("-", "--name", "small", stdin=content)
    assert result.exit_code == 0
    assert result.stdout.startswith("dlspec: 1\nname: small\n")


def test_a_spec_is_called_after_its_file_and_compiles_there():
    result = run(HERE / "keras2_lenet.h5", "-o", "specs/lenet.yaml")
    assert result.exit_code == 0
    assert (result.stdout, result.stderr) == ("", "wrote specs/lenet.yaml\n")
    assert dlspec.load("specs/lenet.yaml").graph.name == "lenet"


@pytest.mark.parametrize("name", ["lenet", "nested", "shared", "bidirectional", "embedding_lstm"])
def test_kept_weights_give_the_outputs_that_keras_2_gave(name):
    assert (
        run(HERE / f"keras2_{name}.h5", "-o", "m.yaml", "--weights", "m.weights.h5").exit_code == 0
    )
    model = dlspec.compile(dlspec.load("m.yaml"))
    model.load_weights("m.weights.h5")
    kept = np.load(HERE / f"keras2_{name}.npz")
    inputs = [kept[key] for key in sorted(kept.files) if key.startswith("input")]
    outputs = [kept[key] for key in sorted(kept.files) if key.startswith("output")]
    results = model(keras.tree.pack_sequence_as(model._inputs_struct, inputs), training=False)
    for result, expected in zip(keras.tree.flatten(results), outputs, strict=True):
        np.testing.assert_allclose(np.asarray(result), expected, atol=1e-6)


def test_kept_weights_of_keras_3_give_the_same_outputs():
    x = keras.Input((6, 6, 2), name="x")
    y = keras.layers.Conv2D(3, 3, name="c")(x)
    y = keras.layers.BatchNormalization()(y)
    model = keras.Model(x, keras.layers.Dense(2)(keras.layers.Flatten()(y)))
    model.set_weights(
        [np.random.default_rng(i).uniform(size=w.shape) for i, w in enumerate(model.weights)]
    )
    model.save("m.keras")
    assert run("m.keras", "-o", "spec.yaml", "--weights", "m.weights.h5").exit_code == 0
    other = dlspec.compile(dlspec.load("spec.yaml"))
    other.load_weights("m.weights.h5")
    sample = np.random.default_rng(1).normal(size=(2, 6, 6, 2)).astype("float32")
    np.testing.assert_array_equal(np.asarray(model(sample)), np.asarray(other(sample)))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("keras2_residual.json", "describes a model and holds no weights"),
        ("hard.h5", "with these weights the outputs would differ: `hard_sigmoid` is"),
    ],
)
def test_weights_that_cannot_be_kept_are_refused_and_nothing_is_written(model, said):
    path = HERE / model
    if model == "hard.h5":
        path = _hard_sigmoid(Path("hard.h5"))
    result = run(path, "-o", "m.yaml", "--weights", "m.weights.h5")
    assert result.exit_code == 1
    assert said in result.stderr
    assert not Path("m.yaml").exists()
    assert not Path("m.weights.h5").exists()


def _hard_sigmoid(path):
    """Write what Keras 2 would have: its JSON as the attribute of an HDF5 file."""
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = (HERE / "keras2_hard_sigmoid.json").read_text("utf-8")
        file.attrs["keras_version"] = "2.12.0"
        file.attrs["backend"] = "tensorflow"
        file.create_group("model_weights").attrs["layer_names"] = [b"lstm"]
        group = file["model_weights"].create_group("lstm")
        group.attrs["weight_names"] = [b"lstm/kernel:0"]
        group["lstm/kernel:0"] = np.ones((2, 12), "float32")
    return path


def test_a_file_that_is_there_is_written_over_only_by_force():
    Path("m.yaml").write_text("mine\n", "utf-8")
    refused = run(HERE / "keras2_lenet.h5", "-o", "m.yaml")
    assert refused.exit_code == 2
    assert "`m.yaml` is there already; `--force` writes over it" in refused.stderr
    assert Path("m.yaml").read_text("utf-8") == "mine\n"
    assert run(HERE / "keras2_lenet.h5", "-o", "m.yaml", "--force").exit_code == 0
    assert Path("m.yaml").read_text("utf-8").startswith("dlspec: 1\nname: m\n")


def test_a_refused_model_leaves_no_file_and_status_1():
    text = (HERE / "keras2_frozen.json").read_text("utf-8").replace('"Dense"', '"Lambda"')
    result = run("-", "-o", "m.yaml", stdin=text)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("error[DL214]") == 2
    assert not Path("m.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "my-model.yaml"], "`my-model` cannot be a name; write `-o my_model.yaml`"),
        (["--name", "1st"], "`1st` cannot be a name"),
        (["--weights", "w.h5"], "`w.h5` is no name for weights; write `--weights w.weights.h5`"),
        (["-o", str(HERE)], f"`{HERE}` is a folder; name a file in it"),
        (["-o", "a.yaml", "--name", "b"], "a spec called `b` belongs into `b.yaml`"),
        ([], "Missing argument 'MODEL'"),
    ],
)
def test_wrong_usage_has_status_2(arguments, said):
    model = [HERE / "keras2_lenet.h5"] if arguments else []
    result = run(*model, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_the_model_is_not_written_over_even_by_force():
    content = (HERE / "keras2_residual.json").read_bytes()
    Path("m.json").write_bytes(content)
    result = run("m.json", "-o", "m.json", "--force")
    assert result.exit_code == 2
    assert "`m.json` is the model that is read; name another file" in result.stderr
    assert Path("m.json").read_bytes() == content


def test_a_spec_that_cannot_be_written_leaves_no_weights():
    Path("file").touch()
    result = run(HERE / "keras2_lenet.h5", "-o", "file/m.yaml", "--weights", "m.weights.h5")
    assert result.exit_code == 2
    assert "m.yaml cannot be written: " in result.stderr
    assert [p.name for p in Path().iterdir()] == ["file"]


def test_a_model_that_is_not_there_is_wrong_usage():
    result = run("nowhere.keras")
    assert result.exit_code == 2
    assert "there is no file `nowhere.keras`" in result.stderr


def test_flat_keeps_every_name():
    rolled = run(HERE / "keras1_convnet.json").stdout
    flat = run(HERE / "keras1_convnet.json", "--flat").stdout
    assert "name: convolution2d_2" in flat
    assert "convolution2d" not in rolled.partition("graph:")[2]


def test_help_shows_examples():
    result = run("--help")
    assert "dlspec import resnet.keras -o specs/resnet.yaml" in result.stdout
    assert "dlspec.backends.saved.importing" in sys.modules or result.exit_code == 0
