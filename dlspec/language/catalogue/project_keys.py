"""The keys of a project's table `[tool.dlspec]`: what each takes, and what it does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """One key of `[tool.dlspec]` in a project's pyproject.toml.

    Attributes:
        takes: The Python type that TOML gives, and `form` the words for it.
        doc: What it does, as a sentence.
    """

    name: str
    takes: type
    form: str
    doc: str


LAYERS = ProjectKey(
    "layers",
    dict,
    "a table",
    'Layers of the project\'s own: a word that specs use, and `"module:Class"`.',
)
NETWORK = ProjectKey(
    "network",
    bool,
    "true or false",
    "Whether the callbacks of its specs may speak to the network; by default they may not.",
)
PROJECT_KEYS = (LAYERS, NETWORK)
PROJECT_KEY_OF = {key.name: key for key in PROJECT_KEYS}
