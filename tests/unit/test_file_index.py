"""The contract of files runs over an index table: their heights, seconds, values and digests."""

import numpy as np
import pytest
from PIL import Image

from dlspec.language.expectations import Expectation
from dlspec.language.features import AudioFeature, ClassFeature, ImageFeature, MaskFeature
from dlspec.language.file_facts import PICTURE_FACTS, SOUND_FACTS, file_facts_by_name
from dlspec.language.row_splits import FractionSplit
from dlspec.language.sections import Data
from dlspec.language.sources import CsvSource, ImageFolderSource
from dlspec_pipelines.steps.datasets.contract import ContractBroken
from dlspec_pipelines.steps.preparation.dataset import prepare_dataset, table_of_data
from dlspec_pipelines.steps.preparation.file_index import index_of_named_files

pytestmark = pytest.mark.usefixtures("home")

soundfile = pytest.importorskip("soundfile")
EXPECTED = {"in_range": (0, 1e9)}


@pytest.fixture
def pets(tmp_path):
    """Twenty pictures of 6 x 8 pixels in two folders: cats grey, dogs in colour."""
    rng = np.random.default_rng(0)
    for name, shape in (("cats", (6, 8)), ("dogs", (6, 8, 3))):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(10):
            pixels = rng.integers(0, 256, size=shape, dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number}.png")
    return tmp_path


def _data(**expect):
    return Data(
        ImageFolderSource("pets"),
        {"picture": ImageFeature("file", (6, 8), 3, resize="crop")},
        {"pet": ClassFeature("class", ("cats", "dogs"))},
        FractionSplit(0.2, 0.2, None, 1),
        expect={name: (Expectation(**said),) for name, said in expect.items()},
    )


def _index(data, folder):
    return index_of_named_files(table_of_data(data, folder), data)


def _broken(data, folder):
    with pytest.raises(ContractBroken) as caught:
        prepare_dataset(data, base=folder)
    return caught.value


def test_facts_of_pictures_are_those_that_pillow_tells(pets):
    asked = {name: EXPECTED for name in PICTURE_FACTS if name != "digest"}
    table = _index(_data(**asked, digest={"unique": True}), pets).table
    row = table.columns["file"].tolist().index("dogs/3.png")
    with Image.open(pets / "pets/dogs/3.png") as opened:
        pixels = np.asarray(opened)
    found = {name: table.columns[name][row] for name in PICTURE_FACTS}
    assert len(found.pop("digest")) == 64
    assert found == {
        "height": 6,
        "width": 8,
        "channels": 3,
        "min": pixels.min(),
        "max": pixels.max(),
        "mean": pixels.mean(),
    }


def test_a_picture_that_its_camera_turned_is_as_high_as_it_is_seen(pets):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 6)).save(pets / "pets/cats/0.jpg", exif=exif)
    table = _index(_data(height=EXPECTED, width=EXPECTED), pets).table
    row = table.columns["file"].tolist().index("cats/0.jpg")
    assert (table.columns["height"][row], table.columns["width"][row]) == (8, 6)


def test_files_that_break_the_contract_are_told_by_their_names(pets):
    Image.new("L", (8, 60)).save(pets / "pets/cats/4.png")
    error = _broken(_data(height={"in_range": (4, 10)}), pets)
    assert error.message == (
        "the data breaks its contract: `height` fails in_range [4, 10] in 1 of 20 rows"
    )
    assert error.table.splitlines() == [
        "| file | column | value | check |",
        "|---|---|---|---|",
        "| cats/4.png | height | `60` | in_range [4, 10] |",
    ]


def test_one_run_shows_broken_files_beside_all_other_checks(pets):
    (pets / "pets/dogs/2.png").write_bytes(b"no picture")
    error = _broken(_data(channels={"isin": (3,)}), pets)
    assert "`channels` fails isin [3] in 10 of 20 rows" in error.message
    assert "`file` fails a picture that can be read in 1 of 20 rows" in error.message
    assert "| dogs/2.png | file |" in error.table


def test_the_same_picture_twice_is_told_by_its_digest(pets):
    (pets / "pets/dogs/9.png").write_bytes((pets / "pets/dogs/1.png").read_bytes())
    error = _broken(_data(digest={"unique": True}), pets)
    assert "| dogs/9.png | digest |" in error.table


def test_nothing_is_read_where_no_fact_is_named(pets):
    (pets / "pets/dogs/2.png").write_bytes(b"no picture")
    assert _index(_data(**{"class": {"nullable": False}}), pets).rules == ()


def test_a_column_of_the_table_comes_before_a_fact_of_its_name(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "a.csv").write_text("photo,height\n" + "a.png,170\n" * 3)
    data = Data(
        CsvSource(("a.csv",)),
        {"picture": ImageFeature("photo", (4, 4), 1)},
        {},
        expect={name: (Expectation(**EXPECTED),) for name in ("height", "photo.height")},
    )
    table = _index(data, tmp_path).table
    assert table.columns["height"].tolist() == [170] * 3
    assert table.columns["photo.height"].tolist() == [4] * 3


def test_facts_of_sounds(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.linspace(-0.5, 0.5, 150), 100)
    (tmp_path / "a.csv").write_text("clip\na.wav\n")
    data = Data(
        CsvSource(("a.csv",)),
        {"sound": AudioFeature("clip", 100, 1.5)},
        {},
        expect={name: (Expectation(**EXPECTED),) for name in SOUND_FACTS[:-1]},
    )
    table = _index(data, tmp_path).table
    found = {name: table.columns[name][0] for name in SOUND_FACTS[:-1]}
    assert (found["seconds"], found["sample_rate"], found["channels"]) == (1.5, 100, 1)
    assert (found["min"], found["max"]) == pytest.approx((-0.5, 0.5), abs=1e-3)


def test_facts_of_two_columns_are_named_with_them():
    features = [ImageFeature("x", (4, 4), 1), MaskFeature("y", 2, (4, 4))]
    assert "height" not in file_facts_by_name(features)
    assert {"x.height", "y.height"} <= set(file_facts_by_name(features))
    assert "height" in file_facts_by_name(features[:1])
