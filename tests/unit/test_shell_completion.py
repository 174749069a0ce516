"""What a shell offers, asked through click's own protocol."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "specs").mkdir()
    for name in ("digits_lenet5", "digits_gru", "iris"):
        (folder / "specs" / f"{name}.yaml").write_text(f"dlspec: 1\nname: {name}\n")
    (folder / "specs" / "compose.yaml").write_text("services: {}\n")
    for run in ("037864a8", "5f9634fc"):
        (folder / ".dlspec/runs/digits_gru" / run).mkdir(parents=True)
        (folder / ".dlspec/runs/digits_gru" / run / "model.keras").touch()
        (folder / ".dlspec/runs/digits_gru" / run / "plan.json").touch()
    return folder


def offered(folder, *words):
    done = subprocess.run(
        # As a reinstalled console script: an older one knows fewer commands.
        [sys.executable, "-c", "from dlspec_pipelines.cli import main; main(prog_name='dlspec')"],
        cwd=folder,
        env={
            "PYTHONPATH": f"{ROOT}:{ROOT / 'pipelines'}",
            "_DLSPEC_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["dlspec", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("che",), ["plain,check"]),
        (("show", "digits_l"), ["plain,digits_lenet5"]),
        (("run", "i"), ["plain,iris"]),
        (
            ("show", "digits_g"),
            ["plain,digits_gru", "plain,digits_gru/037864a8", "plain,digits_gru/5f9634fc"],
        ),
        (("diff", "iris", "digits_gru/5"), ["plain,digits_gru/5f9634fc"]),
        (("predict", "digits_gru/0"), ["plain,digits_gru/037864a8"]),
        (("show", "digits_gru#"), ["plain,digits_gru#1", "plain,digits_gru#2"]),
        (("predict", "digits_gru#2"), ["plain,digits_gru#2"]),
        (("runs", "dig"), ["plain,digits_gru"]),
        (("champion", "dig"), ["plain,digits_gru"]),
        (
            ("champion", "digits_gru", "--promote", "digits_gru#"),
            ["plain,digits_gru#1", "plain,digits_gru#2"],
        ),
        (("show", "specs/i"), ["file,specs/i"]),
        (("show", "comp"), ["file,comp"]),
        (("explain", "dl40"), [f"plain,DL40{n}" for n in range(1, 10)]),
        (("check", "--ignore", "DL301,DL60"), [f"plain,DL301,DL60{n}" for n in range(1, 5)]),
        (("zoo", "resnet"), ["plain,resnet", "plain,resnet_cifar"]),
        (("new", "x", "--zoo", "une"), ["plain,unet", "plain,unet_plus_plus"]),
        (("check", "--format", "s"), ["plain,sarif"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_shell_is_offered_what_there_is(project, words, expected):
    assert offered(project, *words) == expected
