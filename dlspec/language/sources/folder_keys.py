"""Keys that the sources of whole folders have."""

from dlspec.language.kinds import Choice, Text

FOLDER = Text()
UNREADABLE = Choice(("error", "skip"))
UNREADABLE_DOC = "What to do with files that cannot be read: stop, or leave them out, counted."
