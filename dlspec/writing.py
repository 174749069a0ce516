"""Text -> a file that is there whole, or not changed at all."""

import os
import tempfile
from pathlib import Path


def replace_text(path: Path, text: str) -> None:
    """Give a file a new text in one step; its permissions, and a link to it, stay as they are.

    Raises:
        OSError: If the folder or the file cannot be written; the file is then as it was.
    """
    file = path.resolve()
    mode = file.stat().st_mode
    # A rename asks for no right on the file itself; without this a locked file would be replaced.
    with file.open("rb+"):
        pass
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=file.parent, prefix=".", suffix=".part", delete=False
    ) as part:
        whole = Path(part.name)
        try:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
            whole.chmod(mode & 0o7777)
            whole.replace(file)
        finally:
            whole.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a file whole, over what is there under its name; its folder is made.

    Raises:
        OSError: If the folder or the file cannot be written; the file is then as it was.
    """
    if path.exists():
        replace_text(path, text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(exist_ok=False)
    try:
        replace_text(path, text)
    except BaseException:
        # Ctrl-C too leaves no empty file.
        path.unlink()
        raise
