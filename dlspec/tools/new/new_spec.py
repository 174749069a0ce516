"""A first spec for an architecture and a data set: written as a person would, compiled before."""

import re
import tempfile
from pathlib import Path

from dlspec.compiler import compile_source
from dlspec.diagnostics.source import Source
from dlspec.diagnostics.suggest import suggest
from dlspec.expand.zoo import architecture_names
from dlspec.syntax.scalars import core_value
from dlspec.tools.new.presets import DATA, FITS, DataPreset, Fit, View, view_of

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_CLASSES = """\
  loss: SparseCategoricalCrossentropy   # the head ends in softmax
  metrics: [accuracy]"""
_NUMBERS = """\
  loss: MeanSquaredError
  metrics: [MeanAbsoluteError]"""


def write_new(name: str, architecture: str, data: str, folder: Path) -> Path:
    """Write a spec called `name` into `folder` and return its path.

    Args:
        architecture: A packaged architecture, such as `lenet5`.
        data: A data set of `presets`, such as `digits`.

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
    itself = "itself" in fit.tasks
    target, answer = ("reconstruction", view.feature) if itself else (data.target, data.answer)
    output = "reconstruction" if itself else "predictions"
    classes = data.task == "classes" and not itself
    knobs = ", ".join(f"{key}: {value}" for key, value in fit.knobs.items())
    arguments = ", ".join(f"{key}: {value}" for key, value in fit.arguments(view, data).items())
    split = data.split.replace(f"stratify: {data.target}, ", "") if itself else data.split
    patience = max(3, data.epochs // 5)
    goal = "that learns to draw" if itself else "for"
    return f"""\
# yaml-language-server: $schema=../schemas/dlspec-1.json
dlspec: 1
name: {name}
description: {fit.about} {goal} {data.about}{view.about}.

params: {{{knobs}}}   # change them with `--set`

data:
  source: {data.source}
  inputs:  {{{fit.input}: {view.feature}}}
  targets: {{{target}: {answer}}}
  split: {split}

model:
  zoo: {architecture}
  with: {{{arguments}}}
  outputs: {{{target}: {output}}}

training:
  epochs: {data.epochs}   # at most: training ends when validation gets no better
  batch_size: {data.batch_size}
  optimizer: {{Adam: {{learning_rate: {fit.rate}}}}}
{_CLASSES if classes else _NUMBERS}
  callbacks:
    - EarlyStopping: {{monitor: val_loss, patience: {patience}, restore_best_weights: true}}
  seed: 7

evaluation:
  metrics: {"[accuracy, f1_macro]" if classes else "[mae, rmse, r2]"}
  gates: {'{r2: ">= 0.5"}' if itself else data.gates}   # what a model must reach to be promoted
  champion: {"{metric: accuracy, test: mcnemar}" if classes else "{metric: mae, test: bootstrap}"}
"""


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
