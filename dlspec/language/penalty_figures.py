"""The names of the figures that tell what layers add to the loss."""

# Of the weights of all layers together: a model of fifty regularized layers has one curve of it.
REGULARIZATION = "regularization"
# Of one layer each, after its name, spelled as Keras spells what adds them.
ACTIVITY_REGULARIZER = "activity_regularizer"
ADD_LOSS = "add_loss"
PENALTIES_OF_LAYERS = (ACTIVITY_REGULARIZER, ADD_LOSS)


def is_penalty_figure(name: str) -> bool:
    """Tell whether a figure of this name is what layers add to a loss."""
    of_layer = tuple(f"_{ending}" for ending in PENALTIES_OF_LAYERS)
    return name == REGULARIZATION or (name.endswith(of_layer) and not name.startswith("_"))
