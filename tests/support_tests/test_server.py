"""The live server of the tests: real pictures, readable errors, nothing left running."""

import io
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import graphs
import pytest
import server as servers_module
import tiny
from PIL import Image

SUPPORT = Path(servers_module.__file__).parent


def test_stock_graph_on_the_tiny_checkpoint(comfy_server):
    entry = comfy_server.run(graphs.text_to_image(px=192))
    assert servers_module.succeeded(entry)
    assert servers_module.node_error(entry) is None
    (data,) = comfy_server.images(entry)
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (192, 192)
    assert "CheckpointLoaderSimple" in picture.info["prompt"]
    low, high = picture.convert("L").getextrema()
    assert low < 80 < 170 < high


def test_lora_and_controlnet_are_offered(comfy_server):
    nodes = comfy_server.get("/object_info")
    for node, name, file in (
        ("LoraLoader", "lora_name", tiny.LORA),
        ("LoraLoader", "lora_name", tiny.WRONG_BASE_LORA),
        ("ControlNetLoader", "control_net_name", tiny.CONTROLNET),
    ):
        assert file in nodes[node]["input"]["required"][name][0]


def test_refused_prompt(comfy_server):
    prompt = graphs.text_to_image()
    prompt["5"]["inputs"]["steps"] = "many"
    with pytest.raises(servers_module.Refused, match="steps") as refused:
        comfy_server.queue(prompt)
    assert list(refused.value.errors) == ["5"]


def test_error_while_running(comfy_server):
    prompt = graphs.text_to_image()
    prompt["5"]["inputs"]["model"] = ["8", 0]
    prompt["8"] = {
        "class_type": "LoraLoaderModelOnly",
        "inputs": {"model": ["1", 0], "lora_name": "broken.safetensors", "strength_model": 1.0},
    }
    (comfy_server.base / "models" / "loras" / "broken.safetensors").write_bytes(b"not a model")
    error = servers_module.node_error(comfy_server.run(prompt))
    assert (error.node_id, error.node_type) == ("8", "LoraLoaderModelOnly")
    assert error.message
    assert servers_module.succeeded(comfy_server.run(graphs.text_to_image(seed=11)))


def test_interrupt(comfy_server):
    prompt_id = comfy_server.queue(graphs.text_to_image(steps=2000, seed=3))
    while prompt_id not in comfy_server.running():
        time.sleep(0.1)
    time.sleep(1)
    comfy_server.interrupt()
    entry = comfy_server.wait(prompt_id, 30)
    assert servers_module.interrupted(entry)
    assert not servers_module.succeeded(entry)
    assert comfy_server.running() == []


def test_upload(comfy_server, tmp_path):
    Image.new("RGB", (64, 48), (255, 0, 0)).save(tmp_path / "red.png")
    name = comfy_server.upload(tmp_path / "red.png")
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": name}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }
    (data,) = comfy_server.images(comfy_server.run(prompt))
    picture = Image.open(io.BytesIO(data))
    assert (picture.size, picture.getpixel((5, 5))) == ((64, 48), (255, 0, 0))


@pytest.mark.skipif(os.name != "posix", reason="looks for processes by signal 0")
def test_nothing_outlives_a_killed_starter(tmp_path):
    """attached.py: the child ends when whoever started it is gone, even by SIGKILL."""
    script = tmp_path / "main.py"
    script.write_text("import os, sys, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    starter = textwrap.dedent(
        f"""
        import subprocess, sys, time
        command = [sys.executable, {str(SUPPORT / "attached.py")!r}, {str(script)!r}]
        child = subprocess.Popen(command, stdin=subprocess.PIPE)
        time.sleep(60)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True)
    pid = int(process.stdout.readline())
    os.kill(pid, 0)
    process.kill()
    process.wait()
    process.stdout.close()
    for _ in range(100):
        if not _alive(pid):
            return
        time.sleep(0.1)
    pytest.fail(f"Process {pid} still runs.")


def _alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    if status.parent.parent.exists() and not status.exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_end_takes_a_stubborn_group_down():
    program = "import signal, subprocess, sys, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    program += "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    program += "print(p.pid, flush=True)\ntime.sleep(60)\n"
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    grandchild = int(child.stdout.readline())
    servers_module.end(child, patience=0.5)
    child.stdout.close()
    assert child.returncode is not None
    time.sleep(0.2)
    assert not _alive(grandchild)


def test_a_server_that_cannot_start_shows_its_log(tmp_path):
    (tmp_path / "main.py").write_text("raise SystemExit('no such thing as a flux capacitor')\n")
    with (
        pytest.raises(RuntimeError, match="flux capacitor"),
        servers_module.running_server(tmp_path, tmp_path),
    ):
        pass
