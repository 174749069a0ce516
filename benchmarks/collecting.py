"""Every functional model that Keras's own tests build while they run, and what becomes of it."""

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.models import Functional
from keras.src.ops.operation import Operation
from keras.src.testing import TestCase
from keras.src.testing.test_case import create_keras_tensors


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one model: `same`, `refused` or `wrong`, and why."""

    test: str
    model: str
    state: str
    reason: str = ""


@dataclass(slots=True)
class Collector:
    """A pytest plugin that tries every model which a test has built, when the test is over."""

    calls: bool
    outcome: Callable[[keras.Model], tuple[str, str]]
    models: list[keras.Model] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    failed: Counter[str] = field(default_factory=Counter)
    busy: bool = False

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Of the tests of layers, with `calls`, keep those that call a layer on given shapes."""
        if self.calls:
            items[:] = [item for item in items if _is_about_calls(item)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Try the models after the test, before Keras's session is cleared."""
        self.models.clear()
        try:
            return (yield)
        finally:
            self.busy = True
            inner = {id(getattr(model, "_functional", None)) for model in self.models}
            for model in self.models:
                if id(model) not in inner:
                    self._try(item.nodeid.rpartition("/")[2], model)
            self.models.clear()
            self.busy = False

    def _try(self, test: str, model: keras.Model) -> None:
        if isinstance(model, keras.Sequential) and not (model.built and model.layers):
            return
        state, reason = self.outcome(model)
        self.results.append(Result(test, model.name, state, reason))

    def note(self, model: keras.Model) -> None:
        """Keep a model that was just built, but for those built while trying others."""
        if not self.busy:
            self.models.append(model)

    def note_call(self, operation: Any, args: Any, kwargs: Any) -> None:  # noqa: ANN401 - as Keras's own tests call it
        """Keep a call on symbolic tensors as a model of its own, each kind of call once."""
        config = operation.get_config() if isinstance(operation, keras.Layer) else {}
        config = {name: value for name, value in config.items() if name != "name"}
        key = repr((type(operation), config, args, kwargs))
        if self.busy or key in self.seen:
            return
        self.seen.add(key)
        self.busy = True
        try:
            self.models.append(_model_of(operation, args, kwargs))
        except (ValueError, AttributeError, TypeError, NotImplementedError) as error:
            self.failed[type(error).__name__] += 1
        self.busy = False


def _is_about_calls(item: pytest.Item) -> bool:
    source = inspect.getsource(item.function) if isinstance(item, pytest.Function) else ""
    return "run_layer_test" in source or "layers" not in item.path.parts


def _noting_layer_test(collector: Collector) -> Callable[..., None]:
    """Return what stands in for Keras's `run_layer_test`: the call alone, without training."""

    def noting(
        _test: object,
        layer_cls: type[keras.Layer],
        init_kwargs: dict[str, Any],
        *,
        input_shape: Any = None,  # noqa: ANN401 - as Keras's own
        input_dtype: Any = None,  # noqa: ANN401 - as Keras's own tests call it
        input_data: Any = None,  # noqa: ANN401 - as Keras's own tests call it
        call_kwargs: dict[str, Any] | None = None,
        **options: Any,  # noqa: ANN401 - as Keras's own tests call it
    ) -> None:
        layer = layer_cls(**init_kwargs)
        if input_data is not None:
            given = keras.tree.map_structure(_symbolic, input_data)
        else:
            dtype = input_dtype or keras.src.tree.map_shape_structure(
                lambda _: "float32", input_shape
            )
            sparse = bool(options.get("input_sparse"))
            given = create_keras_tensors(input_shape, dtype, sparse, ragged=False)
        if isinstance(given, dict):
            collector.note_call(layer, (), {**given, **(call_kwargs or {})})
        else:
            collector.note_call(layer, (given,), call_kwargs or {})

    return noting


def _symbolic(value: Any) -> Any:  # noqa: ANN401 - an array
    array = np.asarray(value)
    return keras.KerasTensor(array.shape, dtype=keras.backend.standardize_dtype(array.dtype))


def _model_of(operation: Any, args: Any, kwargs: Any) -> keras.Model:  # noqa: ANN401 - as Keras's own tests call it
    """Return a model that is one call, on inputs of the shapes that a test has called it on."""
    inputs: dict[int, Any] = {}

    def declared(leaf: Any) -> Any:  # noqa: ANN401 - a symbolic tensor, or anything
        if not isinstance(leaf, keras.KerasTensor):
            return leaf
        if id(leaf) not in inputs:
            made = {"dtype": leaf.dtype, "sparse": leaf.sparse, "name": f"input_{len(inputs)}"}
            inputs[id(leaf)] = keras.Input(batch_shape=leaf.shape, **made)
        return inputs[id(leaf)]

    given = keras.tree.map_structure(declared, args)
    named = keras.tree.map_structure(declared, kwargs)
    outputs = operation(*given, **named)
    return Functional(list(inputs.values()), outputs)


@contextmanager
def watched(collector: Collector) -> Iterator[None]:
    """Tell the collector of every model that is built, in this process."""
    functional, sequential = Functional.__init__, keras.Sequential.__init__
    call = Operation.symbolic_call
    Functional.__init__ = _noting(functional, collector)
    keras.Sequential.__init__ = _noting(sequential, collector)
    layer_test = TestCase.run_layer_test
    if collector.calls:
        Operation.symbolic_call = _noting_call(call, collector)
        TestCase.run_layer_test = _noting_layer_test(collector)
    yield
    TestCase.run_layer_test = layer_test
    Functional.__init__, keras.Sequential.__init__ = functional, sequential
    Operation.symbolic_call = call


def _noting(init: Callable[..., None], collector: Collector) -> Callable[..., None]:
    def noting(model: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Keras's own
        init(model, *args, **kwargs)
        collector.note(model)

    return noting


def _noting_call(call: Callable[..., Any], collector: Collector) -> Callable[..., Any]:
    def noting(operation: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as Keras's own
        outputs = call(operation, *args, **kwargs)
        if not isinstance(operation, keras.Model):
            collector.note_call(operation, args, kwargs)
        return outputs

    return noting
