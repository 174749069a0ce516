"""The catalogue of the installed Keras, made once for all the tests that ask for it."""

from functools import cache

from dlspec.backends.introspect.generate import generate_catalogue


@cache
def generated() -> str:
    """Return the text that the generator writes; half a minute."""
    return generate_catalogue()
