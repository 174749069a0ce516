"""What expands without making nodes ends too."""

import time

import pytest

import dlspec

HEAD = "dlspec: 1\nname: worked\nmodel:\n  inputs: {x: [4]}\n"
EMPTY_BLOCK = """\
  blocks:
    Nothing: {graph: [{Dense: 4, if: $false}]}
  graph:
    - {Nothing, repeat: 1000000000000}
    - Dense: 1
"""
EMPTY_LOOPS = """\
  graph:
    - for: {a: "$[1] * 2000"}
      do:
        - for: {b: "$[1] * 1000"}
          do: [{Dense: 4, if: $a + b == 0}]
    - Dense: 1
"""
# Half a second on a quiet machine; without the count it is hours.
MOST_CPU_SECONDS = 2.0


@pytest.mark.parametrize("graph", [EMPTY_BLOCK, EMPTY_LOOPS])
def test_turns_that_make_no_nodes_are_counted(graph):
    start = time.process_time()
    with pytest.raises(dlspec.SpecError) as raised:
        dlspec.loads(HEAD + graph)
    assert "DL310" in {found.code.value for found in raised.value.diagnostics}
    assert time.process_time() - start < MOST_CPU_SECONDS
