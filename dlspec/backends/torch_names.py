"""Layer names with dots on PyTorch, whose modules keep parameters as attributes and refuse them."""

import keras

if keras.config.backend() == "torch":
    import torch

    class _Parameters(torch.nn.ParameterDict):  # type: ignore[misc]  # PyTorch may not be installed
        """Parameters by the path of their variable; the attribute behind one has no dots."""

        def _key_to_attr(self, key: str) -> str:
            return str(super()._key_to_attr(key)).replace(".", ":")

    def _track_variables(layer: keras.Layer) -> None:
        layer._torch_params = _Parameters({v.path: v.value for v in layer.variables})


def allow_dots() -> None:
    """Let Keras 3.15 build layers such as `stage1.conv` on PyTorch; elsewhere they need nothing."""
    if keras.config.backend() == "torch":
        keras.Layer._track_variables = _track_variables
