"""Files are whole or as they were before, on a disk with room and without."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import masked_envs
from masked_envs.files import atomic_write


def test_a_block_that_ends_well_replaces_the_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("before", [None, b"old"])
def test_an_error_leaves_what_was_there(tmp_path, error, before):
    path = tmp_path / "a.bin"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"half")
        raise error
    assert os.listdir(tmp_path) == ([] if before is None else ["a.bin"])
    assert before is None or path.read_bytes() == before


def test_a_link_stays_a_link_and_permissions_are_those_of_new_files(tmp_path):
    path, link, plain = tmp_path / "a.bin", tmp_path / "link.bin", tmp_path / "plain.bin"
    path.write_bytes(b"old")
    link.symlink_to(path)
    with atomic_write(link) as file:
        file.write(b"new")
    plain.write_bytes(b"")
    assert link.is_symlink() and path.read_bytes() == b"new"
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_device_is_written_directly_and_stays_a_device():
    with atomic_write(os.devnull) as file:
        file.write(b"new")
    assert Path(os.devnull).exists() and not Path(os.devnull).is_file()


def limited_to(size, code):
    """Run some code in a process whose files cannot grow beyond a size, as on a full disk."""
    head = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
    paths = os.pathsep.join([str(Path(masked_envs.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    command = [sys.executable, "-c", head + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


def test_a_file_that_does_not_fit_leaves_nothing_behind(tmp_path):
    pytest.importorskip("resource", reason="needs limits on the size of files")
    (tmp_path / "a.bin").write_bytes(b"old")
    code = f"from masked_envs.files import atomic_write\nwith atomic_write({str(tmp_path / 'a.bin')!r}) as file:\n    "
    done = limited_to(1000, code + "file.write(bytes(5000))")
    assert "File too large" in done.stderr and done.returncode == 1
    assert os.listdir(tmp_path) == ["a.bin"] and (tmp_path / "a.bin").read_bytes() == b"old"


def test_a_gif_that_does_not_fit_is_one_line_and_no_file(tmp_path):
    pytest.importorskip("resource", reason="needs limits on the size of files")
    pytest.importorskip("PIL", reason="Pillow writes GIFs")
    out = tmp_path / "demo.gif"
    words = ["demo", "MaskedCartPole-v0", "--steps", "3", "--out", str(out)]
    done = limited_to(1000, f"import sys\nfrom masked_envs.cli import main\nsys.exit(main({words!r}))")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"masked-envs: error: --out {out}: File too large\n"
    assert os.listdir(tmp_path) == []
