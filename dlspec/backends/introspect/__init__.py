"""The catalogue's generator: what the installed Keras accepts, found by introspection.

Signatures give names and defaults, docstrings give types and words, the source gives the values an
argument is compared with, and construction settles what is accepted. `python -m
dlspec.backends.introspect` writes the file; `--check` says whether it is current.
"""
