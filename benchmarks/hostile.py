"""What `dlspec check` costs on hostile files: `python -m benchmarks.hostile`, a row for each.

Every one has to end in a diagnostic, within a second and 200 MB, start-up included.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

DLSPEC = str(Path(sys.executable).parent / "dlspec")
_LIST = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"


def main() -> None:
    """Check each hostile file in a process of its own and print what it cost."""
    print(f"{'file':16} {'seconds':>8} {'MB':>5} {'status':>7}  first line")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile.yaml"
        for name, parts in _files():
            with path.open("wb") as file:
                file.writelines(parts)
            _print_cost(name, path)


def _print_cost(name: str, path: Path) -> None:
    started = time.monotonic()
    with subprocess.Popen([DLSPEC, "check", str(path)], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    first = said.splitlines()[0] if said else ""
    megabytes = usage.ru_maxrss // 1024
    print(f"{name:16} {seconds:8.2f} {megabytes:5} {process.returncode:7}  {first[:70]}")


def _files() -> Iterator[tuple[str, Iterator[bytes]]]:
    yield "100,000 brackets", iter([b"a: ", b"[" * 100_000])
    yield "10,000 levels", iter([b"a: ", b"[" * 10_000, b"]" * 10_000])
    yield "alias bomb", _alias_bomb()
    yield "recursive alias", iter([b"a: &a [*a]\n"])
    yield "huge number", iter([b"a: ", b"9" * 100_000])
    yield "cut expressions", iter([b"a: [", b"$f(, " * 2_000, b"]"])
    yield "deep expression", iter([b"a: $", b"(" * 5_000])
    yield "200,000 keys", (f"k{number}: 1\n".encode() for number in range(200_000))
    yield "invalid UTF-8", iter([b"name: ", b"\xff" * 1_000])
    yield "a long line", iter([b"a: '", b"x" * 9_000_000, b"'"])
    yield "100 MB", (b"x: " + b"y" * 1_000_000 + b"\n" for _ in range(100))
    yield "nested for", _nested_for()


def _alias_bomb() -> Iterator[bytes]:
    yield b"a: &a [x, x, x, x, x, x, x, x, x]\n"
    for above, name in zip("abcdefgh", "bcdefghi", strict=True):
        yield f"{name}: &{name} [{', '.join([f'*{above}'] * 9)}]\n".encode()


def _nested_for() -> Iterator[bytes]:
    yield b"dlspec: 1\nname: hostile\nmodel:\n  inputs: {x: [4]}\n  graph:\n"
    for depth in range(9):
        indent = "  " * (depth + 2)
        yield f"{indent}- for: {{i{depth}: {_LIST}}}\n{indent}  do:\n".encode()
    yield b"  " * 11 + b"- Dense: 4\n"


if __name__ == "__main__":
    main()
