"""What follows a finished run: its file among the models, a workflow on this machine's server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ixl.training.again import same_run
from ixl.training.delivery import THEN, again, deliver, delivered, queue_then, run_then
from ixl.training.runs import keep_reserve, set_state, state_of, use_reserve, whole_files
from ixl.training.settings import TrainingSettings, changed


@pytest.fixture
def run(tmp_path):
    """A finished run whose file goes to `models`."""
    folder = tmp_path / "my lora"
    (folder / "output").mkdir(parents=True)
    settings = TrainingSettings("my lora", "a", (("p", 1),), deliver_to=str(tmp_path / "models"))
    (folder / "settings.json").write_text(json.dumps(settings.as_dict()))
    (folder / "output" / "my lora.safetensors").write_bytes(b"weights")
    set_state(folder, status="done")
    return folder


@pytest.fixture
def server():
    """(URL, bodies received) of a server that answers as ComfyUI's /prompt."""
    received = []

    class Prompt(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.append((self.path, body))
            known = body.get("prompt") != {}
            self.send_response(200 if known else 400)
            self.end_headers()
            self.wfile.write(b'{"prompt_id": "7"}' if known else b'{"error": "no outputs"}')

        def log_message(self, *_):
            """Silent."""

    httpd = HTTPServer(("127.0.0.1", 0), Prompt)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}", received
    httpd.shutdown()
    httpd.server_close()


def test_the_file_is_put_among_the_models_once(run, tmp_path):
    assert (deliver(run), deliver(run)) == ("", "")
    (made,) = (tmp_path / "models").iterdir()
    assert (delivered(run), made.read_bytes()) == (str(made), b"weights")
    made.unlink()
    assert delivered(run) == ""


def test_another_file_of_that_name_is_not_replaced(run, tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "my lora.safetensors").write_bytes(b"another")
    assert deliver(run) == ""
    assert (tmp_path / "models" / "my lora.safetensors").read_bytes() == b"another"
    assert (tmp_path / "models" / "my lora_2.safetensors").read_bytes() == b"weights"


def test_a_model_folder_that_cannot_be_used_is_named(run, tmp_path):
    (tmp_path / "models").write_text("a file")
    assert str(tmp_path / "models") in deliver(run)
    assert delivered(run) == ""


def test_the_workflow_is_queued_as_it_was(run, server):
    url, received = server
    graph = {"1": {"class_type": "IXLTrain", "inputs": {"start": "new run", "steps": 5}}}
    queue_then(run, url, {"prompt": again(graph, "1", "start"), "client_id": "me"})
    assert run_then(run) == "" and state_of(run)["then"] == "7"
    ((path, body),) = received
    assert (path, body["client_id"]) == ("/prompt", "me")
    # else it would train for ever
    assert body["prompt"]["1"]["inputs"] == {"start": "go on", "steps": 5}
    assert graph["1"]["inputs"]["start"] == "new run"


def test_a_refusal_and_a_server_that_is_gone_are_told(run, server):
    url, _ = server
    assert run_then(run) == ""
    queue_then(run, url, {"prompt": {}})
    assert "no outputs" in run_then(run)
    queue_then(run, "http://127.0.0.1:9", {"prompt": {}})
    assert "queue it by hand" in run_then(run)


@pytest.mark.parametrize("url", ["file:///etc", "http://a/b?c", "http://u:p@host", "x\nhttp://a"])
def test_only_an_address_is_a_server(run, url):
    with pytest.raises(ValueError, match="no address"):
        queue_then(run, url, {})
    assert not (run / THEN).exists()


def test_the_reserve_makes_room(run):
    keep_reserve(run)
    kept = sum(p.stat().st_size for p in run.iterdir())
    use_reserve(run)
    use_reserve(run)
    assert kept - sum(p.stat().st_size for p in run.iterdir()) >= 256 * 1024


def test_files_that_a_crash_cut_short_are_not_listed(run):
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    whole = len(header).to_bytes(8, "little") + header + bytes(8)
    (run / "output" / "whole.safetensors").write_bytes(whole)
    (run / "output" / "cut.safetensors").write_bytes(whole[:-1])
    assert [p.name for p in whole_files(run / "output")] == ["whole.safetensors"]


@pytest.mark.parametrize("name", ["name", "checkpoint", "folders", "deliver_to"])
def test_paths_and_names_are_not_set_by_a_nodes_options(name):
    settings = TrainingSettings("run", "a", (("p", 1),))
    with pytest.raises(ValueError, match=name):
        changed(settings, None, 0, json.dumps({name: "x"}))


def test_a_run_is_the_same_only_on_the_same_settings_and_pictures(tmp_path):
    from ixl.training.captions import stamp_of

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "a.png").write_bytes(b"a")
    settings = TrainingSettings("run", "a", ((str(pictures), 1),))
    folder = tmp_path / "runs" / "run"
    folder.mkdir(parents=True)
    told = json.dumps(settings.absolute().as_dict())
    (folder / "settings.json").write_text(told)
    set_state(folder, pictures=stamp_of([str(pictures)]))
    assert same_run(folder.parent, settings) == folder
    assert same_run(folder.parent, settings._replace(seed=1)) is None
    (pictures / "a.txt").write_text("1girl")
    assert same_run(folder.parent, settings) is None
