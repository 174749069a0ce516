"""Texts that ask for much work in few words, each by a number that says how much."""

from collections.abc import Callable


def spec_around(graph: str, *, inside_model: str = "", above_model: str = "") -> str:
    head = f"dlspec: 1\nname: hostile\n{above_model}model:\n  inputs: {{x: [4]}}\n"
    return f"{head}{inside_model}  graph:\n{graph}"


def lines(n: int, line: Callable[[int], str]) -> str:
    return "".join(f"{line(i)}\n" for i in range(n))


def listed(n: int, item: Callable[[int], str] = lambda _: "1") -> str:
    return ", ".join(map(item, range(n)))


def params(n: int, line: Callable[[int], str], *, first: str = "1") -> str:
    return f"params:\n  p0: {first}\n" + lines(n, lambda i: f"  p{i + 1}: {line(i)}")


def models_in_models(n: int) -> str:
    model = "{inputs: {x: [null, 4]}, graph: [{Dense: 4}]}"
    for _ in range(min(n, 25)):
        graph = "[{use: m, name: a}, {ZeroPadding1D: 1}, {use: m, name: b}]"
        model = f"{{inputs: {{x: [null, 4]}}, models: {{m: {model}}}, graph: {graph}}}"
    outermost = model.replace("[null, 4]", "[7, 4]", 1)
    return f"dlspec: 1\nname: hostile\nmodel: {outermost}\n"


DENSE = "    - Dense: 4\n"
LAST = "    - Dense: $p1\n"
NAMED = "    - {Dense: 4, name: y}\n"


def loop(n: int, do: str) -> str:
    return f"    - for: {{a: '$[1] * {n}'}}\n      do:\n{do}    - Dense: 1\n"


HOSTILE: dict[str, Callable[[int], str]] = {
    # params and expressions
    "params in a row": lambda n: spec_around(
        f"    - Dense: $p{n}\n", above_model=params(n, lambda i: f"$p{i} + 1")
    ),
    "params that double": lambda n: spec_around(
        LAST, above_model=params(min(n, 50), lambda i: f"'$[p{i}, p{i}]'", first="[1]")
    ),
    "lists in lists": lambda n: spec_around(
        LAST, above_model=params(1, lambda _: f"'$[p0] * {n}'", first=f"'$[1] * {n}'")
    ),
    "copies of a long list": lambda n: spec_around(
        LAST, above_model=params(n, lambda _: "$p0", first=f"'$[1] * {min(n, 10_000)}'")
    ),
    "many params, each read": lambda n: spec_around(
        f"    - {{Dense: $p1, repeat: {n}}}\n", above_model=params(n, lambda i: f"$p0 + {i}")
    ),
    "long expressions": lambda n: spec_around(
        LAST, above_model=params(n, lambda i: f"'${'1+' * 45}{i}'")
    ),
    "an expression over a list in a loop": lambda n: spec_around(
        loop(n, "        - {Dense: 4, if: $a in l or max(l) < len(l * 2)}\n"),
        above_model=f"params: {{l: '$[0.5] * {min(n, 4000)}'}}\n",
    ),
    # names that are not there
    "unknown names": lambda n: spec_around(
        lines(n, lambda i: f"    - {{Dense: 4, name: abcdef{i:05}}}")
        + lines(n, lambda i: f"    - {{Dense: 4, from: abcdxx{i:05}}}")
    ),
    "unknown params": lambda n: spec_around(
        DENSE,
        above_model="params:\n"
        + lines(n, lambda i: f"  abcdef{i:05}: 1")
        + lines(n, lambda i: f"  q{i}: $abcdxf{i:05}"),
    ),
    "unknown classes": lambda n: spec_around(lines(n, lambda i: f"    - Densx{i}: 4")),
    "unknown arguments": lambda n: spec_around(
        f"    - Dense: {{{listed(n, lambda i: f'unitx{i}: 4')}}}\n"
    ),
    "unknown keys": lambda n: spec_around(DENSE, above_model=lines(n, lambda i: f"mxdel{i}: 4")),
    "long names": lambda n: spec_around(
        f"    - {{Dense: 4, name: {'a' * n}}}\n    - {{Dense: 4, from: b{'a' * n}}}\n"
    ),
    # what is expanded
    "a long argument, repeated": lambda n: spec_around(
        f"    - {{Reshape: [{listed(n)}], repeat: {n}}}\n"
    ),
    "a loop over what it leaves out": lambda n: spec_around(
        loop(
            n,
            "        - {Dense: $a, repeat: 0}\n        - for: {b: []}\n          do:\n"
            + lines(n, lambda _: "            - Dense: $b"),
        )
    ),
    "blocks inside blocks": lambda n: spec_around(
        "    - B0\n",
        inside_model="  blocks:\n"
        + lines(n, lambda i: f"    B{i}: {{graph: [B{i + 1}]}}")
        + f"    B{n}: {{graph: [{{Dense: 4}}]}}\n",
    ),
    "blocks inside blocks, left out": lambda n: spec_around(
        "    - {B0, if: $false}\n" + DENSE,
        inside_model="  blocks:\n"
        + lines(n, lambda i: f"    B{i}: {{graph: [B{i + 1}]}}")
        + f"    B{n}: {{graph: [{{Dense: 4}}]}}\n",
    ),
    "blocks that double": lambda n: spec_around(
        "    - B0\n" + DENSE,
        inside_model="  blocks:\n"
        + lines(min(n, 40), lambda i: f"    B{i}: {{graph: [B{i + 1}, B{i + 1}]}}")
        + f"    B{min(n, 40)}: {{graph: [{{Dense: 4, if: $false}}]}}\n",
    ),
    "a block of many params": lambda n: spec_around(
        f"    - {{B: {{{listed(n, lambda i: f'k{i}: 1')}}}, repeat: {n}}}\n",
        inside_model=f"  blocks:\n    B:\n      params: {{{listed(n, lambda i: f'k{i}: 1')}}}\n"
        "      graph: [{Dense: $k1}]\n",
    ),
    "long defaults": lambda n: spec_around(
        f"    - {{Dense: 4, repeat: {n}}}\n",
        inside_model=f"  defaults: {{Dense: {{kernel_regularizer: [{listed(n)}]}}}}\n",
    ),
    "one mistake, used again": lambda n: spec_around(
        f"    - {{B, repeat: {n}}}\n",
        inside_model="  blocks:\n    B:\n      graph: [{Dense: {units: 4, "
        f"{listed(min(n, 300), lambda i: f'k{i}: 1')}}}}}]\n",
    ),
    "uses of uses": lambda n: spec_around(
        "    - {Dense: 4, name: u0}\n" + lines(n, lambda i: f"    - {{use: u{i}, name: u{i + 1}}}")
    ),
    "models inside models": models_in_models,
    "uses of a large model": lambda n: spec_around(
        f"    - {{use: m, repeat: {n}}}\n",
        inside_model="  models:\n    m:\n      inputs: {x: [4]}\n"
        f"      graph: [{{Dense: 4, repeat: {n}}}]\n",
    ),
    "named loops in named loops": lambda n: spec_around(
        "".join(
            f"{'  ' * (2 * i + 2)}- for: {{a{i}: [1]}}\n{'  ' * (2 * i + 3)}name: t\n"
            f"{'  ' * (2 * i + 3)}do:\n"
            for i in range(30)
        )
        + f"{'  ' * 63}- {{Dense: 4, repeat: {n}}}\n"
    ),
    # what is resolved and judged
    "a long row": lambda n: spec_around(f"    - {{Dense: 4, repeat: {n}}}\n"),
    "functions in a row": lambda n: spec_around(f"    - {{ops.relu, repeat: {n}}}\n"),
    "many outputs": lambda n: spec_around(
        lines(n, lambda i: f"    - {{Dense: 4, name: y{i}, from: x}}")
        + f"  outputs: [{listed(n, lambda i: f'y{i}')}]\n"
    ),
    "one output, many times": lambda n: spec_around(
        NAMED + f"  outputs: [{listed(n, lambda _: 'y')}]\n"
    ),
    "a wide merge": lambda n: spec_around(
        lines(n, lambda i: f"    - {{Dense: 4, name: y{i}, from: x}}")
        + f"    - {{Add, from: [{listed(n, lambda i: f'y{i}')}]}}\n"
    ),
    "wide merges in a loop": lambda n: spec_around(
        NAMED + f"    - {{Add, from: [{listed(min(n, 5000), lambda _: 'y')}], repeat: {n}}}\n"
    ),
    "an input of many axes": lambda n: (
        spec_around(DENSE).replace("[4]", f"[{listed(n)}]")
        + f"    - {{Activation: relu, repeat: {min(n, 9000)}}}\n"
    ),
    # the text, and what is said of it
    "findings in one wide line": lambda n: (
        "dlspec: 1\nname: hostile\nmodel: {inputs: {x: [4]}, graph: ["
        + listed(n, lambda i: f"{{Dense: é{i}}}")
        + "]}\n"
    ),
    "a requirement of many digits": lambda n: spec_around(
        DENSE, above_model=f"evaluation: {{gates: {{accuracy: '>= {'1_' * n}x'}}}}\n"
    ),
    "many expected columns": lambda n: (
        "dlspec: 1\nname: hostile\ndata:\n  source: {csv: a.csv}\n  inputs:\n"
        f"    x: {{vector: [{listed(n, lambda i: f'c{i}')}]}}\n"
        "  targets: {y: {class: t, classes: 3}}\n  split: {validation: 0.1, test: 0.1}\n"
        f"  expect: {{{listed(n, lambda i: f'd{i}: {{nullable: false}}')}}}\n"
        "model:\n  graph:\n    - {Dense: 3, name: y}\n"
    ),
}
