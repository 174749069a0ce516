"""What is said of data that are refused, whole: each text beside the data that call for it."""

import re
from pathlib import Path

import pytest
from read_rights import ordinary_rights
from refused_parts import AGREED, PARTS
from refused_sources import DELIMITED, FILES, FOLDERS, OTHERS
from refused_values import TARGETS, VALUES

from dlspec_pipelines.steps.datasets.given_test_rows import read_data_table
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.step_errors import StepError

GOLDEN = Path(__file__).parent.parent / "golden/refusals"
pytestmark = pytest.mark.usefixtures("home", "no_data_folder")

GROUPS = {
    "folders": FOLDERS,
    "files": FILES,
    "delimited": DELIMITED,
    "others": OTHERS,
    "values": VALUES,
    "targets": TARGETS,
    "parts": PARTS,
    "agreed": AGREED,
}


def refusal(read, data, folder):
    """Return what is said of data, with the rows that it shows; None where they are taken."""
    with ordinary_rights():
        try:
            read(data, base=folder)
        except StepError as error:
            return str(error) + (f"\n{error.table}" if error.table else "")
    return None


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_said_of_refused_data_reads_as_it_did(group, golden, tmp_path):
    texts = []
    for number, one in enumerate(GROUPS[group]):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        one.lay_out(folder)
        text, data = one.spec_data()
        said = refusal(prepare_dataset, data, folder)
        assert said is not None, f"{one.title} is not refused"
        if one.locked and (read := refusal(read_data_table, data, folder)) is not None:
            # The digest of the content, which comes first, says the same as what reads it.
            assert read == said, one.title
        said = said.replace(str(folder), "<here>").replace(str(tmp_path / "home"), "<home>")
        said = re.sub(r"contracts/\w+", "contracts/...", said)
        texts.append(f"# {one.title}\n{text}{said}\n")
    golden(GOLDEN / f"data_{group}.txt", "\n".join(texts))
