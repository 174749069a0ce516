"""A layer that is called as Keras calls the first function of a process."""

import subprocess
import sys

TEXT = """\
dlspec: 1
name: averaged
model:
  inputs: {x: [8]}
  graph:
    - {Dense: 4, name: mean}
    - {ops.mean: {axis: -1}, name: average}
"""
PROGRAM = "import sys, dlspec; print(dlspec.compile(dlspec.loads(sys.argv[1])).count_params())"


def test_a_layer_may_have_the_name_of_a_function():
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, TEXT], capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["36"]
