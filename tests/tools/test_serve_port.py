"""Which port the server gets."""

import socket
from pathlib import Path

import pytest
from ixl.tools import serve
from ixl.tools.report import Problem


@pytest.fixture
def taken():
    """A loopback port that another program listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_taken_port_is_said(taken):
    with pytest.raises(Problem, match=f"Port {taken} is taken by another program; stop that or"):
        serve.choose_port(str(taken))


def test_first_free_port_is_found(taken, monkeypatch):
    monkeypatch.setattr(serve, "FIRST_PORT", taken)
    assert taken < serve.choose_port(None) < taken + serve.PORTS


def test_free_port_is_kept(taken):
    free = serve.choose_port(None)
    assert serve.choose_port(str(free)) == free


@pytest.mark.parametrize("wanted", ["http", "0", "65536", "-1", "8188.5"])
def test_port_must_be_a_port(wanted):
    with pytest.raises(Problem, match="it must be a number from 1 to 65535"):
        serve.choose_port(wanted)


def test_server_listens_on_loopback_and_writes_in_its_base_only(tmp_path):
    command = serve.server_command(Path("comfyui"), tmp_path, 8199, cpu=True)
    assert command[command.index("--listen") + 1] == "127.0.0.1"
    assert command[command.index("--base-directory") + 1] == str(tmp_path)
    assert command[command.index("--database-url") + 1].endswith(f"{tmp_path}/user/comfyui.db")
    assert "--cpu" in command
    assert "--cpu" not in serve.server_command(Path("comfyui"), tmp_path, 8199, cpu=False)
