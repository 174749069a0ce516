"""The packaged architectures against what was published: `python -m benchmarks.zoo`.

`--write docs/zoo.md` puts the table into the page, between its two markers.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import dlspec
from dlspec.expand import zoo
from dlspec.resolve.costs import Cost, graph_cost
from dlspec.tools.show.words import short_count
from dlspec.tools.zoo_table import source_of

FOLDER = Path(zoo.__file__).parent
BEGIN, END = "<!-- made by benchmarks/zoo.py -->", "<!-- end -->"
_MILLION, _GIGA = 10**6, 10**9
_HEADINGS = (
    "name",
    "with",
    "lines",
    "parameters",
    "published",
    "where",
    "MACs",
    "published",
    "paper",
)
_RIGHT = ("lines", "parameters", "published", "MACs")


@dataclass(frozen=True, slots=True)
class Published:
    """What others count for one variant.

    `parameters` is a number, or as short as it was printed, such as `0.27M`; `counts` says which
    parameters are meant; `gmac` are 10^9 multiply-adds for one sample, None where none are said.
    """

    name: str
    params: Mapping[str, object]
    parameters: int | str
    where: str
    gmac: float | None = None
    counts: Literal["all", "trainable"] = "all"

    def agrees(self, parameters: int) -> bool:
        """Return whether a count is the published one, rounded as that is."""
        if isinstance(self.parameters, int):
            return parameters == self.parameters
        printed = self.parameters.removesuffix("M")
        decimals = len(printed.partition(".")[2])
        return f"{parameters / _MILLION:.{decimals}f}" == printed


_TORCHVISION = "torchvision"
_APPLICATIONS = "keras.applications"
_CIFAR = "He et al., table 6"
PUBLISHED: tuple[Published, ...] = (
    # The usual 28x28 form; the paper's own subsampling and sparse second layer give 60,000.
    Published("lenet5", {}, 61_706, "the usual form at 28x28"),
    Published("alexnet", {}, 61_100_840, _TORCHVISION, 0.714),
    Published("vgg", {"depth": 11}, 132_863_336, _TORCHVISION, 7.609),
    Published("vgg", {"depth": 13}, 133_047_848, _TORCHVISION, 11.308),
    Published("vgg", {"depth": 16}, 138_357_544, f"{_TORCHVISION}, {_APPLICATIONS}", 15.470),
    Published("vgg", {"depth": 19}, 143_667_240, f"{_TORCHVISION}, {_APPLICATIONS}", 19.632),
    Published("resnet", {"depth": 18}, 11_689_512, _TORCHVISION, 1.814, "trainable"),
    Published("resnet", {"depth": 34}, 21_797_672, _TORCHVISION, 3.664, "trainable"),
    # Multiply-adds of 50 to 152: He et al. 2015, table 1.
    Published("resnet", {"depth": 50}, 25_636_712, _APPLICATIONS, 3.8),
    Published("resnet", {"depth": 101}, 44_707_176, _APPLICATIONS, 7.6),
    Published("resnet", {"depth": 152}, 60_419_944, _APPLICATIONS, 11.3),
    Published("resnet_cifar", {"depth": 20}, "0.27M", _CIFAR, counts="trainable"),
    Published("resnet_cifar", {"depth": 32}, "0.46M", _CIFAR, counts="trainable"),
    Published("resnet_cifar", {"depth": 44}, "0.66M", _CIFAR, counts="trainable"),
    Published("resnet_cifar", {"depth": 56}, "0.85M", _CIFAR, counts="trainable"),
    Published("resnet_cifar", {"depth": 110}, "1.7M", _CIFAR, counts="trainable"),
    Published(
        "resnet_cifar",
        {"depth": 20, "shortcut": "project", "bias": True},
        274_442,
        "Keras's CIFAR-10 example",
    ),
    # Multiply-adds: Howard et al. 2017, table 6.
    Published("mobilenet", {"alpha": 1.0}, 4_253_864, _APPLICATIONS, 0.569),
    Published("mobilenet", {"alpha": 0.75}, 2_601_976, _APPLICATIONS, 0.325),
    Published("mobilenet", {"alpha": 0.5}, 1_342_536, _APPLICATIONS, 0.149),
    Published("mobilenet", {"alpha": 0.25}, 475_544, _APPLICATIONS, 0.041),
    Published("inception", {}, 6_998_552, "Caffe's bvlc_googlenet, at inference"),
    Published(
        "inception", {"batch_norm": True, "window": 3}, 6_624_904, _TORCHVISION, 1.498, "trainable"
    ),
    Published("unet", {"classes": 1, "head": "sigmoid"}, 31_030_593, "the usual form, one class"),
    Published("siamese", {}, 38_951_745, "the usual form at 105x105"),
    Published("crnn", {}, "8.3M", "Shi et al., table 3", counts="trainable"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One variant as we count it, with what was published of it where something was."""

    name: str
    params: Mapping[str, object] = field(default_factory=dict)
    published: Published | None = None


def rows() -> Iterator[Row]:
    """Yield every published variant, and one row for each architecture without any."""
    for name in zoo.architecture_names():
        found = [one for one in PUBLISHED if one.name == name]
        yield from (Row(name, one.params, one) for one in found)
        if not found:
            yield Row(name)


def plan_of(name: str, params: Mapping[str, object]) -> dlspec.Plan:
    """Return a packaged architecture with some params."""
    return dlspec.load(FOLDER / f"{name}.yaml", params=dict(params))


def counted(cost: Cost, published: Published) -> int:
    """Return the parameters that a publication counts."""
    found = cost.trainable if published.counts == "trainable" else cost.parameters
    assert found is not None
    return found


def table() -> str:
    """Return the zoo as a Markdown table."""
    rule = ("---:" if heading in _RIGHT else "---" for heading in _HEADINGS)
    lines = [_HEADINGS, tuple(rule), *(_cells(row) for row in rows())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    plan = plan_of(row.name, row.params)
    cost, published = graph_cost(plan.graph), row.published
    params = ", ".join(f"{name}: {_shown(value)}" for name, value in row.params.items())
    parameters = cost.parameters if published is None else counted(cost, published)
    assert parameters is not None
    return (
        f"`{row.name}`",
        f"`{params}`" if params else "",
        str(len(zoo.text_of(row.name).splitlines())),
        f"{parameters:,}{_mark(published)}",
        _parameters(published),
        published.where if published else "",
        short_count(cost.macs),
        _multiply_adds(published),
        source_of(plan.description),
    )


def _parameters(published: Published | None) -> str:
    if published is None:
        return ""
    count = published.parameters
    return f"{count:,}" if isinstance(count, int) else count.replace("M", " M")


def _multiply_adds(published: Published | None) -> str:
    """Return published multiply-adds with the digits that were printed."""
    if published is None or published.gmac is None:
        return ""
    gmac = published.gmac
    return f"{gmac:g} G" if gmac >= 1 else f"{gmac * _GIGA / _MILLION:g} M"


def _mark(published: Published | None) -> str:
    return " ᵗ" if published and published.counts == "trainable" else ""


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _written(page: str) -> str:
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no `{BEGIN}` and `{END}`")
    return f"{before}{begin}\n{table()}\n{end}{after}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; with `--write PAGE` put it into a page instead."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="PAGE")
    page: Path | None = parser.parse_args(arguments).write
    if page is None:
        print(table())
    else:
        page.write_text(_written(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
