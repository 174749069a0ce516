"""`--weights-from`: the run or the file whose weights a training begins with."""

import os
from pathlib import Path

from dlspec.expand.zoo.published_weights import PublishedWeights
from dlspec.resolve.model_starts import ModelStart
from dlspec.resolve.plan import LayerVectors, Plan
from dlspec_pipelines.steps.datasets.file_places import places_of_name
from dlspec_pipelines.steps.datasets.source_digests import digest_of_source_file
from dlspec_pipelines.steps.file_digests import file_digest
from dlspec_pipelines.steps.records import Start
from dlspec_pipelines.steps.runs import find_run
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage
from dlspec_pipelines.steps.store import artifacts_home

_ENDINGS = (".keras", ".h5", ".hdf5", ".json")


_MODEL = "model.keras"


def find_start(word: str) -> Start:
    """Return what a word means: a file of weights, else a run as `dlspec predict` finds it.

    Raises:
        WrongUsage: If it is neither.
        StepError: If the run is gone.
    """
    # `Path.expanduser` fails for a user that is not there; this leaves the word as it is.
    path = Path(os.path.expanduser(word))  # noqa: PTH111 - said above
    if path.is_file():
        path = path.absolute()
        return (
            _of_run(path.parent)
            if _is_of_run(path)
            else Start(_recorded_start_path(path), None, str(path))
        )
    if path.suffix in _ENDINGS:
        raise WrongUsage(f"`{word}` is no file", help="name a file that is there, or a run")
    return _of_run(find_run(word).folder)


def find_model_start(start: ModelStart) -> Start:
    """Return what a spec means by the `weights` of a model: a file beside it, or a run.

    Of those that Keras publishes it is the file in Keras's cache, which Keras's own functions fill.

    Raises:
        StepError: If it is neither (DL615).
    """
    if start.published is not None:
        return _cached_start(start.model, start.published.weights)
    file = Path(start.folder, start.weights)
    try:
        return find_start(str(file) if file.is_file() else start.weights)
    except StepError as problem:
        raise StepError(
            f"the model `{start.model}` cannot begin with these weights: {problem.message}",
            code="DL615",
            help=problem.help,
        ) from problem


def _cached_start(model: str, weights: PublishedWeights) -> Start:
    # As Keras has it, without an import of Keras.
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    for name in weights.files:
        file = home / "models" / name
        if file.is_file():
            return Start(name, None, str(file))
    first, second = (f"`{name}`" for name in weights.files)
    given = "" if weights.alpha in (None, 1.0) else f"alpha={weights.alpha}, "
    raise StepError(
        f"the model `{model}` begins with the weights that Keras publishes, and neither {first} "
        f"nor {second} is in `{home / 'models'}`",
        code="DL615",
        help="let Keras fetch it once where there is a network, with "
        f"`keras.applications.{weights.application}({given}include_top=False)`, and copy it there",
    )


def model_start_digests(plan: Plan) -> dict[str, str]:
    """Return the SHA-256 of the file that each model of a plan begins with.

    Raises:
        StepError: If there is none (DL615).
    """
    return {one.model: file_digest(Path(find_model_start(one).file)) for one in plan.starts}


def find_vectors(asked: LayerVectors) -> Path:
    """Return where the vectors of an embedding are: beside the spec, else in $DLSPEC_DATA.

    Raises:
        StepError: If they are at neither place (DL616).
    """
    tried = places_of_name(asked.file, Path(asked.folder))
    for path in tried:
        if path.is_file():
            return path
    places = " and ".join(f"`{path}`" for path in tried)
    raise StepError(
        f"there is no file `{asked.file}` of vectors for `{asked.path}`: looked at {places}",
        code="DL616",
        help="write a path relative to the spec, or let DLSPEC_DATA name the folder of the data",
    )


def vectors_digests(plan: Plan) -> dict[str, str]:
    """Return the SHA-256 of the file whose vectors each embedding begins with, by layer.

    Raises:
        StepError: If there is none (DL616).
    """
    return {one.path: digest_of_source_file(find_vectors(one)) for one in plan.vectors}


def _is_of_run(path: Path) -> bool:
    return path.name == _MODEL and path.is_relative_to(artifacts_home() / "runs")


def _of_run(folder: Path) -> Start:
    return Start(folder.name, folder.name, str(folder / _MODEL))


def _recorded_start_path(path: Path) -> str:
    """Return a path as a record keeps it: below the current folder, or beside the artifacts."""
    for base in (Path.cwd(), artifacts_home().parent):
        if path.is_relative_to(base):
            return str(path.relative_to(base))
    return str(path)
