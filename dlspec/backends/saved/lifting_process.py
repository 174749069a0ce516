"""`python -m dlspec.backends.saved.lifting_process FILE`: a saved model -> its spec, as JSON.

The front end, which imports no Keras, runs it in a process of its own. What goes wrong is JSON too.
"""

import io
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from importlib import import_module
from typing import cast

from dlspec.backends.saved.model_files import load_document
from dlspec.diagnostics.codes import Code
from dlspec.diagnostics.counts import counted
from dlspec.diagnostics.findings import Diagnostic, SpecError
from dlspec.diagnostics.missing_packages import missing_package


def lifted_or_refused(path: str) -> Mapping[str, object]:
    """Return the spec of a saved model with the names of its layers, or why there is none."""
    try:
        document = load_document(path, io.BytesIO())
        # Keras takes seconds, for nothing where the file is none; it may be missing, too.
        keras_side = import_module("dlspec.backends.saved.kept_weights")
        return cast("Mapping[str, object]", keras_side.lifted_model(document))
    except SpecError as error:
        return {"refused": _first_of_all(error.diagnostics, path)}
    except ModuleNotFoundError as error:
        if (missing := missing_package(error)) is None:
            raise
        reason = {"message": f"reading `{path}` {missing}", "label": "a saved model"}
        return {"refused": {"code": Code.UNREADABLE.value, **reason}}


def _first_of_all(diagnostics: Sequence[Diagnostic], path: str) -> Mapping[str, object]:
    """Return the first finding for all of them; how many more there are is counted."""
    first, others = diagnostics[0], len(diagnostics) - 1
    more = [f"{counted(others, 'more part')} of it cannot be said"] if others else []
    return {
        "code": first.code.value,
        "message": first.message,
        "label": first.label,
        "notes": [*first.notes, *more],
        "help": f"mend what `dlspec import {path}` lists" if others else first.help,
    }


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):
        said = json.dumps(lifted_or_refused(sys.argv[1]))
    sys.stdout.write(f"{said}\n")
