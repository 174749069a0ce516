"""A first spec for an architecture and a data set: written as a person would, compiled before."""

import re
import tempfile
from pathlib import Path

from dlspec.compiler import compile_source
from dlspec.diagnostics.source import Source
from dlspec.diagnostics.suggest import suggest
from dlspec.expand.zoo import architecture_names
from dlspec.syntax.scalars import core_value
from dlspec.tools.new.architecture_fits import FITS, Fit, view_of
from dlspec.tools.new.data_presets import DATA, DataPreset, View
from dlspec.tools.new.lessons import lesson_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def write_new(name: str, architecture: str, data: str, folder: Path) -> Path:
    """Write a spec called `name` into `folder` and return its path.

    Args:
        architecture: A packaged architecture, such as `lenet5`.
        data: A data set of `data_presets`, such as `digits`.

    Raises:
        ValueError: If the name cannot be one, a file of this name is there already, a word is
            unknown, or the two do not fit; the message says what does.
        OSError: If the folder cannot be written to.
    """
    return write_spec_text(name, new_text(name, architecture, data), folder)


def write_spec_text(name: str, text: str, folder: Path) -> Path:
    """Write the text of a new spec into `folder` and return its path.

    Raises:
        ValueError: If a file of this name is there already.
        OSError: If the folder cannot be written to.
    """
    path = folder / f"{name}.yaml"
    found = compile_source(Source(str(path), text)).diagnostics
    assert not found, f"the new spec has findings: {found[0]}"
    folder.mkdir(parents=True, exist_ok=True)
    _write_new_spec_file(path, text)
    return path


def new_text(name: str, architecture: str, data: str) -> str:
    """Return the text of a spec for a pair that fits.

    Raises:
        ValueError: As `write_new`, but for the file.
    """
    require_spec_name(name)
    _require_known("packaged architecture", architecture, architecture_names())
    _require_known("data set", data, tuple(DATA))
    view = view_of(architecture, data)
    if view is None:
        raise ValueError(_misfit_message(architecture, data))
    return _filled_spec_text(name, architecture, DATA[data], FITS[architecture], view)


def require_spec_name(name: str) -> None:
    """Check that a spec may be called so.

    Raises:
        ValueError: If not.
    """
    if not _NAME.match(name) or core_value(name) != name:
        raise ValueError(f"`{name}` cannot be a name: letters, digits and `_`, no digit first")


def _require_known(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        near = suggest(word, known)
        said = f"write `{near}`" if near else f"there are {', '.join(known)}"
        raise ValueError(f"there is no {what} `{word}`; {said}")


def _misfit_message(architecture: str, data: str) -> str:
    fitting = [name for name in DATA if view_of(architecture, name)]
    others = [name for name in architecture_names() if view_of(name, data)]
    takes = (
        f"`{architecture}` takes {', '.join(fitting)}"
        if fitting
        else (f"no data set here fits `{architecture}`")
    )
    return f"`{architecture}` does not fit `{data}`: {takes}; `{data}` fits {', '.join(others)}"


def _filled_spec_text(name: str, architecture: str, data: DataPreset, fit: Fit, view: View) -> str:
    lesson = lesson_of(fit, data, view)
    knobs = ", ".join(f"{key}: {value}" for key, value in fit.knobs.items())
    arguments = ", ".join(f"{key}: {value}" for key, value in fit.arguments(view, data).items())
    features = {fit.input: view.feature, **view.beside}
    inputs = ", ".join(f"{key}: {value}" for key, value in features.items())
    targets = f"  targets: {{{lesson.target}: {lesson.answer}}}\n" if lesson.target else ""
    patience = max(3, data.epochs // 5)
    at_most = "   # at most: training ends when validation gets no better" if lesson.watched else ""
    stopping = (
        f"""\
  callbacks:
    - EarlyStopping: {{monitor: {lesson.watched}, patience: {patience}, restore_best_weights: true}}
"""
        if lesson.watched
        else ""
    )
    return f"""\
# yaml-language-server: $schema=../schemas/dlspec-1.json
dlspec: 1
name: {name}
description: {fit.about} {lesson.goal} {data.about}{view.about}.

params: {{{knobs}}}   # change them with `--set`

data:
  source: {data.source}
  inputs:  {{{inputs}}}
{targets}  split: {lesson.split}

model:
  zoo: {architecture}
  with: {{{arguments}}}
  outputs: {lesson.outputs}

training:
  epochs: {data.epochs}{at_most}
  batch_size: {data.batch_size}
{lesson.objective}
{stopping}  seed: 7

evaluation:
{lesson.judgement}
{lesson.prediction}"""


def _write_new_spec_file(path: Path, text: str) -> None:
    """Write a new file whole: the name is claimed first, so that nothing is overwritten."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".new", delete=False
    ) as file:
        whole = Path(file.name)
        try:
            file.write(text)
            file.flush()
            whole.chmod(0o644)
            path.touch(exist_ok=False)
            whole.replace(path)
        except FileExistsError as error:
            raise ValueError(f"{path} is there already; choose another name") from error
        finally:
            whole.unlink(missing_ok=True)
