"""The route that looks at model files, on aiohttp's own test server, without ComfyUI."""

import asyncio
import hashlib
import time
from pathlib import Path

import model_files
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from ixl.core.checkpoint.hashing import STEP, hash_file_cached
from ixl.core.checkpoint.official import OFFICIAL_FILES
from ixl.core.checkpoint.profiles import PROFILES
from ixl.core.prompt.profiles import PROFILES as PROMPT_PROFILES
from ixl.routes import register_models

V10 = "Illustrious-XL-v1.0.safetensors"
ROUTE = "/ixl/checkpoint"
SDXL_PROMPTS = PROMPT_PROFILES["sdxl"]


@pytest.fixture
def base(tmp_path):
    """The model folders of a host, and a file beside them that is in no list."""
    for folder in ("checkpoints/sub", "loras", "hashes"):
        (tmp_path / folder).mkdir(parents=True)
    model_files.write(tmp_path / "checkpoints" / V10, model_files.SDXL)
    model_files.write(
        tmp_path / "checkpoints/sub/a.safetensors", {**model_files.SDXL, "v_pred": (0,)}
    )
    (tmp_path / "checkpoints/bad.safetensors").write_bytes(b"<html>404</html>")
    model_files.write(tmp_path / "loras/l.safetensors", model_files.SDXL)
    model_files.write(tmp_path / "secret.safetensors", model_files.SDXL)
    return tmp_path


def listed(base: Path):
    """As the host finds files: by the names of its own list alone."""

    def find_file(folder: str, name: str) -> str | None:
        files = (base / folder).rglob("*.safetensors")
        names = {path.relative_to(base / folder).as_posix(): path for path in files}
        return str(names[name]) if name in names else None

    return find_file


def with_client(base: Path, work, **more):
    """What work(client) returns."""

    async def go():
        routes = web.RouteTableDef()
        register_models(routes, listed(base), lambda: str(base / "hashes"), **more)
        app = web.Application()
        app.add_routes(routes)
        async with TestClient(TestServer(app)) as client:
            return await work(client)

    return asyncio.run(go())


def ask(base: Path, more: dict | None = None, **query):
    """(status, JSON) of one request."""

    async def work(client):
        answer = await client.get(ROUTE, params=query)
        return answer.status, await answer.json()

    return with_client(base, work, **(more or {}))


async def until_known(client, name: str, seconds: float = 60.0) -> list[dict]:
    """All answers until the hash is known."""
    seen, limit = [], time.monotonic() + seconds
    while not seen or seen[-1]["hash"]["state"] != "known":
        assert time.monotonic() < limit, seen[-1]
        answer = await client.get(ROUTE, params={"name": name})
        seen.append(await answer.json())
    return seen


def test_the_first_answer_comes_without_the_hash_and_a_later_one_with_it(base):
    first, *_, last = with_client(base, lambda client: until_known(client, V10))
    assert first["hash"]["state"] in ("waiting", "running") and first["sha256"] == ""
    for answer in (first, last):
        assert (answer["file"], answer["name"]) == (V10, "Illustrious XL v1.0")
        assert (answer["objective"], answer["certainty"]) == ("epsilon", "guess")
        assert answer["settings"]["native_side"] == 1536
        assert answer["settings"]["sources"]["cfg"]["text"].startswith("chosen")
        assert answer["settings"]["licence_url"] == PROFILES["illustrious-v1.0"].licence_url
        assert {finding["layer"] for finding in answer["findings"]} >= {"header", "file name"}
    content = (base / "checkpoints" / V10).read_bytes()
    assert last["sha256"] == hashlib.sha256(content).hexdigest()
    assert last["autov2"] == last["sha256"][:10].upper()
    assert str(base) not in str(last)


def test_other_requests_are_answered_while_a_large_file_is_hashed(base):
    model_files.write_large(base / "checkpoints/large.safetensors", model_files.SDXL, 12 * STEP)

    async def work(client):
        return await until_known(client, "large.safetensors")

    seen = [answer["hash"] for answer in with_client(base, work)]
    running = [progress for progress in seen if progress["done"]]
    assert {progress["total"] for progress in running} == {
        (base / "checkpoints/large.safetensors").stat().st_size
    }
    done = [progress["done"] for progress in running]
    assert done == sorted(done) and len(set(done)) > 5


def test_the_cache_is_that_of_the_loader(base):
    """A file that a loader hashed is known at once; the answer follows the hash, not the name."""
    path = str(base / "checkpoints" / V10)
    hash_file_cached(path, base / "hashes")
    (entry,) = (base / "hashes").glob("*.json")
    official = next(digest for digest, file in OFFICIAL_FILES.items() if file.version == "v2.0")
    sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    entry.write_text(entry.read_text().replace(sha256, official))
    _, answer = ask(base, name=V10)
    assert answer["hash"]["state"] == "known"
    assert (answer["version"], answer["certainty"]) == ("v2.0", "certain")
    assert any("counts" in warning for warning in answer["warnings"])


def test_a_chosen_profile_gives_the_settings(base):
    _, answer = ask(base, name="sub/a.safetensors")
    assert (answer["objective"], answer["settings"]["objective"]) == ("v-prediction",) * 2
    _, answer = ask(base, name=V10, profile="illustrious-v2.0")
    assert (answer["name"], answer["settings"]["label"]) == (
        "Illustrious XL v1.0",
        "Illustrious XL v2.0",
    )
    status, answer = ask(base, name=V10, profile="pony")
    assert status == 400 and "must be one of" in answer["error"]


def test_the_switches_of_the_loader_count(base):
    query = {"objective": "v-prediction", "zero_terminal_snr": "on", "cfg_rescale": "0.7"}
    _, answer = ask(base, name=V10, **query)
    settings = answer["settings"]
    assert (settings["objective"], settings["zero_terminal_snr"]) == ("v-prediction", True)
    assert settings["cfg_rescale"] == 0.7 and answer["objective"] == "epsilon"
    assert "as set on the node" in answer["reasons"][0]
    assert any("burnt or black" in warning for warning in answer["warnings"])


def test_profiles_of_the_user(base):
    mine = PROFILES["noobai-xl-vpred"]._replace(id="mine", label="Mine", prompt_profile="p")
    more = {
        "model_profiles": lambda: {**PROFILES, "mine": mine},
        "known_profiles": lambda: {"p": SDXL_PROMPTS._replace(negative=("ugly", "bad"))},
    }
    _, answer = ask(base, more, name=V10, profile="mine")
    assert (answer["settings"]["label"], answer["settings"]["negative"]) == ("Mine", "ugly, bad")


def test_damaged_files_are_answers_with_a_sentence(base):
    status, answer = ask(base, name="bad.safetensors")
    assert status == 200
    assert not answer["ok"] and "web page" in answer["problem"]
    assert (answer["hash"]["state"], answer["settings"]) == ("none", None)


def test_other_folders(base):
    _, answer = ask(base, name="l.safetensors", folder="loras")
    assert answer["kind"] == "checkpoint" and "a whole checkpoint" in answer["not_loadable"]
    assert ask(base, name="l.safetensors")[0] == 404


@pytest.mark.parametrize(
    "name",
    [
        "../secret.safetensors",
        "sub/../../secret.safetensors",
        "..\\secret.safetensors",
        "sub",
        "a.safetensors",
        "SUB/a.safetensors",
        "sub//a.safetensors",
        "/etc/passwd",
        "\0",
        f"{V10}\0",
        ".",
        "a" * 5000,
    ],
)
def test_names_outside_the_list_are_not_found(base, name):
    status, answer = ask(base, name=name)
    assert status == 404 and "not among the files in checkpoints" in answer["error"]
    status, _ = ask(base, name=str(base / "secret.safetensors"))
    assert status == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            {"name": V10, "folder": ".."},
            "must be one of checkpoints, diffusion_models, diffusers, loras",
        ),
        ({"name": V10, "folder": "hashes"}, "must be one of"),
        ({}, "name is missing"),
        ({"name": V10, "objective": "edm"}, "one of automatic, epsilon, v-prediction"),
        ({"name": V10, "zero_terminal_snr": "yes"}, "one of automatic, on, off"),
        ({"name": V10, "cfg_rescale": "2"}, "number from -1 to 1"),
        ({"name": V10, "cfg_rescale": "nan"}, "number from -1 to 1"),
        ({"name": V10, "cfg_rescale": "x"}, "number from -1 to 1"),
    ],
)
def test_wrong_queries_get_one_sentence(base, query, said):
    status, answer = ask(base, **query)
    assert status == 400 and said in answer["error"]


def test_a_file_that_vanishes_is_a_sentence(base):
    def find_file(folder, name):
        return str(base / "gone.safetensors")

    async def go():
        routes = web.RouteTableDef()
        register_models(routes, find_file, lambda: str(base / "hashes"))
        app = web.Application()
        app.add_routes(routes)
        async with TestClient(TestServer(app)) as client:
            answer = await client.get(ROUTE, params={"name": "x"})
            return answer.status, await answer.json()

    status, answer = asyncio.run(go())
    assert status == 200 and "cannot be read" in answer["problem"]
