"""Fetching a model from a loopback hub: what is fetched, how it is checked, what is said."""

import hashlib
import json
import random
from urllib.parse import quote

import pytest
from file_server import file_server
from ixl.core.tipo.fetch import fetch_model
from ixl.core.tipo.folder import find_models

MODEL, REVISION = "Some.One/TIPO-x", "0123abcd"
WEIGHTS = random.Random(1).randbytes(200_000)
SMALL = {"config.json": b"{}", "tokenizer_config.json": b'{"legacy": true}', "LICENSE.md": b"text"}
LARGE = {"model.safetensors": WEIGHTS, "tokenizer.model": b"pieces"}
UNWANTED = {"x-F16.gguf": b"gguf", "../evil.json": b"{}", "modeling.py": b"import os"}


@pytest.fixture
def hub():
    with file_server() as server:
        for name, content in {**SMALL, **LARGE, **UNWANTED}.items():
            server.files[f"/{MODEL}/resolve/{REVISION}/{quote(name)}"] = content
        publish(server)
        yield server


def publish(server, **changed):
    """The hub's list of files, as its API states it."""
    listed = []
    for name, content in {**SMALL, **LARGE, **UNWANTED}.items():
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry = {"rfilename": name, "size": len(content), "blobId": blob}
        if name in LARGE:
            digest = hashlib.sha256(content).hexdigest()
            entry["blobId"] = "f" * 40  # of the pointer, not of the content
            entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 130}
        listed.append({**entry, **changed.get(name.partition(".")[0], {})})
    answer = {"id": MODEL, "sha": REVISION, "siblings": listed}
    server.files[f"/api/models/{MODEL}?blobs=true"] = json.dumps(answer).encode()


def address(server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_a_model_is_fetched_and_found(hub, tmp_path):
    steps = []
    folder = fetch_model(MODEL, tmp_path, lambda *step: steps.append(step), address(hub))
    assert folder == tmp_path / "TIPO-x"
    got = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert got == {**SMALL, **LARGE}
    assert find_models([tmp_path, tmp_path / "gone"]) == {"TIPO-x": folder}
    assert steps[-1] == ("model.safetensors", len(WEIGHTS), len(WEIGHTS))


def test_what_is_there_is_kept_and_what_is_broken_is_fetched_again(hub, tmp_path):
    folder = fetch_model(MODEL, tmp_path, hub=address(hub))
    (folder / "config.json").write_bytes(b"[]")
    hub.paths.clear()
    fetch_model(MODEL, tmp_path, hub=address(hub))
    assert [path.rpartition("/")[2] for path in hub.paths] == ["TIPO-x?blobs=true", "config.json"]
    assert (folder / "config.json").read_bytes() == b"{}"


def test_an_interruption_is_gone_on_with(hub, tmp_path):
    hub.break_after = [10**9] * (len(SMALL) + 2) + [70_000]  # list, small files, tokenizer
    folder = fetch_model(MODEL, tmp_path, hub=address(hub))
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert hub.requests[-1]["Range"] == "bytes=70000-"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("model", {"lfs": {"sha256": "0" * 64, "size": len(WEIGHTS), "pointerSize": 1}}),
        ("model", {"lfs": {"sha256": "0" * 64, "size": 5, "pointerSize": 1}}),
        ("config", {"blobId": "0" * 40}),
        ("config", {"size": 3}),
    ],
)
def test_another_content_than_listed_is_refused(hub, tmp_path, name, change):
    publish(hub, **{name: change})
    with pytest.raises(ValueError, match="thrown away"):
        fetch_model(MODEL, tmp_path, hub=address(hub))
    assert not list(tmp_path.rglob(f"{name}.*"))
    assert find_models([tmp_path]) == {}


@pytest.mark.parametrize("model", ["TIPO", "a/..", "../a", "a/b/c", "http://x/y", ""])
def test_a_name_that_is_no_model_is_refused_before_anything_is_sent(hub, tmp_path, model):
    with pytest.raises(ValueError, match="must be OWNER/NAME"):
        fetch_model(model, tmp_path, hub=address(hub))
    assert not hub.paths and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [(404, ValueError, "no public model"), (401, ValueError, "no public"), (503, OSError, "503")],
)
def test_a_refusal_of_the_hub_is_said(hub, tmp_path, status, error, said):
    hub.status = status
    with pytest.raises(error, match=said):
        fetch_model(MODEL, tmp_path, hub=address(hub))


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"sha": "x", "siblings": []}', b"[]"])
def test_another_answer_than_a_list_is_said(hub, tmp_path, answer):
    hub.files[f"/api/models/{MODEL}?blobs=true"] = answer
    with pytest.raises(ValueError, match="no list of files|no config.json"):
        fetch_model(MODEL, tmp_path, hub=address(hub))


def test_nobody_there(tmp_path):
    with file_server() as stopped:
        url = address(stopped)
    with pytest.raises(OSError, match="cannot be reached"):
        fetch_model(MODEL, tmp_path, hub=url)
