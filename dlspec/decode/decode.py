"""Node tree -> ModelSpec: the file's params, its sections as records, its model as entries."""

import re
from collections.abc import Mapping
from typing import Any

from dlspec.decode.block_params import loss_entry
from dlspec.decode.entries import sound_name, written_entry_names
from dlspec.decode.inputs_of_data import inputs_of_features
from dlspec.decode.misplaced_keys import with_keys_in_place
from dlspec.decode.model_section import MODEL_KEYS, decode_losses, decode_model
from dlspec.decode.section_reader import RecordReader
from dlspec.decode.shared_vocabularies import with_shared_vocabularies
from dlspec.decode.spec import BlockSpec, InputSpec, ModelSpec, Places
from dlspec.decode.windows_of_inputs import with_windows_of_inputs
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.findings import Replacement, Reporter
from dlspec.diagnostics.source import Span
from dlspec.diagnostics.suggest import suggest
from dlspec.language.catalogue.target import Target
from dlspec.language.kinds import Key, Literal_, Record, keys_of
from dlspec.language.sections import Document
from dlspec.syntax.nodes import Entry, Node, Scalar, is_poison_node
from dlspec.syntax.nodes import Mapping as MappingNode
from dlspec.syntax.scalars import POISON
from dlspec.syntax.substitution import (
    Scope,
    as_node,
    describe_node,
    mark_all_read,
    plain_value,
    substitute_expressions,
)

# There has been no other: the next is the first that reads a text in another way.
LANGUAGE_VERSION = 1
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def decode(
    tree: MappingNode,
    target: Target,
    reporter: Reporter,
    *,
    overrides: Mapping[str, Node],
    stem: str | None = None,
) -> tuple[ModelSpec, Scope]:
    """Return the typed records of a file, poison where a mistake was reported, and its params.

    Args:
        overrides: Values that replace those under `params`.
        stem: The file's name without its ending, which `name` must equal; None asks nothing.
    """
    return _Decoder(target, reporter).document(tree, overrides, stem)


class _Decoder:
    """Walks the top of a file once."""

    def __init__(self, target: Target, reporter: Reporter) -> None:
        self._target = target
        self._reporter = reporter
        self._reader = RecordReader(target, reporter)

    def document(
        self, tree: MappingNode, overrides: Mapping[str, Node], stem: str | None
    ) -> tuple[ModelSpec, Scope]:
        where = _start_of(tree)
        top = {key.name: key for key in keys_of(Document)}
        tree = with_keys_in_place(tree, top.values(), _keys_of_sections(tree), self._reporter)
        tree = self._reader.checked_record_keys(tree, top.values(), "", "a spec", where)
        scope = self._decode_params(tree.get("params"), overrides)
        decoded: dict[str, Any] = {}
        tree, losses = self._decode_losses(tree, scope)
        for name, key in top.items():
            node = tree.get(name)
            if node is None or name in ("params", "model"):
                decoded[name] = key.default if not key.required else POISON
                continue
            node = substitute_expressions(node, scope, self._reporter)
            decoded[name] = self._reader.value(key.kind, node, name)
            if name == "training":
                written = written_entry_names(tree.get("model"))
                self._reader.declare_terms(decoded[name], written)
        self._check_version(tree.get("dlspec"))
        name = self._check_model_name(tree.get("name"), stem)
        places = Places(self._reader.values, self._reader.keys, where)
        model = tree.get("model")
        data: Any = with_shared_vocabularies(decoded["data"], self._reader, self._reporter)
        data = with_windows_of_inputs(data, self._reader, self._reporter)

        def inputs_of_data() -> tuple[InputSpec, ...]:
            return inputs_of_features(data, self._reader, self._reporter)

        spec = ModelSpec(
            name=name,
            description=decoded["description"],
            tags=decoded["tags"] or {},
            owners=decoded["owners"],
            params=dict(scope.own),
            model=decode_model(
                model if model is not None else tree,
                self._target,
                self._reporter,
                implied=inputs_of_data if tree.get("data") is not None else None,
            ),
            data=data,
            training=decoded["training"],
            evaluation=decoded["evaluation"],
            prediction=decoded["prediction"],
            retraining=decoded["retraining"],
            runtime=decoded["runtime"],
            places=places,
            losses=losses,
        )
        return spec, scope

    def _decode_losses(
        self, tree: MappingNode, scope: Scope
    ) -> tuple[MappingNode, dict[str, BlockSpec]]:
        """Return the tree without the losses it declares, whose `$` see their own params, and them.

        From here on their names mean them.
        """
        training = tree.get("training")
        if not isinstance(training, MappingNode):
            return tree, {}
        key = next((entry.key for entry in training if entry.name == "losses"), None)
        if key is None:
            return tree, {}
        self._reader.keys["training.losses"] = key.span
        losses = decode_losses(training.get("losses"), self._target, self._reporter)
        self._reader.declare_losses(
            loss_entry(loss, scope, self._reporter) for loss in losses.values()
        )
        rest = MappingNode(tuple(e for e in training if e.key is not key), training.span)
        entries = (Entry(e.key, rest) if e.name == "training" else e for e in tree)
        return MappingNode(tuple(entries), tree.span), losses

    def _check_version(self, node: Node | None) -> None:
        version = plain_value(node)
        if isinstance(node, Scalar) and isinstance(version, int) and version != LANGUAGE_VERSION:
            self._reporter.error(
                Code.VERSION,
                node.span,
                f"version {version} of the language is not known here",
                label=f"this dlspec reads version {LANGUAGE_VERSION}",
                help=f"write `dlspec: {LANGUAGE_VERSION}`",
            )

    def _check_model_name(self, node: Node | None, stem: str | None) -> str:
        name = node.value if isinstance(node, Scalar) else None
        if node is None or not isinstance(name, str):
            return "model"
        if not _NAME.match(name):
            self._reporter.error(
                Code.BAD_NAME,
                node.span,
                f"`{name}` cannot be a model's name",
                label="letters, digits and `_`, not beginning with a digit",
                help=_name_help(stem or name),
            )
        elif stem is not None and name != stem:
            self._reporter.error(
                Code.NAME_NOT_STEM,
                node.span,
                f"the model is called `{name}`, its file `{stem}`",
                label="not the file's name",
                help=_name_help(stem),
            )
        return name

    # -- params ------------------------------------------------------------------------------

    def _decode_params(self, node: Node | None, overrides: Mapping[str, Node]) -> Scope:
        own: dict[str, object] = {}
        entries = node.entries if isinstance(node, MappingNode) else ()
        scope = Scope(own, later=frozenset(entry.name for entry in entries))
        unread = is_poison_node(node)
        if node is not None and not isinstance(node, MappingNode) and not unread:
            self._reader.wrong("params", "a mapping from names to values", node)
        for entry in entries:
            self._reader.keys[f"params.{entry.name}"] = entry.key.span
            self._check_param_name(entry.key)
            declared = substitute_expressions(entry.value, scope, self._reporter)
            if entry.name in overrides:
                declared = self._override_param(entry.name, declared, overrides[entry.name])
            own[entry.name] = plain_value(declared)
        for entry in entries:
            # What a param reads by mistake before it is declared is read all the same.
            mark_all_read(entry.value, scope)
        for name in (name for name in overrides if name not in own):
            near = suggest(name, own, work=self._reporter.work)
            self._reporter.error(
                Code.UNKNOWN_PARAM,
                overrides[name].span,
                f"there is no param `{name}` to set",
                label=f"the params are {', '.join(own) or 'none'}",
                help=f"set `{near}`" if near else _path_help(name),
            )
        return scope

    def _check_param_name(self, key: Scalar) -> None:
        if not _NAME.match(str(key.value)):
            self._reporter.error(
                Code.BAD_NAME,
                key.span,
                f"`{key.value}` cannot be a param's name",
                label="letters, digits and `_`, not beginning with a digit",
                help=Replacement(sound_name(str(key.value)), certain=False),
            )

    def _override_param(self, name: str, declared: Node, value: Node) -> Node:
        if is_poison_node(value):
            return declared
        if not _same_kind(plain_value(declared), plain_value(value)):
            self._reporter.error(
                Code.WRONG_TYPE,
                value.span,
                f"the param `{name}` cannot be set to {describe_node(value)}",
                label=f"it is declared as {describe_node(declared)}",
                help="set a value of the same kind",
            )
            return as_node(POISON, value.span)
        return value


def _keys_of_sections(tree: MappingNode) -> dict[str, dict[str, Key]]:
    """Return the keys of each section by name; those of `model` where it is written out."""
    model = tree.get("model")
    taken = isinstance(model, MappingNode) and model.get("zoo") is not None
    keys = {
        section.name: {key.name: key for key in keys_of(section.kind.type)}
        for section in keys_of(Document)
        if isinstance(section.kind, Record)
    }
    of_model = {
        name: Key(name, Literal_(), "", required=False, default=None) for name in MODEL_KEYS
    }
    return keys if taken else {"model": of_model, **keys}


def _same_kind(old: object, new: object) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return isinstance(old, bool) and isinstance(new, bool)
    if isinstance(old, int | float):
        return isinstance(new, int | float)
    if isinstance(old, tuple):
        return isinstance(new, list | tuple)
    return old is None or old is POISON or type(old) is type(new)


def _start_of(tree: MappingNode) -> Span:
    return tree.entries[0].key.span if tree.entries else tree.span


def _name_help(stem: str) -> str:
    """Return what to write where a name and its file's stem differ, or neither can be a name."""
    if _NAME.match(stem):
        return f"write `name: {stem}`, or rename the file"
    sound = sound_name(stem)
    return f"write `name: {sound}` and call the file `{sound}.yaml`"


def _path_help(name: str) -> str:
    """Return the path of the key that is meant by a bare `--set epochs=3`, where there is one."""
    paths = [
        f"{section.name}.{key.name}"
        for section in keys_of(Document)
        if isinstance(section.kind, Record)
        for key in keys_of(section.kind.type)
        if key.name == name
    ]
    return f"set `{paths[0]}`" if len(paths) == 1 else "declare it under `params`"
