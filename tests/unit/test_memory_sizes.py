import pytest
from hypothesis import given
from hypothesis import strategies as st

import dlspec
from dlspec.language.memory_sizes import bytes_of_size, repaired_size, shown_size
from dlspec.resolve.chain import step_digest

SPEC = """\
dlspec: 1
name: sized
model:
  inputs: {x: [8]}
  graph: [{Dense: 1}]
runtime: {memory: MEMORY}
"""


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("512MB", 512 * 10**6), ("1.5GiB", 3 * 2**29), ("1TB", 10**12)],
)
def test_an_amount_is_decoded_to_bytes(text, size):
    assert dlspec.loads(SPEC.replace("MEMORY", text)).runtime.memory == size


@pytest.mark.parametrize("text", ["", "2", "GB", "2KB", "2 GB", "2gb", "-1GB", "2GBs", "1e3MB"])
def test_other_texts_are_no_amounts(text):
    assert bytes_of_size(text) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [("2 gb", "2GB"), ("2g", "2GB"), ("1,5 GB", "1.5GB"), ("512mib", "512MiB"), ("2000", None)],
)
def test_what_is_nearly_an_amount_is_told_as_one(text, meant):
    assert repaired_size(text) == meant


@given(st.integers(1, 10**6))
def test_an_amount_is_shown_as_it_is_written(megabytes):
    assert bytes_of_size(shown_size(megabytes * 10**6)) == megabytes * 10**6


def test_a_bound_trains_nothing_anew():
    plans = [dlspec.loads(SPEC.replace("MEMORY", text)) for text in ("null", "1GB", "2GB")]
    assert len({step_digest(plan, "model") for plan in plans}) == 1
