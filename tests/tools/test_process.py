"""Children end with us, and what children are given."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ixl.tools import cache, commands, process
from ixl.tools.comfyui import ComfyUI

PYTHON_PATH = str(Path(__file__).resolve().parents[2] / "python")
PARENT = """
import sys
from ixl.tools import process
CHILD = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
process.run([sys.executable, "-c", CHILD], patience=0.2)
"""


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_interrupt_of_the_parent_alone_ends_the_child():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": PYTHON_PATH},
    )
    child = int(parent.stdout.readline())
    started = time.monotonic()
    parent.send_signal(signal.SIGINT)
    parent.wait(timeout=20)
    assert time.monotonic() - started < 10
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_stubborn_child_is_killed():
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        "print('up', flush=True)\ntime.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    child.stdout.readline()
    process.end(child, 0, grace=0.5)
    assert child.poll() is not None


def test_exit_code_and_output_are_kept():
    assert process.run([sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert process.capture([sys.executable, "-c", "print(input())"], text="ä")[:2] == (0, "ä\n")
    assert process.capture(["no-such-program-here"])[0] == 127


@pytest.mark.parametrize("own", [True, False])
def test_children_get_the_documented_variables(tmp_path, monkeypatch, own):
    monkeypatch.setenv("IXL_CACHE", str(tmp_path))
    monkeypatch.setenv("IXL_FRONT_END_NEWEST", "left over from elsewhere")
    monkeypatch.setenv("VIRTUAL_ENV", "another")
    found = commands.Found(ComfyUI(tmp_path / "c", "here", own), tmp_path / "py", None, None)
    given = commands.child_environment(found)
    assert given["IXL_CACHE"] == str(cache.folder()) == str(tmp_path)
    assert given["IXL_COMFYUI"] == str(tmp_path / "c")
    assert given["PYTHONPATH"] == PYTHON_PATH
    assert given["OMP_WAIT_POLICY"] == os.environ.get("OMP_WAIT_POLICY", "PASSIVE")
    assert ("PYTHONPYCACHEPREFIX" in given) == own
    assert not {"IXL_BROWSER", "IXL_FRONT_END_NEWEST", "VIRTUAL_ENV"} & given.keys()
