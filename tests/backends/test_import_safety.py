"""A saved model from somebody else: nothing in it runs, and every refusal says where and why."""

import contextlib
import io
import json
import sys
import zipfile
from pathlib import Path

import keras
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlspec.backends.saved.importing import import_saved_model
from dlspec.backends.saved.model_files import load_document
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import SpecError

HERE = Path(__file__).parent / "saved_models"
LAYERS = keras.layers


def refusals(path, *, stdin=b""):
    """Return the findings of an import that is refused."""
    with pytest.raises(SpecError) as caught:
        import_saved_model(load_document(str(path), io.BytesIO(stdin)))
    return caught.value.diagnostics


def refused_json(data) -> tuple:
    """Return code and label of each finding for JSON on standard input."""
    found = refusals("-", stdin=json.dumps(data).encode())
    return tuple((one.code, one.label) for one in found)


def sequential(*layers):
    """Return a Sequential model of Keras 2 with these layers after an input."""
    entry = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "x"}}
    listed = [{"class_name": name, "config": config} for name, config in layers]
    return {"class_name": "Sequential", "config": {"name": "m", "layers": [entry, *listed]}}


# -- nothing runs --------------------------------------------------------------------------------


@pytest.fixture
def canary(tmp_path):
    """A file that whatever runs would write."""
    return tmp_path / "canary"


def _with_lambda(canary):
    # What it needs to write the file travels in the function's own code.
    function = eval(f"lambda x: (open({str(canary)!r}, 'w').close(), x)[1]")
    model = keras.Sequential(
        [keras.Input((4,)), LAYERS.Dense(2), LAYERS.Lambda(function, name="evil")]
    )
    canary.unlink()
    return model


@pytest.mark.parametrize("form", ["keras", "json", "h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_lambda_of_bytecode_is_refused_and_not_run(form, canary, tmp_path):
    model, path = _with_lambda(canary), tmp_path / f"m.{form}"
    if form == "json":
        path.write_text(model.to_json(), "utf-8")
    else:
        model.save(path)
    (found,) = refusals(path)
    assert found.code is Code.FORBIDDEN_CLASS
    assert found.message.startswith("`evil` of `sequential")
    assert found.notes[0].startswith("it is a `Lambda`, layer 3 of ")
    assert not canary.exists()


@pytest.mark.parametrize(
    ("module", "class_name", "config"),
    [
        ("os", "system", {"command": "touch canary"}),
        ("builtins", "eval", {"source": "open('canary', 'w')"}),
        ("canary_module", "Dense", {"units": 2}),
        ("keras.src.utils.file_utils", "get_file", {"origin": "file:///etc/passwd"}),
        (None, "Dense", {"units": 2}),
    ],
)
def test_a_class_of_another_module_is_refused_and_not_imported(
    module, class_name, config, canary, tmp_path, monkeypatch
):
    (tmp_path / "canary_module.py").write_text(f"open({str(canary)!r}, 'w').close()", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    model = keras.Sequential([keras.Input((4,)), LAYERS.Dense(2, name="d")])
    data = json.loads(model.to_json())
    evil = {"module": module, "class_name": class_name, "config": {"name": "d", **config}}
    data["config"]["layers"][1] = {**evil, "registered_name": class_name}
    ((code, label),) = set(refused_json(data)[:1])
    assert code in (Code.UNKNOWN_CLASS, Code.FORBIDDEN_CLASS)
    assert label.startswith("no class of Keras's own") or "Keras has no layer" in label
    assert not canary.exists()
    assert "canary_module" not in sys.modules


@pytest.mark.parametrize("place", ["activation", "kernel_initializer", "kernel_regularizer"])
@pytest.mark.parametrize("module", ["os", "builtins", "canary_module"])
def test_an_object_of_another_module_inside_a_layer_is_refused(place, module):
    data = json.loads(keras.Sequential([keras.Input((4,)), LAYERS.Dense(2)]).to_json())
    config = data["config"]["layers"][1]["config"]
    config[place] = {"module": module, "class_name": "system", "config": {"command": "touch x"}}
    found = refused_json(data)
    assert found == (
        (Code.UNKNOWN_CLASS, f"`{place}` holds `system` of `{module}`, none of Keras's own"),
    )


def test_a_registered_class_is_refused_even_where_python_knows_it():
    @keras.saving.register_keras_serializable("mine")
    class Own(LAYERS.Dense):
        pass

    model = keras.Sequential([keras.Input((4,)), Own(2, name="own")])
    found = refused_json(json.loads(model.to_json()))
    assert found == ((Code.UNKNOWN_CLASS, "no class of Keras's own, registered as `mine>Own`"),)


def test_python_in_yaml_is_refused(canary):
    text = f"class_name: Sequential\nconfig: !!python/object/apply:os.system ['touch {canary}']\n"
    (found,) = refusals("-", stdin=text.encode())
    assert (found.code, found.span.line, found.span.column) == (Code.TAG, 2, 9)
    assert not canary.exists()


def test_a_vocabulary_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "words.txt").write_text("secret\n", "utf-8")
    layer = ("StringLookup", {"name": "l", "vocabulary": str(tmp_path / "words.txt")})
    assert refused_json(sequential(layer)) == (
        (Code.UNKNOWN_ARGUMENT, "`vocabulary` names a file to read"),
    )


# -- everything at once, with its place ----------------------------------------------------------


def test_all_that_cannot_be_said_is_reported_at_once():
    data = sequential(
        ("Dense", {"name": "a", "units": 2, "activation": "my_relu"}),
        ("Lambda", {"name": "b", "function": ["4wEAAAA=", None, None]}),
        ("SReLU", {"name": "c"}),
        ("AttentionDecoder", {"name": "d", "units": 3}),
        ("BatchNormalization", {"name": "e", "mode": 1}),
        ("Convolution1D", {"name": "f", "nb_filter": 1, "filter_length": 2, "border_mode": "full"}),
        ("Embedding", {"name": "g", "input_dim": 3, "output_dim": 2, "dropout": 0.3}),
    )
    found = refusals("-", stdin=json.dumps(data, indent=1).encode())
    assert [(one.code.value, one.label) for one in found] == [
        ("DL206", "`activation`: Keras has no activation `my_relu`"),
        ("DL214", found[1].label),
        ("DL206", "Keras 3 has no `SReLU`"),
        ("DL206", "Keras has no layer `AttentionDecoder`"),
        ("DL207", "`mode: 1` has no equal in Keras 3"),
        ("DL207", "`padding: full` has no equal in Keras 3"),
        ("DL207", "`dropout: 0.3` has no equal in Keras 3"),
    ]
    assert [one.span.text for one in found[:3]] == ['"Dense"', '"Lambda"', '"SReLU"']


def test_a_place_is_that_of_the_layer_in_the_text():
    data = sequential(("Lambda", {"name": "b", "function": None}))
    (found,) = refusals("-", stdin=json.dumps(data, indent=1).encode())
    assert str(found) == (
        "error[DL214]: `b` of `m` cannot be said in a spec\n"
        "  --> -:17:19\n"
        "   |\n"
        '17 |     "class_name": "Lambda",\n'
        f"   |                   ^^^^^^^^ {found.label}\n"
        "   = note: it is a `Lambda`, layer 2 of `m`"
    )


def test_a_place_in_a_binary_file_is_a_row_of_its_layers(tmp_path):
    inner = keras.Sequential([keras.Input((4,)), LAYERS.Dense(2, name="d")], name="inner")
    x = keras.Input((4,), name="x")
    data = json.loads(keras.Model(x, inner(x), name="outer").to_json())
    data["config"]["layers"][1]["config"]["layers"][1]["class_name"] = "Dens"
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(data))
    (found,) = refusals(tmp_path / "m.keras")
    assert found.span.text == "d: Dens"
    rows = found.span.source.text.splitlines()
    assert rows[:3] == ["outer: Functional", "  x: InputLayer", "  inner: Sequential"]
    assert rows[4:] == ["    d: Dens"]
    assert found.message == "`d` of `outer > inner` cannot be said in a spec"


def test_a_tensorflow_function_without_equal_is_refused():
    model = json.loads((HERE / "keras2_tf_functions.json").read_text("utf-8"))
    layer = next(i for i in model["config"]["layers"] if i["config"].get("function") == "reshape")
    layer["config"]["function"] = "raw_ops.ReadFile"
    ((code, label),) = refused_json(model)
    assert code is Code.FORBIDDEN_CLASS
    assert label == "it calls `tf.raw_ops.ReadFile`, for which keras.ops has no plain equivalent"


def test_what_keras_refuses_is_said_at_the_layer():
    found = refused_json(sequential(("Dense", {"name": "d", "units": -3})))
    assert found[0][0] is Code.KERAS_REFUSES
    assert "units" in found[0][1]
    ((code, label),) = refused_json(
        sequential(("Conv2D", {"name": "c", "filters": 2, "kernel_size": 3}))
    )
    assert code is Code.KERAS_REFUSES
    assert label.startswith("Keras refuses its call: ")


# -- files that are no models, or hostile --------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code", "label"),
    [
        (b"", Code.NOT_A_MODEL, "it is empty"),
        (b"dlspec: 1\nname: x\n", Code.NOT_A_MODEL, "it is a spec already"),
        (b"\x80\x04\x95\x10", Code.NOT_A_MODEL, "neither text, nor a zip archive, nor HDF5"),
        (b"PK\x03\x04rubbish", Code.NOT_A_MODEL, "the archive is broken: file is not a zip file"),
        (b"{}", Code.NOT_A_MODEL, "`class_name` of a model is missing here"),
        (b'{"class_name": "Sequential"', Code.NOT_A_MODEL, "expecting ',' delimiter"),
        (b'{"class_name": "Model", "config": 3}', Code.NOT_A_MODEL, "`layers` is missing here"),
        (b'{"a": ' * 300, Code.TOO_LARGE, "more than 200 levels"),
        (b'{"class_name": ' + b"9" * 9000 + b"}", Code.HUGE_NUMBER, None),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(content, code, label):
    (found,) = refusals("-", stdin=content)
    assert found.code is code
    assert label is None or found.label == label


def test_broken_hdf5_and_weights_alone_are_refused(tmp_path):
    whole = (HERE / "keras2_lenet.h5").read_bytes()
    for content in (whole[:900], whole[:40]):
        (found,) = refusals("-", stdin=content)
        assert found.code is Code.NOT_A_MODEL
        assert found.label.startswith("the HDF5 file is broken")
    model = keras.Sequential([keras.Input((2,)), LAYERS.Dense(1)])
    model.save_weights(tmp_path / "m.weights.h5")
    (found,) = refusals(tmp_path / "m.weights.h5")
    assert found.label == "there is no `model_config`: the file holds weights only"


def test_an_hdf5_file_on_which_the_library_crashes_is_refused():
    content = bytearray((HERE / "keras2_lenet.h5").read_bytes())
    # Found by changing bytes at random: HDF5 1.14 ends the process over this one.
    content[1009] = 4
    (found,) = refusals("-", stdin=bytes(content))
    assert found.code is Code.NOT_A_MODEL
    assert found.label.startswith("the HDF5 file is broken: ")


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 60_000_000)
    (found,) = refusals(tmp_path / "bomb.keras")
    assert found.code is Code.TOO_LARGE


def test_a_yaml_of_aliases_is_refused():
    lines = ["class_name: Sequential", "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    found = refusals("-", stdin="\n".join(lines).encode())
    assert found[0].code is Code.TOO_LARGE


@pytest.mark.parametrize("number", ["1" + "0" * 9000, "1:" * 20_000 + "1", "0x_", "1." + "0" * 900])
def test_a_number_in_yaml_that_cannot_be_read_is_refused(number):
    text = f"class_name: Sequential\nlayers: {number}\n"
    (found,) = refusals("-", stdin=text.encode())
    assert (found.code, found.span.line) == (Code.HUGE_NUMBER, 2)


def test_a_module_in_the_current_folder_is_not_run_to_read_hdf5(tmp_path, canary, monkeypatch):
    for name in ("h5py", "json", "dlspec"):
        (tmp_path / f"{name}.py").write_text(f"open({str(canary)!r}, 'w').close()", "utf-8")
    monkeypatch.chdir(tmp_path)
    found = import_saved_model(load_document(str(HERE / "keras2_lenet.h5"), io.BytesIO()))
    assert found.text.startswith("dlspec: 1\n")
    assert not canary.exists()


def test_a_link_in_an_archive_is_text_and_is_not_followed(tmp_path):
    secret = tmp_path / "secret.json"
    secret.write_text(keras.Sequential([keras.Input((4,)), LAYERS.Dense(2)]).to_json(), "utf-8")
    info = zipfile.ZipInfo("config.json")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr(info, str(secret))
    (found,) = refusals(tmp_path / "m.keras")
    assert (found.code, found.label) == (Code.NOT_A_MODEL, "expecting value")


def test_members_of_an_archive_that_lead_elsewhere_are_not_unpacked(tmp_path):
    (tmp_path / "in").mkdir()
    model = keras.Sequential([keras.Input((4,)), LAYERS.Dense(2)])
    with zipfile.ZipFile(tmp_path / "in" / "m.keras", "w") as archive:
        archive.writestr("../slipped", "x")
        archive.writestr("config.json", model.to_json())
    import_saved_model(load_document(str(tmp_path / "in" / "m.keras"), io.BytesIO()))
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["in", "m.keras"]


def test_loops_and_strangers_in_the_graph_are_refused():
    data = json.loads((HERE / "keras2_merges.json").read_text("utf-8"))
    layers = {layer["name"]: layer for layer in data["config"]["layers"]}
    layers["multiply"]["inbound_nodes"] = [[["multiply", 0, 0, {}], ["nobody", 0, 0, {}]]]
    assert (Code.NOT_A_MODEL, "call 1 of `nobody` is not there") in refused_json(data)
    layers["multiply"]["inbound_nodes"] = [[["multiply", 0, 0, {}], ["a", 0, 0, {}]]]
    assert (Code.NOT_A_MODEL, "the layer reads itself") in refused_json(data)


def _paths(value, path=()):
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        yield from _paths(item, (*path, key))


def _changed(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(value[path[0]], path[1:], new)
    return copy


DAMAGED = {
    name: json.loads((HERE / f"{name}.json").read_text("utf-8"))
    for name in ("keras2_transformer", "keras1_functional", "keras0_graph", "keras2_rnn_cells")
}
VALUES = st.sampled_from(
    [None, True, -1, 0, 3, 1e308, "", "zeros", [], [1, 2], {}, {"class_name": "Dense"}]
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_damaged_model_is_refused_or_read_and_nothing_else(data):
    model = DAMAGED[data.draw(st.sampled_from(sorted(DAMAGED)))]
    path = data.draw(st.sampled_from(list(_paths(model))))
    text = json.dumps(_changed(model, path, data.draw(VALUES)))
    # Anything but a text or a refusal would end the test.
    with contextlib.suppress(SpecError):
        found = import_saved_model(load_document("-", io.BytesIO(text.encode())), flat=True)
        assert found.text.startswith("dlspec: 1\n")
