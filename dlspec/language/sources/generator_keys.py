"""Keys that several generators of rows have."""

from dlspec.language.kinds import Integer

SAMPLES = Integer(minimum=10, maximum=10_000_000)
SEED = Integer(minimum=0)
