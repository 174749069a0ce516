"""Files to predict that are all of another kind than the model reads are told in one sentence."""

import pytest

from dlspec_pipelines.steps.evaluation.new_files import NewFiles, kind_of_files
from dlspec_pipelines.steps.evaluation.new_files_table import new_files_table
from dlspec_pipelines.steps.step_errors import WrongUsage


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        ({"photo": {"image": "file"}}, "image"),
        ({"said": {"audio": "file"}}, "audio"),
        ({"photo": {"image": "file"}, "said": {"audio": "file"}}, None),
        ({"facts": {"vector": ["a"]}}, None),
    ],
)
def test_a_model_says_which_files_it_reads(inputs, kind):
    assert kind_of_files(inputs) == kind


@pytest.mark.parametrize(
    ("reads", "names", "said"),
    [
        ("image", ["a.wav"], "the model reads pictures, and `a.wav` is a sound"),
        ("image", ["a.wav", "b.FLAC"], "and `a.wav` and 1 more file are sounds"),
        ("audio", ["a.png", "b/c.jpg"], "the model reads sounds, and `a.png` and 1 more file"),
    ],
)
def test_a_folder_of_another_kind_is_told_at_once(tmp_path, reads, names, said):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(WrongUsage) as caught:
        new_files_table(NewFiles("file", (tmp_path,), None, reads))
    assert said in caught.value.message


def test_a_folder_with_a_file_of_its_kind_is_read(tmp_path):
    for name in ("a.wav", "b.png"):
        (tmp_path / name).write_bytes(b"x")
    table = new_files_table(NewFiles("file", (tmp_path,), None, "image"))
    assert table.columns["file"].tolist() == ["a.wav", "b.png"]
