"""A table becomes the arrays a model reads: split, fit on the training rows, apply, write.

`dataset.prepare` does it all and needs pandas; `parts.open_part` reads the result with numpy alone.
"""
