import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from dlspec_pipelines.steps import store
from dlspec_pipelines.steps.step_errors import Busy, StepError, write_errors_as_step_errors


def _python(code: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_home_is_what_the_environment_names(monkeypatch, tmp_path):
    monkeypatch.setenv("DLSPEC_HOME", str(tmp_path / "elsewhere"))
    assert store.artifacts_home() == tmp_path / "elsewhere"
    assert store.run_folder("digits", "r1") == tmp_path / "elsewhere/runs/digits/r1"
    assert store.dataset_folder("f00") == tmp_path / "elsewhere/datasets/f00"
    assert store.champion_file("digits") == tmp_path / "elsewhere/champions/digits.json"


def test_home_lies_beside_the_nearest_workspace(monkeypatch, tmp_path):
    monkeypatch.delenv("DLSPEC_HOME", raising=False)
    inner = tmp_path / "project" / "specs"
    inner.mkdir(parents=True)
    (tmp_path / "project" / "workspace.yaml").write_text("load_from: []\n")
    monkeypatch.chdir(inner)
    assert store.artifacts_home() == tmp_path / "project" / ".dlspec"


def test_a_url_as_home_is_refused(monkeypatch):
    monkeypatch.setenv("DLSPEC_HOME", "s3://bucket/dlspec")
    with pytest.raises(StepError, match="`s3://bucket/dlspec`, not a folder"):
        store.artifacts_home()


def test_a_folder_appears_when_its_block_ends(tmp_path):
    final = tmp_path / "runs" / "r1"
    with store.whole_folder(final) as folder:
        (folder / "model.keras").write_bytes(b"weights")
        assert not final.exists()
    assert (final / "model.keras").read_bytes() == b"weights"
    assert _names(final.parent) == ["r1"]


def test_a_folder_whose_block_fails_does_not_appear(tmp_path):
    def write_half() -> None:
        with store.whole_folder(tmp_path / "r1") as folder:
            (folder / "half").write_bytes(b"half")
            raise ValueError(_names(tmp_path))

    with pytest.raises(ValueError, match="part-"):
        write_half()
    assert _names(tmp_path) == []


def test_the_folder_that_was_there_first_stays(tmp_path):
    final = tmp_path / "f00"
    with store.whole_folder(final) as late:
        (late / "who").write_text("late")
        with store.whole_folder(final) as first:
            (first / "who").write_text("first")
    assert (final / "who").read_text() == "first"
    assert _names(tmp_path) == ["f00"]


def test_a_killed_writer_leaves_nothing_that_lasts(tmp_path):
    child = _python(
        """
        import sys, time
        from pathlib import Path
        from dlspec_pipelines.steps import store
        with store.whole_folder(Path(sys.argv[1]) / "r1") as folder:
            (folder / "half").write_bytes(b"half")
            print("ready", flush=True)
            time.sleep(60)
        """,
        str(tmp_path),
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        (aside,) = tmp_path.iterdir()
        long_ago = time.time() - 3600
        os.utime(aside, (long_ago, long_ago))
        store.write_whole(tmp_path / "other", "x")
        assert aside.exists()
        child.send_signal(signal.SIGKILL)
    os.utime(aside, (long_ago, long_ago))
    store.write_whole(tmp_path / "other", "y")
    assert _names(tmp_path) == ["other"]


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "champions" / "digits.json"
    store.write_whole(path, "first")
    store.write_whole(path, b"second")
    assert path.read_text() == "second"
    assert _names(path.parent) == ["digits.json"]


def test_a_held_folder_names_its_holder(tmp_path):
    with (
        store.lock_folder(tmp_path / "key"),
        pytest.raises(Busy) as caught,
        store.lock_folder(tmp_path / "key"),
    ):
        pass
    assert caught.value.pid == os.getpid()
    assert f"in use by process {os.getpid()}" in str(caught.value)


def test_a_lock_ends_with_its_process_and_with_its_folder(tmp_path):
    folder = tmp_path / "key"
    child = _python(
        """
        import sys, time
        from pathlib import Path
        from dlspec_pipelines.steps import store
        with store.lock_folder(Path(sys.argv[1])):
            print("ready", flush=True)
            time.sleep(60)
        """,
        str(folder),
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(Busy) as caught, store.lock_folder(folder):
            pass
        assert caught.value.pid == child.pid
        child.kill()
    with store.lock_folder(folder):
        (folder / "lock").unlink()
        folder.rmdir()
    with store.lock_folder(folder):
        assert (folder / "lock").read_text() == str(os.getpid())


def test_a_limit_on_the_size_of_files_is_a_sentence(tmp_path):
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from dlspec_pipelines.steps.step_errors import StepError, write_errors_as_step_errors\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "folder = Path(sys.argv[1])\n"
        "try:\n"
        "    with write_errors_as_step_errors(folder):\n"
        "        (folder / 'x.npy').write_bytes(bytes(2000))\n"
        "except StepError as problem:\n"
        "    print(problem)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"error: a file in `{tmp_path}` may not become as large")
    assert "`ulimit -f`" in done.stdout


def test_a_full_disk_is_a_sentence(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        with pytest.raises(StepError) as caught:
            store.write_whole(disk / "runs" / "big", b"x" * 100_000)
        assert _names(disk / "runs") == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert f"no space left in `{disk / 'runs'}`" in str(caught.value)
    assert "100.0 kB are needed" in str(caught.value)


def test_a_file_where_a_folder_belongs_is_a_sentence(tmp_path):
    (tmp_path / "runs").write_text("a file")
    with (
        pytest.raises(StepError, match="is in the way: a folder belongs there"),
        store.whole_folder(tmp_path / "runs" / "digits" / "r1"),
    ):
        pass


def test_a_folder_without_permission_is_a_sentence(tmp_path):
    tmp_path.chmod(0o755)
    code = """
        import os, sys
        from pathlib import Path
        from dlspec_pipelines.steps import store
        from dlspec_pipelines.steps.step_errors import StepError
        if os.geteuid() == 0:
            os.seteuid(65534)
        else:
            os.chmod(sys.argv[1], 0o555)
        try:
            store.write_whole(Path(sys.argv[1]) / "file", "x")
        except StepError as error:
            print(error)
        """
    for parent in (tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(0o755)
    with _python(code, str(tmp_path)) as child:
        said, trouble = child.communicate(timeout=30)
    assert said.startswith(f"error: no permission to write in `{tmp_path}`\n"), trouble


def test_an_error_about_another_file_passes(tmp_path):
    with pytest.raises(FileNotFoundError), write_errors_as_step_errors(tmp_path):
        (tmp_path.parent / "missing").read_text()
