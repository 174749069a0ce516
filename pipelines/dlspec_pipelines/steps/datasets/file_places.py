"""Where the files are that a spec names."""

import os
from pathlib import Path


def places_of_name(name: str, base: Path) -> tuple[Path, ...]:
    """Return where a source's file or folder is looked for: beside the spec, in $DLSPEC_DATA."""
    shared = os.environ.get("DLSPEC_DATA")
    tried = [base / name] if shared is None else [base / name, Path(shared).expanduser() / name]
    return tuple(dict.fromkeys(tried))
