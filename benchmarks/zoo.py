"""The packaged architectures against what was published: `python -m benchmarks.zoo`.

`--write docs/zoo.md` puts the table into the page, between its two markers.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
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
_TIMM = "timm"
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
    # Multiply-adds: Sandler et al. 2018, tables 3 and 4.
    Published("mobilenet_v2", {"alpha": 1.0}, 3_538_984, _APPLICATIONS, 0.300),
    Published("mobilenet_v2", {"alpha": 1.4}, 6_156_712, _APPLICATIONS, 0.585),
    # Multiply-adds: Howard et al. 2019, table 3.
    Published("mobilenet_v3", {"size": "large"}, 5_507_432, _APPLICATIONS, 0.219),
    Published("mobilenet_v3", {"size": "small"}, 2_554_968, _APPLICATIONS, 0.056),
    # With the 7 numbers of its `Normalization`; multiply-adds: Tan, Le 2019, table 2, whose figures
    # for B4, B5 and B7 are 2 to 4 % below those of the network as it is given.
    Published("efficientnet", {"variant": 0}, 5_330_571, _APPLICATIONS, 0.39),
    Published("efficientnet", {"variant": 1}, 7_856_239, _APPLICATIONS, 0.70),
    Published("efficientnet", {"variant": 2}, 9_177_569, _APPLICATIONS, 1.0),
    Published("efficientnet", {"variant": 3}, 12_320_535, _APPLICATIONS, 1.8),
    Published("efficientnet", {"variant": 4}, 19_466_823, _APPLICATIONS),
    Published("efficientnet", {"variant": 5}, 30_562_527, _APPLICATIONS),
    Published("efficientnet", {"variant": 6}, 43_265_143, _APPLICATIONS, 19.0),
    Published("efficientnet", {"variant": 7}, 66_658_687, _APPLICATIONS),
    Published("densenet", {"depth": 121}, 8_062_504, _APPLICATIONS, 2.834),
    Published("densenet", {"depth": 169}, 14_307_880, _APPLICATIONS, 3.360),
    Published("densenet", {"depth": 201}, 20_242_984, _APPLICATIONS, 4.291),
    Published("xception", {}, 22_910_480, _APPLICATIONS),
    # Multiply-adds: Liu et al. 2022, table 9.
    Published("convnext", {"size": "tiny"}, 28_589_128, _APPLICATIONS, 4.5),
    Published("convnext", {"size": "small"}, 50_223_688, _APPLICATIONS, 8.7),
    Published("convnext", {"size": "base"}, 88_591_464, _APPLICATIONS, 15.4),
    Published("convnext", {"size": "large"}, 197_767_336, _APPLICATIONS, 34.4),
    Published("convnext", {"size": "xlarge"}, 350_196_968, _APPLICATIONS, 60.9),
    Published("vit", {"size": "tiny"}, 5_717_416, _TIMM),
    Published("vit", {"size": "small"}, 22_050_664, _TIMM),
    Published("vit", {"size": "base"}, 86_567_656, f"{_TIMM}, {_TORCHVISION}", 17.564),
    Published("vit", {"size": "base", "patch": 32}, 88_224_232, f"{_TIMM}, {_TORCHVISION}", 4.409),
    Published("vit", {"size": "large"}, 304_326_632, f"{_TIMM}, {_TORCHVISION}", 61.555),
    Published("mlp_mixer", {}, 59_880_472, _TIMM),
    Published("convmixer", {}, "51.6M", "Trockman, Kolter, table 1", counts="trainable"),
    Published(
        "convmixer",
        {"dim": 768, "depth": 32, "window": 7},
        "21.1M",
        "Trockman, Kolter, table 1",
        counts="trainable",
    ),
    # The paper's 70 K hold a scale for each filter too, of its weight normalization.
    Published("tcn", {"shape": [784, 1], "levels": 8}, "0.07M", "Bai et al., table 1"),
    Published("deeplab_v3_plus", {}, 11_857_236, "Keras's example"),
    Published("fcn", {}, "134M", "Long et al., table 1"),
    Published("unet_plus_plus", {"classes": 1, "head": "sigmoid"}, "9.04M", "Zhou et al., table 2"),
    Published("pointnet", {}, "3.5M", "Qi et al., table 6", counts="trainable"),
    Published("vae", {}, 134_165, "Keras's example"),
    Published("dcgan", {}, 6_342_272, "PyTorch's example", counts="trainable"),
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
    """Return a packaged architecture with some params; each variant is compiled once."""
    return _compiled_variant(name, json.dumps(dict(params)))


@cache
def _compiled_variant(name: str, params: str) -> dlspec.Plan:
    return dlspec.load(FOLDER / f"{name}.yaml", params=json.loads(params))


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
