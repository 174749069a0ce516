"""What the generators of rows share: the same seed gives the same rows."""

# Raised whenever a generator gives other rows: prepared data sets are found by it.
VERSION = 1
