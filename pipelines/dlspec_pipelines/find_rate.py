"""`dlspec run --find-rate`: which learning rates are of use, before a training is begun."""

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from dlspec.diagnostics.counts import counted
from dlspec.tools.commands.exit_status import CLEAN, FINDINGS, INTERRUPTED
from dlspec.tools.commands.remarks import print_remark
from dlspec.tools.project_code import told_project_code
from dlspec_pipelines.run.start_lines import print_start
from dlspec_pipelines.run.terminal import Progress
from dlspec_pipelines.specs import SpecFile
from dlspec_pipelines.steps.long_work import long_work_told_to
from dlspec_pipelines.steps.records import Started
from dlspec_pipelines.steps.start import find_start
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.store import artifacts_home, write_whole
from dlspec_pipelines.trainer.backend_choice import backend_of, on_backend, require_backend
from dlspec_pipelines.trainer.keras_import import import_keras, quiet_start

if TYPE_CHECKING:
    from dlspec_pipelines.steps.training.progress import Progress as Said
    from dlspec_pipelines.steps.training.rate_finder import RateSearch


def find_learning_rate(
    spec: SpecFile, *, backend: str | None, weights_from: str | None, quiet: bool
) -> int:
    """Search for a learning rate, print what was found, and return the exit status.

    Standard output gets the path of a page with the curve.

    Args:
        backend: What Keras runs on; None is what the spec says.
        weights_from: A run or a file whose weights the search begins with.
    """
    try:
        with closing(Progress(quiet=quiet)) as progress:
            found, page = _search_and_draw(spec, backend, weights_from, progress)
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status
    except KeyboardInterrupt:
        print("stopped; nothing was kept", file=sys.stderr)  # noqa: T201 - this is the output
        return INTERRUPTED
    print(page.absolute())  # noqa: T201 - this is the output
    return CLEAN if found.suggested is not None else FINDINGS


def _search_and_draw(
    spec: SpecFile, backend: str | None, weights_from: str | None, progress: Progress
) -> tuple["RateSearch", Path]:
    start = None if weights_from is None else find_start(weights_from)
    chosen = backend_of(spec.plan, backend)
    require_backend(chosen, spec.plan)
    code = told_project_code([spec.plan])
    if code is not None:
        print_remark(f"imports code of the project: {code}")
    os.environ["KERAS_BACKEND"] = chosen
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    progress.starts(f"importing Keras on {chosen}")
    with quiet_start():
        import_keras()
    from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
    from dlspec_pipelines.steps.reports.rate_page import rate_page
    from dlspec_pipelines.steps.training.rate_finder import find_rate
    from dlspec_pipelines.steps.training.train import work_key

    plan = on_backend(spec.plan, chosen)
    assert plan.data is not None, "the command asks for it"
    with long_work_told_to(progress.move_long_work):
        dataset = prepare_dataset(plan.data, base=spec.path.parent, memory=plan.runtime.memory)
    progress.step("dataset", f"{counted(dataset.rows['train'], 'row')} to train on")
    found = find_rate(
        plan, dataset, start=start, listen=lambda said: _tell_progress(progress, said)
    )
    progress.table(_told_rates(found))
    for line in _advice_sentences(found):
        progress.line(line)
    folder = artifacts_home() / "rates" / spec.name
    page = folder / f"{work_key(plan, dataset, start)}.html"
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(page, rate_page(spec.name, found, _advice_sentences(found)))
    return found, page


def _tell_progress(progress: Progress, said: "Said") -> None:
    from dlspec_pipelines.steps.training.progress import EpochEnd, Notice, Tick

    match said:
        case Tick():
            progress.move_within_epoch({"epoch": 1, "epochs": 1, "done": said.done})
        case Notice():
            progress.step("weights", said.text)
        case Started():
            print_start(progress, said)
        case EpochEnd():
            raise AssertionError("a search has no epochs")
        case _:
            assert_never(said)


def _told_rates(found: "RateSearch") -> list[tuple[str, ...]]:
    """Return the mean loss at about three rates of each decade."""
    from dlspec_pipelines.steps.training.rate_finder import STEPS

    every = STEPS // 21
    rows = [
        (f"{found.rates[i]:.1e}", f"{found.means[i]:.4g}")
        for i in range(0, len(found.rates), every)
    ]
    return [("rate", "mean loss"), *rows]


def _advice_sentences(found: "RateSearch") -> list[str]:
    """Return what the curve says, in sentences."""
    end = (
        f"it blew up at {found.rates[-1]:.1e}"
        if found.blown_up
        else f"it did not blow up before {found.rates[-1]:.1e}"
    )
    if found.suggested is None:
        return [f"no rate made the loss fall; {end}", "look at the data, the loss and the model"]
    rate = f"{found.suggested:.1e}"
    return [
        f"the loss is least at {found.least:.1e} and falls fastest at {found.steepest:.1e}; {end}",
        f"suggested learning rate: {rate}",
    ]
