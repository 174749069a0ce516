"""The command `import`: a saved model in, a spec out; kept apart since `check` needs none of it."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import click

from dlspec.decode.entries import sound_name
from dlspec.diagnostics.findings import SpecError
from dlspec.syntax.spec_files import write_text
from dlspec.tools.commands.exit_status import CannotDo
from dlspec.tools.commands.findings_output import print_refusals
from dlspec.tools.commands.remarks import QUIET_OPTION, print_remark

_WEIGHTS = ".weights.h5"


class _Imported(Protocol):
    """What is printed of an import; its own type stands in the back end, which loads Keras."""

    @property
    def text(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...


@click.command("import")
@click.argument("model", metavar="MODEL")
@click.option("-o", "--output", metavar="SPEC", help="Write the spec to this file.")
@click.option("--name", help="What the spec is called; default: the stem of SPEC, or the model's.")
@click.option("--flat", is_flag=True, help="One entry for each layer, with its own name.")
@click.option("--weights", metavar="FILE", help="Keep the weights, in a file `*.weights.h5`.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@QUIET_OPTION
def import_model(
    model: str,
    output: str | None,
    name: str | None,
    weights: str | None,
    *,
    flat: bool,
    force: bool,
) -> None:
    """Turn a saved Keras model into a spec; nothing that the file holds is run.

    MODEL is a `.keras` file, an `.h5` of a whole model, the JSON of `to_json` or the YAML of the
    old `to_yaml`, from any Keras since 0.3; `-` is standard input. The spec goes to standard output
    or to SPEC. What was dropped or assumed is said on standard error. Exits with 1, and writes
    nothing, when something in the model cannot be said.

    \b
    Examples:
      dlspec import resnet.keras -o specs/resnet.yaml --weights resnet.weights.h5
      dlspec import old_model.h5 --flat
      dlspec import - < architecture.json
    """  # noqa: D301 - click reads \b
    named = _imported_spec_name(output, name)
    if weights is not None and not weights.endswith(_WEIGHTS):
        raise click.UsageError(
            f"`{weights}` is no name for weights; write `--weights {Path(weights).stem}{_WEIGHTS}`"
        )
    if model != "-" and not Path(model).exists():
        raise click.UsageError(f"there is no file `{model}`")
    targets = [Path(path) for path in (output, weights) if path is not None]
    for target in targets:
        _require_writable_target(target, Path(model), force=force)
    found = _import_or_exit(model, named, weights, flat=flat)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if output is None:
        click.echo(found.text, nl=False)
    else:
        _write_imported_spec(Path(output), found.text)
    if targets:
        print_remark(f"wrote {' and '.join(map(str, targets))}")


def _require_writable_target(target: Path, model: Path, *, force: bool) -> None:
    """Refuse a file that is not to be written, before the model is read.

    Raises:
        click.UsageError: If it is there, or cannot be a file.
        CannotDo: If its folder may not be written.
    """
    if target.is_dir():
        raise click.UsageError(f"`{target}` is a folder; name a file in it")
    if target.exists():
        if model.exists() and target.samefile(model):
            raise click.UsageError(f"`{target}` is the model that is read; name another file")
        if not force:
            raise click.UsageError(f"`{target}` is there already; `--force` writes over it")
    # A missing folder is made, in the nearest one that is there.
    folder = next(above for above in target.absolute().parents if above.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise CannotDo(f"{target} cannot be written: `{folder}` is no folder where you may write")


def _import_or_exit(model: str, name: str | None, weights: str | None, *, flat: bool) -> _Imported:
    """Return what a file says, its weights kept; print why not and exit with 1."""
    from dlspec.backends.saved.model_files import load_document

    try:
        document = load_document(model, sys.stdin.buffer)
        with _quiet_start():
            from dlspec.backends.saved.importing import import_saved_model as read
            from dlspec.backends.saved.kept_weights import KeptError, keep_weights
        found = read(document, name=name, flat=flat)
    except SpecError as error:
        print_refusals(error.diagnostics)
        sys.exit(1)
    if weights is not None:
        try:
            keep_weights(found, Path(weights))
        except KeptError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise CannotDo(f"{weights} cannot be written: {error.strerror}") from error
    return found


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Keep what TensorFlow says about the processor off the terminal, unless importing it fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    before = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except Exception:
            os.dup2(before, 2)
            said.seek(0)
            os.write(2, said.read())
            raise
        finally:
            os.dup2(before, 2)
            os.close(before)


def _write_imported_spec(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise CannotDo(f"{path} cannot be written: {error.strerror}") from error


def _imported_spec_name(output: str | None, name: str | None) -> str | None:
    """Return what the spec is called, which is the stem of its file.

    Raises:
        click.UsageError: If the two differ, or the stem cannot be a name.
    """
    stem = None if output is None else Path(output).stem
    if stem is not None and sound_name(stem) != stem:
        raise click.UsageError(f"`{stem}` cannot be a name; write `-o {sound_name(stem)}.yaml`")
    if name is not None and sound_name(name) != name:
        raise click.UsageError(f"`{name}` cannot be a name; write `--name {sound_name(name)}`")
    if stem is not None and name is not None and stem != name:
        raise click.UsageError(f"a spec called `{name}` belongs into `{name}.yaml`")
    return stem if name is None else name
