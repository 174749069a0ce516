"""Keys that several kinds of features have, and what they say of themselves."""

from dlspec.language.kinds import Choice, Integer, ListOf, Number, Text

COLUMN = Text()
COLUMNS = ListOf(Text(), or_one=True)
SCALE = Number()
POSITIVE = Integer(minimum=1)
FILL = Choice(("mean", "median"), or_number=True)
STANDARDIZE_DOC = "Subtract the mean and divide by the deviation, both of the training split."
SCALE_DOC = "Multiply every value by this."
MISSING_DOC = "What stands for a missing value: mean, median or a number."
