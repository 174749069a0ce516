"""Keys that the sources of whole folders have."""

from dlspec.language.kinds import Choice, Text

FOLDER = Text()
FOLDER_DOC = (
    "The folder, relative to the spec: a folder for each class, or `train`, `test` and so on "
    "with those in each."
)
NAMES = Text()
NAMES_DOC = (
    "What all files are called, in the place of class folders: `{class}_{speaker}_{take}` makes "
    "three columns of `7_ann_0.wav`; a `/` goes into a folder."
)
UNREADABLE = Choice(("error", "skip"))
UNREADABLE_DOC = "What to do with files that cannot be read: stop, or leave them out, counted."
