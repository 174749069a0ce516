"""`dlspec data`: the data of a spec, read and prepared as a run does, and shown."""

import json
import os
import sys
from contextlib import closing
from pathlib import Path

from dlspec.diagnostics.counts import agreed, counted
from dlspec.tools.commands.exit_status import CLEAN
from dlspec.tools.commands.remarks import print_remark
from dlspec_pipelines.run.terminal import Progress
from dlspec_pipelines.specs import SpecFile
from dlspec_pipelines.steps.long_work import long_work_told_to
from dlspec_pipelines.steps.step_errors import StepError, WrongUsage


def profile(spec: SpecFile, *, page: Path | None, as_json: bool, verify: bool = False) -> int:
    """Print the profile of a spec's data, and return the exit status.

    Args:
        page: Where the profile is written as a page; None prints tables.
        as_json: Print JSON instead of tables.
        verify: Read files again that look unchanged.
    """
    try:
        if verify:
            _verify_data_files(spec)
        with closing(Progress()) as progress, long_work_told_to(progress.move_long_work):
            return _show_data(spec, page=page, as_json=as_json)
    except StepError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the output
        return problem.status


def _show_data(spec: SpecFile, *, page: Path | None, as_json: bool) -> int:
    from dlspec_pipelines.steps.datasets.contract import ContractBroken
    from dlspec_pipelines.steps.preparation.dataset import prepare_dataset, table_of_data
    from dlspec_pipelines.steps.profiles.data_profile import (
        profile_of_dataset,
        profile_of_source,
    )

    data = spec.plan.data
    assert data is not None, "the command asks for it"
    base = spec.path.parent
    if page is not None:
        _require_writable(page)
    print_remark("reading the data")
    memory = spec.plan.runtime.memory
    table = table_of_data(data, base, memory=memory)
    print_remark(f"checking and preparing {counted(table.rows, 'row')}")
    trouble: StepError | None = None
    dataset = None
    try:
        dataset = prepare_dataset(data, base=base, table=table, memory=memory)
        found = profile_of_dataset(spec.name, data, table, dataset)
    except ContractBroken as broken:
        trouble = broken
        found = profile_of_source(spec.name, data, table, broken, broken.verdict)
    except StepError as problem:
        trouble = problem
        found = profile_of_source(spec.name, data, table, problem)
    if page is not None:
        from dlspec_pipelines.steps.profiles.profile_page import write_profile_page

        write_profile_page(page, found, data, table, dataset)
        print_remark(f"wrote {page}")
    if as_json:
        print(json.dumps(found.to_json(), indent=2, ensure_ascii=False))  # noqa: T201 - the output
    elif page is None:
        from dlspec_pipelines.profile_tables import print_data_profile

        print_data_profile(found, sys.stdout)
    if trouble is not None:
        raise trouble
    return CLEAN


def _verify_data_files(spec: SpecFile) -> None:
    from dlspec_pipelines.steps.datasets.given_test_rows import reread_data_files

    assert spec.plan.data is not None, "the command asks for it"
    found = reread_data_files(spec.plan.data, spec.path.parent)
    told = f"{counted(found.files, 'file')} again that {agreed(found.files, 'look')}"
    print_remark(f"read {told} unchanged")
    for path in found.changed:
        print_remark(f"`{path}` holds another content, though its size and time are the same")


def _require_writable(page: Path) -> None:
    """Check where a page is to stand, before anything is read.

    Raises:
        WrongUsage: If it cannot be written there.
    """
    if not page.parent.is_dir():
        raise WrongUsage(f"`{page}` cannot be written", help=f"make the folder `{page.parent}`")
    if not os.access(page if page.exists() else page.parent, os.W_OK):
        raise WrongUsage(f"`{page}` cannot be written", help="name a file in a folder of yours")
