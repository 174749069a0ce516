"""`weight: [n, d]`: a trained tensor of a graph's own, and what stands beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import ascii_lowercase

from dlspec.language.catalogue.reader import ClassEntry, Object, Parameter, Value, find_entry
from dlspec.language.catalogue.traits import Traits

# What Keras builds it of: a product of ones, one for each sample, with a kernel of this shape.
_BUILT_OF = "EinsumDense"
# Letters of its equation, beside that of the batch.
MOST_AXES = len(ascii_lowercase) - 1
WEIGHT_OPTIONS = ("initializer", "regularizer", "constraint")


def _option(name: str) -> Parameter:
    kernel = find_entry("layer", _BUILT_OF)
    found = kernel.parameter_named(f"kernel_{name}") if kernel else None
    assert found is not None, f"{_BUILT_OF} takes no kernel_{name}"
    return replace(found, name=name)


FREE_WEIGHT = ClassEntry(
    "weight",
    "layer",
    "dlspec",
    (
        Parameter("shape", "integers", minimum=1),
        # That of Keras's Embedding, which is such a table too.
        replace(_option("initializer"), default="uniform"),
        _option("regularizer"),
        _option("constraint"),
    ),
    # It reads no tensor of the graph: no mask, no step and no pixel goes through it.
    traits=Traits(mask="drops", sight="position"),
)


@dataclass(frozen=True, slots=True)
class FreeWeight(Object):
    """A trained tensor of the graph's own, with checked arguments."""

    @property
    def entry(self) -> ClassEntry:
        """Return what stands beside it."""
        return FREE_WEIGHT

    @property
    def shape(self) -> tuple[int, ...]:
        """Return its shape, without the batch axis."""
        found = self["shape"]
        assert isinstance(found, tuple), found
        return found  # type: ignore[return-value]  # whole numbers, as decoded

    @property
    def layer(self) -> Object:
        """Return the layer of Keras that holds it, called on ones of shape (batch,)."""
        axes = ascii_lowercase[1 : 1 + len(self.shape)]
        options = {f"kernel_{name}": self[name] for name in WEIGHT_OPTIONS}
        return Object(
            "layer",
            _BUILT_OF,
            {"equation": f"a,{axes}->a{axes}", "output_shape": self.shape, **options},
        )


def free_weight(arguments: Mapping[str, Value]) -> FreeWeight:
    """Return a weight with its checked arguments."""
    return FreeWeight(FREE_WEIGHT.kind, FREE_WEIGHT.name, arguments)
