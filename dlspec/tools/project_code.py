"""The code of a project that a plan's model is built with."""

import os
from collections.abc import Iterable

from dlspec.language.catalogue import ListedObject, Origin
from dlspec.resolve.plan import Plan, walk_graph_nodes
from dlspec.rules.backend import nested_layers


def told_project_code(plans: Iterable[Plan]) -> str | None:
    """Return which code of a project the models of these plans import, as one line.

    Returns:
        The word, the class and the file of each layer; None where Keras alone builds them.
    """
    origins = {
        layer.class_name: layer.listed.origin
        for plan in plans
        for node in walk_graph_nodes(plan.graph)
        for layer in nested_layers(node.operation)
        if isinstance(layer, ListedObject) and layer.listed.origin is not None
    }
    if not origins:
        return None
    return ", ".join(f"`{word}` {_told_origin(origin)}" for word, origin in sorted(origins.items()))


def _told_origin(origin: Origin) -> str:
    file, here = origin.file, os.path.abspath(os.curdir)  # noqa: PTH100 - `resolve` follows links
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    return f"(class `{origin.name}` of {shown})"
