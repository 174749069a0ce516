"""`python -m benchmarks.data [NAME...]`: preparing real data, beside what a user of Keras writes.

$DLSPEC_DATA names the folder of the data. Each side runs in a process of its own, in turn; medians
of three, without the imports of either. The plain idiom (`benchmarks.plain_data` says it for each)
reads, decodes, scales, splits, and leaves its arrays in memory. Ours checks the contract, deals by
content, looks for duplicates and near ones, and writes arrays and digests to disk. `ratio` and `of
CPU` are plain over ours, above 1 where ours is faster, in wall and in CPU time: where others use
the machine, the first says more of them. The last column says whether a shuffled epoch holds the
same bytes in two processes, from its middle on, and under a tenth of the memory that it takes.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.data_specs import PREPARED

_RUNS = 3
# Minutes for each run.
_ONLY_IF_NAMED = ("huge_csv",)
_TITLES = (
    *("data", "rows", "rows/s ours", "rows/s plain", "ratio", "of CPU"),
    *("MB ours", "MB plain", "again, s", "same epoch"),
)

Cost = Mapping[str, float]


def main(names: list[str]) -> None:
    """Print a line for each data set."""
    print(f"| {' | '.join(_TITLES)} |\n{'|---' * len(_TITLES)}|")
    for name in names or [name for name in PREPARED if name not in _ONLY_IF_NAMED]:
        with tempfile.TemporaryDirectory() as folder:
            print(_line_of_data(name, Path(folder)), flush=True)


def _line_of_data(name: str, folder: Path) -> str:
    prepared = PREPARED[name]
    if prepared.write is not None:
        prepared.write(folder)
    spec = folder / f"{name}.yaml"
    spec.write_text(prepared.spec(name))
    ours, plain, again = [], [], []
    for _ in range(_RUNS):
        shutil.rmtree(folder / "home", ignore_errors=True)
        ours.append(_run("prepared_cost", str(spec), folder=folder))
        again.append(_run("prepared_cost", str(spec), folder=folder))
        plain.append(_run("plain_data", name, str(folder), folder=folder))
    assert ours[0]["rows"] == plain[0]["rows"] or name == "etth1", "both prepare the same rows"
    figures = [
        *(
            one["rows"] / _median(side, "seconds")
            for side, one in ((ours, ours[0]), (plain, plain[0]))
        ),
        *(_median_ratio(plain, ours, what) for what in ("seconds", "cpu")),
        *(_median(side, "mb") for side in (ours, plain)),
        _median(again, "seconds"),
    ]
    told = " | ".join(f"{figure:,.2f}" if figure < 10 else f"{figure:,.0f}" for figure in figures)
    same = "yes" if _is_same_epoch(spec, folder) else "no"
    return f"| {name} | {ours[0]['rows']:,.0f} | {told} | {same} |"


def _median(costs: Sequence[Cost], what: str) -> float:
    return statistics.median(cost[what] for cost in costs)


def _median_ratio(plain: Sequence[Cost], ours: Sequence[Cost], what: str) -> float:
    return statistics.median(
        one[what] / other[what] for one, other in zip(plain, ours, strict=True)
    )


def _is_same_epoch(spec: Path, folder: Path) -> bool:
    """Return whether five processes read the same: two whole, one resumed, and both in chunks."""
    said = [
        _run("epoch_digest", str(spec), start, memory, folder=folder)
        for memory in ("whole", "tenth")
        for start in ("begin", "begin", "middle")[memory == "tenth" :]
    ]
    return all(len({one[half] for one in said if half in one}) == 1 for half in ("first", "second"))


def _run(module: str, *arguments: str, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        env={
            **os.environ,
            "DLSPEC_HOME": str(folder / "home"),
            "KERAS_HOME": str(folder / "keras"),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return said


if __name__ == "__main__":
    main(sys.argv[1:])
