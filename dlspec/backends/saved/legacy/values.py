"""Old values of arguments -> values of Keras 3: initial values, penalties, constraints, dtypes."""

import re
from collections.abc import Mapping
from math import isfinite
from struct import pack, unpack
from typing import Any

from dlspec.backends.saved.legacy.old_words import (
    CONSTRAINT_CLASSES,
    CONSTRAINTS,
    INITIALIZERS,
    VARIANCE_SCALING,
)

_GENERATION = re.compile(r"V[12]$")


def keras3_argument_value(name: str, value: Any) -> Any:  # noqa: ANN401 - a value of a config
    """Return an argument's value as Keras 3 writes it; what is unknown stays, to be refused."""
    return shortened_float32_numbers(_translated_value(name, value))


def shortened_float32_numbers(value: Any) -> Any:  # noqa: ANN401 - a value of a config
    """Return `0.01` for 0.009999999776482582: Keras 2 wrote numbers as it kept them, in 32 bits."""
    if isinstance(value, list):
        return [shortened_float32_numbers(item) for item in value]
    if isinstance(value, Mapping):
        return {key: shortened_float32_numbers(item) for key, item in value.items()}
    if not isinstance(value, float) or not isfinite(value) or len(repr(value)) < 12:
        return value
    if abs(value) > 1e38 or _rounded_to_float32(value) != value:
        return value
    candidates = (float(f"{value:.{digits}g}") for digits in range(1, 10))
    return next((short for short in candidates if _rounded_to_float32(short) == value), value)


def _rounded_to_float32(value: float) -> float:
    return float(unpack("f", pack("f", value))[0])


def _translated_value(name: str, value: Any) -> Any:  # noqa: ANN401 - data of a saved model
    if name.endswith("_initializer"):
        return _translated_initializer(value)
    if name.endswith("_regularizer"):
        return _translated_regularizer(value)
    if name.endswith("_constraint"):
        return _translated_constraint(value)
    if name == "dtype":
        return _dtype_policy_name(value)
    if name.endswith("activation") and isinstance(value, Mapping):
        # tf.keras wrote functions that were registered with their names.
        return _registered_function_name(value)
    return value


def _translated_initializer(value: Any) -> Any:  # noqa: ANN401 - data of a saved model
    if isinstance(value, str):
        return INITIALIZERS.get(value, value)
    if not isinstance(value, Mapping) or not isinstance(value.get("config"), Mapping):
        return value
    class_name = _GENERATION.sub("", str(value.get("class_name")))
    config = {k: v for k, v in value["config"].items() if k not in ("dtype", "partition_info")}
    if class_name == "VarianceScaling":
        return _translated_variance_scaling(config)
    return {**value, "class_name": class_name, "config": config}


def _translated_variance_scaling(config: Mapping[str, Any]) -> Mapping[str, Any]:
    scale, mode = config.get("scale", 1.0), config.get("mode", "fan_in")
    distribution = config.get("distribution", "normal")
    named = VARIANCE_SCALING.get((str(scale), str(mode), str(distribution)))
    if named is not None:
        return {"class_name": named, "config": {"seed": config.get("seed")}}
    # Until tf.keras 1.13 `normal` meant the truncated one.
    said = "truncated_normal" if distribution == "normal" else distribution
    return {"class_name": "VarianceScaling", "config": {**config, "distribution": said}}


def _translated_regularizer(value: Any) -> Any:  # noqa: ANN401 - data of a saved model
    if not isinstance(value, Mapping):
        return value
    class_name, config = _legacy_class_and_config(value)
    if class_name in ("WeightRegularizer", "ActivityRegularizer", "L1L2Regularizer"):
        class_name = "L1L2"
    if class_name != "L1L2":
        return {**value, "class_name": class_name, "config": config}
    l1, l2 = config.get("l1") or 0.0, config.get("l2") or 0.0
    match bool(l1), bool(l2):
        case False, False:
            return None
        case True, False:
            return {"class_name": "L1", "config": {"l1": l1}}
        case False, True:
            return {"class_name": "L2", "config": {"l2": l2}}
        case _:
            return {"class_name": "L1L2", "config": {"l1": l1, "l2": l2}}


def _translated_constraint(value: Any) -> Any:  # noqa: ANN401 - data of a saved model
    if isinstance(value, str):
        return CONSTRAINT_CLASSES.get(value, value)
    if not isinstance(value, Mapping):
        return value
    class_name, config = _legacy_class_and_config(value)
    class_name = CONSTRAINT_CLASSES.get(class_name, class_name)
    renamed = CONSTRAINTS.get(class_name, {})
    return {
        **value,
        "class_name": class_name,
        "config": {renamed.get(key, key): item for key, item in config.items()},
    }


def _legacy_class_and_config(value: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return class and arguments of `{class_name, config}`, or of Keras 1's `{name, ...}`."""
    config = value.get("config")
    if isinstance(config, Mapping):
        return str(value.get("class_name")), config
    return str(value.get("name")), {k: v for k, v in value.items() if k != "name"}


def _dtype_policy_name(value: Any) -> Any:  # noqa: ANN401 - data of a saved model
    """Return the name of a policy; `float` and `int` are Keras 0.3's."""
    if isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):
        return value["config"].get("name")
    return (
        {"float": "float32", "int": "int32"}.get(value, value) if isinstance(value, str) else value
    )


def _registered_function_name(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - data of a saved model
    config = value.get("config")
    return config if value.get("class_name") == "function" and isinstance(config, str) else value
