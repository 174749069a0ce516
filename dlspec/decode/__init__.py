"""The tree of a text -> ModelSpec, typed and in range."""
