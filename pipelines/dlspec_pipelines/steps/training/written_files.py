"""The files that callbacks write: beside the checkpoint while training, in the run's folder after.

A training that goes on from a checkpoint finds them as they stood at that checkpoint, so that they
end as if it had never been interrupted.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dlspec.language.catalogue import Object
from dlspec_pipelines.steps import store


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """The files of a training's callbacks.

    Attributes:
        work: The folder of the unfinished training.
        callbacks: What the plan declares; their paths are relative to the run's folder.
    """

    work: Path
    callbacks: Sequence[Object]

    @property
    def folder(self) -> Path:
        """Return where the callbacks write while the training runs."""
        return self.work / "files"

    @property
    def _copies(self) -> Path:
        return self.work / "files-at-checkpoint"

    def placed_callbacks(self) -> list[Object]:
        """Return the callbacks with paths in `folder` in the place of relative ones."""
        return [self._placed_callback(callback) for callback in self.callbacks]

    def _placed_callback(self, callback: Object) -> Object:
        traits, placed = callback.traits, dict(callback.arguments)
        for argument in (*traits.files, *traits.folders):
            folder = str(self.folder)
            if argument in traits.formatted:
                folder = folder.replace("{", "{{").replace("}", "}}")
            placed[argument] = os.path.normpath(f"{folder}/{callback[argument]}")
        return replace(callback, arguments=placed)

    def copy_at_checkpoint(self) -> str | None:
        """Copy the files as they are now, beside the copies of the checkpoint before.

        Returns:
            The name of the copies, for `revert`; None where no callback writes a file.

        Raises:
            StepError: If the disk is full or the folder may not be written.
        """
        files = list(self._files_of_now())
        if not files:
            return None
        before = self._copies / max(self._names_of_copies(), key=int, default="0")
        name = str(int(before.name) + 1)
        with store.whole_folder(self._copies / name) as aside:
            for file in files:
                place = file.relative_to(self.folder)
                (aside / place).parent.mkdir(parents=True, exist_ok=True)
                if _is_same_file(before / place, file):
                    (aside / place).hardlink_to(before / place)
                else:
                    shutil.copy2(file, aside / place)
        return name

    def drop_other_copies(self, name: str | None) -> None:
        """Remove the copies of earlier checkpoints, once a later one is on disk."""
        for other in self._names_of_copies():
            if other != name:
                shutil.rmtree(self._copies / other)

    def revert(self, name: str | None, *, goes_on: bool) -> None:
        """Put the files back as they were at a checkpoint, or remove them all.

        Args:
            name: What `copy_at_checkpoint` returned there.
            goes_on: Whether the training goes on from a checkpoint; else it begins.
        """
        if goes_on:
            for file in list(self._files_of_now()):
                file.unlink()
            if name is not None:
                shutil.copytree(self._copies / name, self.folder, dirs_exist_ok=True)
        elif self.folder.exists():
            shutil.rmtree(self.folder)
        self._make_parent_folders()

    def move_into(self, run_folder: Path) -> None:
        """Move all files into the folder of the run."""
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                shutil.move(path, run_folder / path.name)

    def _files_of_now(self) -> Iterator[Path]:
        """Yield the files that are put back.

        Those in a folder of a callback's own are left: TensorBoard adds a file in each process,
        holds back what it has not yet written, and reads a step that comes twice once.
        """
        folders = [
            self.folder / str(callback[argument])
            for callback in self.callbacks
            for argument in callback.traits.folders
        ]
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not any(path.is_relative_to(folder) for folder in folders):
                yield path

    def _make_parent_folders(self) -> None:
        for callback in self.callbacks:
            # Keras makes those of the names that it fills with figures.
            for argument in set(callback.traits.files) - set(callback.traits.formatted):
                (self.folder / str(callback[argument])).parent.mkdir(parents=True, exist_ok=True)

    def _names_of_copies(self) -> list[str]:
        return [path.name for path in self._copies.glob("[0-9]*")]


def _is_same_file(copy: Path, file: Path) -> bool:
    """Return whether a copy, which has the time of what it was made of, is still the same."""
    if not copy.is_file():
        return False
    one, other = copy.stat(), file.stat()
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
