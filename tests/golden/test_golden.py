"""Specs whose whole outcome is kept as text: graphs of valid ones, findings of invalid ones."""

import re
from pathlib import Path

import pytest

from dlspec.compiler import compile_file
from dlspec.diagnostics.codes import Code
from dlspec.expand.flat import Use
from dlspec.resolve.plan import Node, Op, Plan, walk_graph_nodes

HERE = Path(__file__).parent
VALID = sorted((HERE / "valid").rglob("*.yaml"))
INVALID = sorted((HERE / "invalid").rglob("DL*.yaml"))
# Reported by what builds, runs or reads data, or about a file that is not there: tested beside it.
ELSEWHERE = {
    "DL101",
    "DL112",
    "DL409",
    *("DL610", "DL611", "DL612", "DL613", "DL614", "DL615", "DL616"),
}


def _keras(spec: Path) -> str | None:
    """Return for which Keras a spec is compiled, whatever is installed; None is the newest."""
    return "3.8.0" if spec.stem.startswith("DL217") else None


@pytest.mark.parametrize("spec", INVALID, ids=lambda path: path.stem)
def test_invalid_spec_is_reported(spec, golden, monkeypatch):
    monkeypatch.chdir(spec.parent)
    found = compile_file(spec.name, keras=_keras(spec)).diagnostics
    assert spec.stem[:5] in {d.code.value for d in found}
    golden(spec.with_suffix(".diag"), "\n\n".join(map(str, found)) + "\n")


@pytest.mark.parametrize("spec", VALID, ids=lambda path: path.stem)
def test_valid_spec_gives_its_graph(spec, golden, monkeypatch):
    monkeypatch.chdir(spec.parent)
    compilation = compile_file(spec.name, keras=None)
    assert [str(d) for d in compilation.diagnostics] == []
    golden(spec.with_suffix(".graph"), graph_text(compilation.plan))


def test_every_code_has_an_invalid_spec():
    shown = "".join(path.read_text("utf-8") for path in (HERE / "invalid").rglob("*.diag"))
    codes = {code.value for code in Code}
    assert sorted(codes - ELSEWHERE - set(re.findall(r"\[(DL\d+)\]", shown))) == []


def test_every_golden_text_belongs_to_a_spec():
    texts = [*(HERE / "invalid").rglob("*.diag"), *(HERE / "valid").rglob("*.graph")]
    assert [path.name for path in texts if not path.with_suffix(".yaml").is_file()] == []


def test_every_help_is_one_statement_without_full_stop():
    shown = "".join(path.read_text("utf-8") for path in (HERE / "invalid").rglob("*.diag"))
    helps = re.findall(r"= help: (.*)", shown)
    assert len(helps) > 150
    assert [text for text in helps if text.endswith((".", "?", "!"))] == []


def test_a_file_that_is_not_there_is_reported(tmp_path):
    (found,) = compile_file(tmp_path / "nowhere.yaml").diagnostics
    assert found.code is Code.UNREADABLE
    assert found.label == "no such file or directory"


def graph_text(plan: Plan) -> str:
    """Return inputs, nodes with shapes, and outputs, one on a line."""
    lines = [f"input {i.name} {i.shape} {i.dtype}" for i in plan.graph.inputs]
    lines += [_line(node) for node in walk_graph_nodes(plan.graph)]
    lines += [f"output {name} = {_shown(tensor)}" for name, tensor in plan.graph.outputs]
    return "\n".join([*lines, f"{plan.graph.inputs_as} -> {plan.graph.outputs_as}"]) + "\n"


def _line(node: Node) -> str:
    outputs = ", ".join(f"{name} {tensor.shape} {tensor.dtype}" for name, tensor in node.outputs)
    call = f" with {_shown(node.call)}" if node.call else ""
    frozen = "" if node.trainable else " frozen"
    operands = f" of {_shown(node.inputs)}" if node.inputs else ""
    return f"{node.name} = {_operation(node)}{operands}{call}{frozen} -> {outputs}"


def _operation(node: Node) -> str:
    match node.operation:
        case Use(target=target, of=of):
            return f"{of} {target}"
        case Op(name=name, arguments=arguments, keywords=keywords):
            return f"ops.{name}({_shown(arguments)}, {_shown(keywords)})"
        case layer:
            return _shown(layer)


def _shown(value: object) -> str:
    if hasattr(value, "class_name"):
        return f"{value.class_name}({_shown(value.arguments)})"
    if hasattr(value, "output"):
        return f"{value.node}.{value.output}" if value.output else value.node
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    if hasattr(value, "items"):
        return ", ".join(f"{name}={_shown(item)}" for name, item in value.items())
    return f"model {value.name}" if hasattr(value, "name") else repr(value)
