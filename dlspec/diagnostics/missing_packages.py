"""A package that is not installed, told with the command that brings it."""

# The extra that brings a package, where it is not `run`.
_EXTRAS = {"jax": "jax", "torch": "torch"}
# What a package is called where its module is not.
_CALLED = {"PIL": "pillow"}
# A module of ours that is missing is our mistake, not the user's.
_OWN = ("dlspec", "dlspec_pipelines")


def missing_package(error: ModuleNotFoundError) -> str | None:
    """Return what is missing and how to get it, to be put after who needs it; None for our own."""
    package = (error.name or "").partition(".")[0]
    if not package or package in _OWN:
        return None
    package = _CALLED.get(package, package)
    extra = _EXTRAS.get(package, "run")
    return f"needs `{package}`, which is not installed; `pip install 'dlspec[{extra}]'` brings it"
