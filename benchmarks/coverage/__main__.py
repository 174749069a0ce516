"""Write docs/coverage.md: `python -m benchmarks.coverage`.

`--train` takes one training step of every spec on generated rows, or of those named.
"""

import argparse
import time

from benchmarks.coverage.coverage_page import PAGE, coverage_page
from benchmarks.coverage.examples import read_examples


def main() -> None:
    """Write the page, or train."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--train", nargs="*", metavar="NAME")
    names: list[str] | None = parser.parse_args().train
    if names is None:
        PAGE.write_text(coverage_page(read_examples()), "utf-8")
    else:
        _train_specs(names)


def _train_specs(names: list[str]) -> None:
    # It brings Keras, which the page does without.
    from benchmarks.coverage.training_step import train_one_step  # noqa: PLC0415 - see above

    for example in read_examples():
        path = example.spec_file
        if not path.exists() or (names and path.stem not in names):
            continue
        began = time.monotonic()
        loss = train_one_step(path)
        print(f"{path.stem:<48} loss {loss:12.4f}  {time.monotonic() - began:5.1f} s", flush=True)


if __name__ == "__main__":
    main()
