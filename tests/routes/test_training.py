"""The routes of the training panel, on aiohttp's own test server, over real run folders."""

import asyncio
import json
import os
from pathlib import Path

import pytest
import run_folders
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.routes import MOST_BYTES
from ixl.routes_training import register_training
from ixl.training import monitor
from ixl.training.expected import expected_shares
from ixl.training.runner import WORKER_LOCK
from ixl.training.runs import (
    events,
    history,
    lock,
    read_json,
    set_state,
    settings_of,
    state_of,
    write_json,
)

GET = ("/ixl/runs/details", "/ixl/runs/events", "/ixl/runs/sample")
POST = ("/ixl/runs/ask", "/ixl/runs/work", "/ixl/captions/preview")


@pytest.fixture
def place(tmp_path):
    """A folder of runs with a running and a failed one, and what lies outside of them."""
    home = tmp_path / "runs"
    first = run_folders.make_folder(home, tmp_path, "first", steps=300, prompts=["1girl"])
    run_folders.record(first, 120)
    run_folders.add_sample(first, 50)
    run_folders.add_sample(first, 100, prompt=1)
    run_folders.end(first, "running")
    failed = run_folders.make_folder(home, tmp_path, "failed", steps=300)
    (failed / "log.txt").write_text("line 1\ntorch.OutOfMemoryError: CUDA out of memory.\n")
    run_folders.end(failed, "failed", "The cause.")
    (tmp_path / "secret.png").write_bytes(b"secret")
    (home / "stray").mkdir()
    return tmp_path


def with_client(base: Path, work):
    """What work(client) returns."""

    async def go():
        routes = web.RouteTableDef()
        folders = {"set/a": base / "pictures"}
        register_training(
            routes, lambda: base / "runs", base, lambda: str(base / "tokenizers"),
            curated_vocabulary, lambda: folders,
        )  # fmt: skip
        app = web.Application()
        app.add_routes(routes)
        async with TestClient(TestServer(app)) as client:
            return await work(client)

    return asyncio.run(go())


def get(base: Path, path: str, **query):
    """(status, JSON or bytes) of a GET."""

    async def work(client):
        answer = await client.get(path, params=query)
        plain = answer.content_type != "application/json"
        return answer.status, await (answer.read() if plain else answer.json())

    return with_client(base, work)


def post(base: Path, path: str, body):
    async def work(client):
        answer = await client.post(path, json=body)
        return answer.status, await answer.json()

    return with_client(base, work)


def test_runs_are_listed_with_their_state_and_what_trains_comes_first(place):
    for name in ("next", "behind"):
        run_folders.make_folder(place / "runs", place, name, steps=10)
    status, found = get(place, "/ixl/runs")
    assert (status, found["home"]) == (200, str(place / "runs"))
    assert [(r["run"], r["status"], r["step"], r["total"]) for r in found["runs"]] == [
        ("first", "running", 120, 300),
        ("next", "queued", 0, 10),
        ("behind", "queued", 0, 10),
        ("failed", "failed", 0, 300),
    ]
    assert found["worker"] is False
    with lock(place / "runs" / WORKER_LOCK):
        assert get(place, "/ixl/runs")[1]["worker"] is True


def test_no_folder_of_runs_yet_is_no_error(tmp_path):
    assert get(tmp_path, "/ixl/runs") == (
        200,
        {"home": str(tmp_path / "runs"), "runs": [], "worker": True},
    )


def test_details_of_a_run(place):
    _, found = get(place, "/ixl/runs/details", run="first")
    assert found["folder"] == str(place / "runs" / "first")
    assert [s["step"] for s in found["samples"]] == [100, 50]
    assert (found["settings"]["rank"], found["settings"]["method"]) == (4, "lora")
    assert found["may"] == ["stop", "save", "sample"]
    _, found = get(place, "/ixl/runs/details", run="failed")
    assert (found["message"], found["may"]) == ("The cause.", ["resume"])
    assert found["log"].endswith("CUDA out of memory.")


def test_events_come_in_pieces_and_only_whole_ones(place, monkeypatch):
    monkeypatch.setattr(monitor, "MOST_BYTES", 4000)
    folder, at, seen = place / "runs" / "first", 0, []
    with (folder / "events.jsonl").open("a") as file:
        file.write('{"event": "step", "st')
    more = True
    while more:
        _, found = get(place, "/ixl/runs/events", run="first", **{"from": str(at)})
        assert found["from"] == at < found["next"]
        at, more, seen = found["next"], found["more"], seen + found["events"]
        monkeypatch.setattr(monitor, "MOST_BYTES", 1 << 20)
    steps = [event for event in seen if event["event"] == "step"]
    written = history(events(folder))
    assert [(e["step"], e["loss"]) for e in steps] == [
        (e["step"], e["loss/current"]) for e in written
    ]
    assert [e["rate"] for e in steps] == [e["lr/unet"] for e in written]
    with (folder / "events.jsonl").open("a") as file:
        file.write('ep": 121, "loss/current": 0.5}\n')
    _, found = get(place, "/ixl/runs/events", run="first", **{"from": str(at)})
    assert [(e["step"], e["loss"]) for e in found["events"]] == [(121, 0.5)]
    # a shorter file is another one
    (folder / "events.jsonl").write_text("")
    run_folders.record(folder, 1)
    _, found = get(place, "/ixl/runs/events", run="first", **{"from": str(at)})
    assert (found["from"], found["events"][-1]["step"]) == (0, 1)


def test_a_sample_is_the_file(place):
    name = monitor.samples(place / "runs" / "first")[0]["file"]
    status, content = get(place, "/ixl/runs/sample", run="first", file=name)
    assert status == 200
    assert content == (place / "runs" / "first" / "output" / "sample" / name).read_bytes()


@pytest.mark.parametrize(
    "name",
    ["../../../../secret.png", "../../settings.json", "..", "", "/etc/passwd", "\0", "x" * 5000],
)
def test_other_files_are_no_samples(place, name):
    status, found = get(place, "/ixl/runs/sample", run="first", file=name)
    assert status == 404 and "no sample" in found["error"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_is_no_sample(place):
    link = place / "runs" / "first" / "output" / "sample" / "link.png"
    link.symlink_to(place / "secret.png")
    status, _ = get(place, "/ixl/runs/sample", run="first", file="link.png")
    assert status == 404


FOREIGN = ["stray", "..", ".", "../runs/first", "first/", "FIRST", "/", "\0", "first\0", "x" * 5000]


@pytest.mark.parametrize("name", FOREIGN)
def test_only_names_of_the_list_are_runs(place, name):
    absolute = str(place / "runs" / "first")
    for path in GET:
        for wrong in (name, absolute):
            status, found = get(place, path, run=wrong, file="a.png")
            assert status == 404 and "There is no run" in found["error"]
    for what in ("stop", "resume"):
        status, _ = post(place, "/ixl/runs/ask", {"run": name, "what": what})
        assert status == 404
    assert post(place, "/ixl/captions/preview", {"run": name})[0] == 404
    assert post(place, "/ixl/captions/preview", {"folder": name})[0] == 404


def test_what_is_asked_reaches_the_trainers_folder(place):
    folder = place / "runs" / "first"
    for what in ("save", "sample", "stop"):
        status, found = post(place, "/ixl/runs/ask", {"run": "first", "what": what})
        assert status == 200 and what in found["asked"]
        assert (folder / "requests" / what).exists()
    status, found = post(place, "/ixl/runs/ask", {"run": "first", "what": "resume"})
    assert status == 400 and "cannot be asked to resume" in found["error"]
    status, found = post(place, "/ixl/runs/ask", {"run": "failed", "what": "save"})
    assert status == 400


def test_a_waiting_run_stops_at_once_and_goes_on_with_more_steps(place):
    folder = run_folders.make_folder(place / "runs", place, "waiting", steps=10)
    with lock(place / "runs" / WORKER_LOCK):  # nobody starts it
        _, found = post(place, "/ixl/runs/ask", {"run": "waiting", "what": "stop"})
        assert (found["status"], found["may"]) == ("stopped", ["resume"])
        body = {"run": "waiting", "what": "resume", "steps": 25}
        _, found = post(place, "/ixl/runs/ask", body)
    assert (found["status"], found["total"]) == ("queued", 25)
    assert (settings_of(folder).steps, settings_of(folder).schedule.total) == (25, 25)
    assert state_of(folder)["status"] == "queued"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "what must be one of"),
        ({"run": "first"}, "what must be one of"),
        ({"run": "first", "what": "delete"}, "what must be one of"),
        ({"what": "stop"}, "run is missing"),
        ({"run": ["first"], "what": "stop"}, "run is missing"),
        ({"run": "failed", "what": "resume", "steps": -1}, "whole number"),
        ({"run": "failed", "what": "resume", "steps": 1.5}, "whole number"),
        ({"run": "failed", "what": "resume", "steps": True}, "whole number"),
    ],
)
def test_wrong_wishes_get_one_sentence(place, body, said):
    before = read_json(place / "runs" / "failed" / "settings.json")
    status, found = post(place, "/ixl/runs/ask", body)
    assert status == 400 and said in found["error"]
    assert read_json(place / "runs" / "failed" / "settings.json") == before


@pytest.mark.parametrize("path", POST)
def test_only_small_json_is_taken(place, path):
    async def work(client):
        plain = await client.post(path, data='{"run": "first", "what": "stop"}')
        form = await client.post(path, data={"run": "first", "what": "stop"})
        body = json.dumps({"run": "first", "what": "stop", "x": "a" * MOST_BYTES})
        headers = {"Content-Type": "application/json"}
        large = await client.post(path, data=body, headers=headers)
        broken = await client.post(path, data="{", headers=headers)
        deep = await client.post(path, data="[" * 200_000, headers=headers)
        return [(a.status, (await a.json())["error"]) for a in (plain, form, large, broken, deep)]

    found = with_client(place, work)
    assert [status for status, _ in found] == [400] * 5
    assert "application/json" in found[0][1] and "application/json" in found[1][1]
    assert "larger than 256 kB" in found[2][1] and "no JSON" in found[3][1]
    assert not (place / "runs" / "first" / "requests" / "stop").exists()


@pytest.mark.parametrize("start", ["-1", "1e9", "x", "9" * 16])
def test_wrong_places_in_the_events(place, start):
    status, found = get(place, "/ixl/runs/events", run="first", **{"from": start})
    assert status == 400 and "from is" in found["error"]


def test_preview_of_a_run_has_its_policy(place):
    status, found = post(
        place, "/ixl/captions/preview", {"run": "first", "number": 4000, "each": 12}
    )
    assert status == 200
    assert (found["captions"], found["plans"], len(found["pictures"])) == (4000, 4, 4)
    assert found["caption_dropout"]["configured"] == 0.1  # training_runs.tiny_settings
    assert found["caption_dropout"]["realised"] == pytest.approx(0.1, abs=0.03)
    picture = found["pictures"][0]
    assert {level["name"] for level in picture["levels"]} == {"tags", "prose"}
    assert len({sample["text"] for sample in picture["samples"]}) > 3


def test_preview_of_typed_captions_and_of_a_folder(place):
    text = "1girl, hatsune miku, smile, hat, sky, outdoors, blue eyes, long hair, sitting, dress"
    changes = {"multi_level": False, "rates": "general: 1", "caption_dropout": 0}
    for source in ({"captions": text}, {"folder": "set/a"}):
        body = {**source, **changes, "preset": "v0.1", "number": 300}
        status, found = post(place, "/ixl/captions/preview", body)
        assert status == 200, found
        (general,) = (c for c in found["categories"] if c["name"] == "general")
        assert general["realised_drop"] == 1 and found["empty"] == 0
    stages = post(place, "/ixl/captions/preview", {"captions": text + ", a, b", "number": 8000})
    plan_level = stages[1]["stages"]
    assert {s["name"] for s in plan_level} == set(expected_shares_names())
    for stage in plan_level:
        assert stage["realised"] == pytest.approx(stage["configured"], abs=0.03)


def expected_shares_names():
    from ixl.training.plan import Level
    from ixl.training.policy import Policy

    return expected_shares(Level("tags", ()), Policy())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "must be an object"),
        ({}, "no captions"),
        ({"captions": 5}, "must be a text"),
        ({"captions": "a", "preset": "v9"}, "preset must be"),
        ({"captions": "a", "reading": "mine"}, "reading one of"),
        ({"captions": "a", "caption_dropout": 2}, "number from -1 to 1"),
        ({"captions": "a", "rates": "general"}, "is no rate"),
        ({"captions": "a", "number": 10**6}, "from 1 to 20000"),
        ({"captions": "a", "each": float("nan")}, "each is nan"),
        ({"folder": "../x"}, "no folder"),
        ({"folder": ["set/a"]}, "must be a text"),
    ],
)
def test_wrong_previews_get_one_sentence(place, body, said):
    status, found = post(place, "/ixl/captions/preview", body)
    assert status in (400, 404) and said in found["error"]


def test_a_path_among_typed_captions_is_only_a_caption(place):
    (place / "private.txt").write_text("private words")
    body = {"captions": str(place / "private.txt"), "number": 5}
    _, found = post(place, "/ixl/captions/preview", body)
    assert "private words" not in json.dumps(found)
    assert found["pictures"][0]["key"] == "line 1"


def test_broken_files_of_a_run_are_no_crash(place):
    folder = place / "runs" / "first"
    (folder / "events.jsonl").write_bytes(b'\xff\xfe\n{"event"\n[]\n{"event": "step"}\n')
    (folder / "settings.json").write_text("[]")
    assert get(place, "/ixl/runs")[0] == 200
    assert get(place, "/ixl/runs/details", run="first")[0] == 200
    status, found = get(place, "/ixl/runs/events", run="first")
    assert (status, [e["event"] for e in found["events"]]) == (200, ["step"])
    set_state(folder, status="nonsense")
    write_json(folder / "settings.json", {"steps": "many"})
    assert get(place, "/ixl/runs/details", run="first")[1]["may"] == []
