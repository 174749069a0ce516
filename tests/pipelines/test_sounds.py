"""Sounds in folders and tables: read, refused or skipped, resampled, trained on, predicted."""

import base64
import io
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from PIL import Image
from training_specs import prepared

from dlspec_pipelines.cli import main
from dlspec_pipelines.steps.data_memory import is_mapped
from dlspec_pipelines.steps.evaluation.evaluate import evaluate
from dlspec_pipelines.steps.evaluation.new_files import NewFiles
from dlspec_pipelines.steps.evaluation.new_files_table import new_files_table
from dlspec_pipelines.steps.preparation import sound_waves
from dlspec_pipelines.steps.preparation.applying import apply_preparation
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset
from dlspec_pipelines.steps.preparation.fitting import load_preparation
from dlspec_pipelines.steps.preparation.prepared_arrays import open_part
from dlspec_pipelines.steps.preparation.scratch_arrays import scratch_array
from dlspec_pipelines.steps.reports import write_report
from dlspec_pipelines.steps.reports.sound_pictures import sound_pictures
from dlspec_pipelines.steps.step_errors import StepError
from dlspec_pipelines.steps.training.train import train

RATE = 1000
TONES = """\
dlspec: 1
name: tones
data:
  source: {audio_folder: tones}
  inputs: {sound: {audio: file, sample_rate: 1000, seconds: 0.2}}
  targets: {pitch: {class: class, classes: [high, low]}}
  split: {test: 0.25, stratify: pitch}
model:
  graph:
    - Reshape: [200, 1]
    - Conv1D: {filters: 8, kernel_size: 16, activation: relu}
    - GlobalMaxPooling1D
    - {Dense: 2, name: pitch}
training:
  epochs: 20
  batch_size: 8
  optimizer: {Adam: {learning_rate: 0.02}}
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  seed: 1
evaluation: {metrics: [accuracy]}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Class folders with twenty sounds each: high and low tones, WAV and FLAC, of any length."""
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DLSPEC_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    for pitch, hertz in {"high": 200, "low": 40}.items():
        write_tones(tmp_path / "tones" / pitch, hertz)
    return Path("tones")


def tone(hertz, samples=200, rate=RATE):
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(samples) / rate)).astype(np.float32)


def write_tones(folder, hertz, count=20):
    folder.mkdir(parents=True)
    for number in range(count):
        ending = ("wav", "flac")[number % 2]
        soundfile.write(folder / f"{number:02}.{ending}", tone(hertz, 150 + 5 * number), RATE)


def _refusal(text=TONES, code="DL613"):
    with pytest.raises(StepError) as caught:
        prepared(text)
    assert caught.value.code == code
    return caught.value


def _findings(dataset):
    said = json.loads(Path(dataset.path, "contract.json").read_text())
    return {found["kind"]: found for found in said["findings"]}


def _wave_of_row(dataset, row):
    for name in ("train", "validation", "test"):
        part = open_part(dataset, name)
        at = np.flatnonzero(part.rows == row)
        if at.size:
            return np.asarray(part.inputs["sound"][at[0]])
    raise AssertionError(row)


def test_a_folder_is_learned_from_and_predicted(folder):
    plan, dataset = prepared(TONES)
    assert sum(dataset.rows.values()) == 40
    test = open_part(dataset, "test")
    assert (test.targets["pitch"] == [row >= 20 for row in test.rows]).all()
    # Row 3 is `high/03.flac`: 165 of 200 samples.
    wave = _wave_of_row(dataset, 3)
    np.testing.assert_allclose(wave[:165], tone(200, 165), atol=1e-4)
    assert not wave[165:].any()
    trained = train(plan, dataset, run="r1", spec_text=TONES)
    write_tones(Path("new"), 42, count=3)
    Path("list.csv").write_text("file,from\nnew/00.wav,a\nnew/01.flac,b\nnew/02.wav,c\n")
    for asked in (["new"], ["new/00.wav", "new/01.flac", "new/02.wav"], ["list.csv"]):
        answer = CliRunner().invoke(main, ["predict", trained.path, *asked])
        assert answer.exit_code == 0, answer.stderr
        head, *rows = [line.split(",") for line in answer.stdout.splitlines()]
        kept = ["file", "from"] if asked == ["list.csv"] else ["file"]
        assert head == ["row", *kept, "pitch", "pitch_probability"]
        assert [row[-2] for row in rows] == ["low"] * 3
        assert [Path(row[1]).name for row in rows] == ["00.wav", "01.flac", "02.wav"]
    answer = CliRunner().invoke(main, ["predict", trained.path, "new/00.wav"])
    assert answer.stdout.splitlines()[1].startswith("0,new/00.wav,low,")


def _applied(dataset, folder):
    fitted = load_preparation(Path(dataset.path))
    return apply_preparation(fitted, new_files_table(NewFiles("file", (folder,)))).inputs["sound"]


MEL = "seconds: 0.2, features: {mel: 12, fft_length: 64, hop: 32, lower: 10, values: log}"


@pytest.mark.parametrize("said", ["seconds: 0.2", MEL], ids=["wave", "mel"])
def test_predict_reads_sounds_as_training_did(folder, said):
    """Rows that were trained on become the same numbers: standardized by the training rows."""
    text = TONES.replace("seconds: 0.2", f"{said}, standardize: true, scale: 2")
    if said == MEL:
        text = text.replace("    - Reshape: [200, 1]\n", "").replace(
            "kernel_size: 16", "kernel_size: 3"
        )
    dataset = prepared(text)[1]
    applied = _applied(dataset, folder)
    for row in range(40):
        np.testing.assert_array_equal(applied[row], _wave_of_row(dataset, row))
    train = np.asarray(open_part(dataset, "train").inputs["sound"], dtype=np.float64)
    axes = (0, 1) if said == MEL else None
    np.testing.assert_allclose(train.mean(axis=axes), 0, atol=1e-5)
    np.testing.assert_allclose(train.std(axis=axes), 1, atol=1e-5)
    if said == MEL:
        assert train.shape[1:] == (7, 12)


def test_a_table_names_sounds_as_it_names_pictures(folder):
    lines = [f"tones/low/{number:02}.{('wav', 'flac')[number % 2]},{number}" for number in range(9)]
    Path("sounds.csv").write_text("\n".join(["path,size", *lines]))
    text = TONES.replace("{audio_folder: tones}", "{csv: sounds.csv}").replace("file", "path")
    text = text.replace("pitch: {class: class, classes: [high, low]}", "pitch: {number: size}")
    text = text.replace(", stratify: pitch", "").replace("Dense: 2", "Dense: 1")
    text = text.replace("{SparseCategoricalCrossentropy: {from_logits: true}}", "MeanSquaredError")
    text = text.replace("metrics: [accuracy]", "metrics: [mae]")
    before = prepared(text)[1]
    np.testing.assert_allclose(_wave_of_row(before, 5)[:175], tone(40, 175), atol=1e-4)
    soundfile.write("tones/low/05.flac", tone(44, 175), RATE)
    assert prepared(text)[1].fingerprint != before.fingerprint
    Path("tones/low/05.flac").unlink()
    told = _refusal(text).message
    assert told.startswith("column `path`, line 7 of `sounds.csv`: there is no file")


def test_the_names_of_files_say_their_class(folder):
    Path("flat").mkdir()
    for path in sorted(folder.rglob("*.*")):
        path.rename(f"flat/{path.parent.name}-ann-{path.name}")
    named = 'audio_folder: flat, names: "{class}-{speaker}-{take}"'
    text = TONES.replace("audio_folder: tones", named)
    dataset = prepared(text)[1]
    test = open_part(dataset, "test")
    assert (test.targets["pitch"] == [row >= 20 for row in test.rows]).all()
    told = _refusal(
        text.replace("[high, low]", "[high, deep, low]").replace("Dense: 2", "Dense: 3")
    )
    assert told.message == "target `pitch`: `deep` of `classes` is in no file's name"
    told = _refusal(text.replace("[high, low]", "[hihg, low]"))
    assert told.message == (
        "target `pitch`: `hihg` of `classes` is in no file's name, and the names of files hold "
        "`high`, which is none of its `classes`"
    )
    Path("flat/README.md").write_text("about the sounds")
    Path("flat/low-ann-bo-3.wav").write_text("")
    told = _refusal(text, code="DL610").message
    assert told == (
        "2 of the 42 files of `flat` are not called `{class}-{speaker}-{take}`: `README.md`, "
        "`low-ann-bo-3.wav`"
    )


@pytest.mark.parametrize("ending", ["wav", "flac"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "cannot be read as a sound: "),
        (b"no sound", "cannot be read as a sound: Format not recognised."),
        ("half", ""),
        ("silent", "holds no sample"),
    ],
    ids=["empty", "text", "half", "silent"],
)
def test_a_broken_file_is_told(folder, ending, content, why):
    path = folder / "low" / f"0{('wav', 'flac').index(ending)}.{ending}"
    whole = path.read_bytes()
    if content == "silent":
        # FLAC has no file without a sample.
        soundfile.write(path, np.zeros(0), RATE, format="WAV")
    else:
        path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    told = _refusal()
    name = path.relative_to(folder)
    assert told.message.startswith(f"column `file`, file `{name}`: `{path}` ")
    assert why in told.message
    assert "unreadable: skip" in told.help


def test_a_cut_off_file_says_how_much_is_there(folder):
    path = folder / "low" / "00.wav"
    path.write_bytes(path.read_bytes()[:-100])
    assert _refusal().message.endswith("is cut off: 200 of 300 bytes of sound are there")


def test_values_that_are_no_numbers_are_told(folder):
    wave = tone(40)
    wave[7] = np.nan
    soundfile.write(folder / "low" / "00.wav", wave, RATE, subtype="FLOAT")
    assert _refusal().message.endswith("holds values that are no finite numbers")


def test_all_broken_files_are_told_at_once_and_may_be_skipped(folder):
    for number in range(0, 20, 2):
        (folder / "high" / f"{number:02}.wav").write_text("no sound")
    (folder / "low" / "notes.txt").write_text("about the sounds")
    told = _refusal()
    head, *lines = told.message.splitlines()
    assert head == "column `file`: 11 of 41 files are refused"
    assert len(lines) == 11
    skip = TONES.replace("{audio_folder: tones}", "{audio_folder: tones, unreadable: skip}")
    dataset = prepared(skip)[1]
    assert sum(dataset.rows.values()) == 30
    assert _findings(dataset)["unreadable_files"]["count"] == 11


def test_an_empty_class_folder_is_told(folder):
    (folder / "odd").mkdir()
    assert _refusal(code="DL610").message == f"the class folder `{folder}/odd` is empty"


def test_test_rows_may_lie_in_a_folder_of_their_own(folder):
    write_tones(Path("held/low"), 40, count=3)
    write_tones(Path("held/high"), 200, count=2)
    text = TONES.replace(
        "{audio_folder: tones}", "{audio_folder: tones}\n  test: {audio_folder: held}"
    )
    dataset = prepared(text.replace("{test: 0.25, stratify: pitch}", "{test: given}"))[1]
    assert dataset.rows == {"train": 40, "validation": 0, "test": 5}


def test_channels_become_their_mean_and_other_rates_the_one_asked_for(folder):
    stereo = np.stack([tone(40), np.zeros(200, np.float32)], axis=1)
    soundfile.write(folder / "low" / "00.wav", stereo, RATE)
    soundfile.write(folder / "low" / "02.wav", tone(40, 800, 4000), 4000)
    soundfile.write(folder / "low" / "04.wav", tone(40, 2205, 11025), 11025)
    dataset = prepared(TONES)[1]
    np.testing.assert_allclose(_wave_of_row(dataset, 20), tone(40) / 2, atol=1e-4)
    for row in (22, 24):
        # A filter rings at both ends.
        np.testing.assert_allclose(_wave_of_row(dataset, row)[20:-20], tone(40)[20:-20], atol=0.01)
    found = _findings(dataset)
    assert found["resampled_sounds"]["message"] == (
        "2 of 40 samples of `sound` are brought to 1,000 Hz: 1 of 4,000 Hz, 1 of 11,025 Hz"
    )
    assert found["mixed_channels"]["count"] == 1


@pytest.mark.parametrize("side", ["end", "start", "both"])
def test_sounds_come_to_one_length_at_the_side_asked_for(folder, side):
    said = f"seconds: 0.17, pad: {side}, cut: {side}"
    dataset = prepared(TONES.replace("seconds: 0.2", said).replace("[200, 1]", "[170, 1]"))[1]
    # Rows 20 and 39 are `low/00.wav`, 150 samples, and `low/19.flac`, 245.
    short, long = tone(40, 150), tone(40, 245)
    before, cut = {"end": (0, 0), "start": (20, 75), "both": (10, 37)}[side]
    expected = np.pad(short, (before, 20 - before))
    np.testing.assert_allclose(_wave_of_row(dataset, 20), expected, atol=1e-4)
    np.testing.assert_allclose(_wave_of_row(dataset, 39), long[cut : cut + 170], atol=1e-4)
    found = _findings(dataset)
    assert found["cut_sounds"]["message"] == (
        f"30 of 40 samples of `sound` are longer than `seconds: 0.17`, and cut ({side})"
    )
    assert (found["filled_up_sounds"]["count"], found["filled_up_sounds"]["severity"]) == (
        8,
        "info",
    )


def test_waves_may_be_arrays(folder):
    waves = np.stack([tone(40 + row, 150) for row in range(20)])
    np.savez("waves.npz", waves=waves, **{"class": np.arange(20) % 2})
    text = TONES.replace("audio_folder: tones", "npz: waves.npz").replace("[high, low]", "2")
    dataset = prepared(text.replace("audio: file", "audio: waves"))[1]
    np.testing.assert_array_equal(_wave_of_row(dataset, 7), np.pad(tone(47, 150), (0, 50)))
    np.savez("waves.npz", waves=np.arange(20.0), **{"class": np.arange(20) % 2})
    told = _refusal(text.replace("audio: file", "audio: waves"))
    assert told.message == (
        "column `waves`, row 0 of `waves.npz`: no wave: one number for a whole sound"
    )


def test_a_large_array_lies_in_a_file_that_nobody_sees(folder, monkeypatch):
    plan, small = prepared(TONES)
    expected = [_wave_of_row(small, row) for row in range(40)]
    monkeypatch.setenv("DLSPEC_HOME", str(Path("other").absolute()))
    mapped = []

    def look(*arguments):
        array = scratch_array(*arguments)
        mapped.append(is_mapped(array))
        return array

    monkeypatch.setattr(sound_waves, "scratch_array", look)
    large = prepare_dataset(plan.data, base=Path(), memory=4_000)
    assert set(mapped) == {True}
    assert large.digest == small.digest
    np.testing.assert_array_equal([_wave_of_row(large, row) for row in range(40)], expected)
    assert not list(Path("other/work").iterdir())


@pytest.mark.skipif("DLSPEC_DATA" not in os.environ, reason="needs the real recordings")
def test_real_recordings_say_class_and_speaker_in_their_names(tmp_path, monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "home"))
    named = 'audio_folder: audio/fsdd, names: "{class}_{speaker}_{take}"'
    text = TONES.replace("audio_folder: tones", named).replace("[high, low]", "10")
    text = text.replace("sample_rate: 1000, seconds: 0.2", "sample_rate: 8000, seconds: 0.025")
    text = text.replace("{test: 0.25, stratify: pitch}", "{column: speaker, test: lucas}")
    assert prepared(text.replace("Dense: 2", "Dense: 10"))[1].rows == {
        "train": 600,
        "validation": 0,
        "test": 200,
    }


def _page(text, tmp):
    Path("specs").mkdir(exist_ok=True)
    Path("specs/tones.yaml").write_text(text.replace("audio_folder: ", "audio_folder: ../"))
    answer = CliRunner().invoke(
        main, ["data", "specs/tones.yaml", "--html", str(tmp / "page.html")]
    )
    assert answer.exit_code == 0, answer.stderr
    page = (tmp / "page.html").read_text()
    found = re.findall(r'data:image/png;base64,([^"]*)', page)
    return page, [Image.open(io.BytesIO(base64.b64decode(one))) for one in found]


def test_the_page_shows_waves_and_says_how_long_the_sounds_are(folder, tmp_path):
    soundfile.write(folder / "low" / "00.wav", tone(40, 8000, 4000), 4000)
    page, pictures = _page(TONES, tmp_path)
    assert "(0.15 to 2 seconds, median 0.2; 1,000 (39), 4,000 (1) Hz; channels 1)" in page
    assert {picture.size for picture in pictures} == {(112, 56)}
    # A tone reaches from its highest to its lowest, and the silence behind it is a line.
    pixels = np.asarray(pictures[0].convert("L"))
    assert (pixels[:, :10] > 128).any(axis=1).mean() > 0.9
    assert (pixels[:, -1] > 128).sum() <= 2


def test_the_page_shows_mel_features_with_the_lowest_bin_at_the_foot(folder, tmp_path):
    text = TONES.replace("seconds: 0.2", MEL).replace("    - Reshape: [200, 1]\n", "")
    _, pictures = _page(text.replace("kernel_size: 16", "kernel_size: 3"), tmp_path)
    assert {picture.size for picture in pictures} == {(7, 12)}
    # High tones come first, then low ones: the brightest bin is nearer the foot.
    rows = [np.asarray(p.convert("L"))[:, 2].argmax() for p in (pictures[0], pictures[-1])]
    assert rows[0] < rows[1]


def test_the_report_shows_the_sounds_of_mistakes(folder):
    pictures = sound_pictures(np.stack([tone(40), np.zeros(200, np.float32)]))
    assert pictures.shape == (2, 56, 112, 1)
    plan, dataset = prepared(TONES.replace("epochs: 20", "epochs: 1"))
    trained = train(plan, dataset, run="r1", spec_text=TONES)
    report = write_report(plan, dataset, trained, evaluate(plan, trained, dataset))
    assert "data:image/png;base64," in Path(report.html).read_text()
