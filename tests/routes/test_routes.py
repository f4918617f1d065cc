"""The HTTP routes on aiohttp's own test server, without ComfyUI."""

import asyncio
import time

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from ixl.core.prompt.normalize import normalize
from ixl.core.prompt.parse import parse
from ixl.core.prompt.profiles import PROFILES
from ixl.core.vocabulary.curated import curated_vocabulary
from ixl.core.vocabulary.tag import CATEGORIES
from ixl.routes import MOST_BYTES, register

PROMPT = "masterpiece, (smile:1.2), 1girl"


def words(text: str) -> int:
    """A tokenizer of its own: a token per word and comma."""
    return len(text.replace(",", " , ").split())


def ask(
    method: str,
    path: str,
    count=words,
    vocabulary=curated_vocabulary,
    known_profiles=None,
    **options,
):
    """(status, JSON) of one request."""
    given = (vocabulary, count, *([known_profiles] if known_profiles else []))

    async def go():
        routes = web.RouteTableDef()
        register(routes, *given)
        app = web.Application()
        app.add_routes(routes)
        async with TestClient(TestServer(app)) as client:
            answer = await client.request(method, path, **options)
            return answer.status, await answer.json()

    return asyncio.run(go())


def post(path: str, content, **options):
    return ask("POST", path, json=content, **options)


def test_tags_by_beginning():
    status, answer = ask("GET", "/ixl/tags?q=masterp&limit=5")
    assert status == 200
    assert answer["tags"][0]["name"] == "masterpiece"
    assert set(answer["tags"][0]) == {"name", "category", "group", "count", "alias"}


@pytest.mark.parametrize("typed", ["best_qu", "BEST QU", "best qu"])
def test_tags_are_found_however_they_are_typed(typed):
    names = [tag["name"] for tag in ask("GET", "/ixl/tags", params={"q": typed})[1]["tags"]]
    assert "best quality" in names


def test_tags_of_a_category_only():
    _, answer = ask("GET", "/ixl/tags?q=o&category=year&category=score,rating")
    assert {tag["category"] for tag in answer["tags"]} <= {"year", "score", "rating"}
    assert "oldest" in [tag["name"] for tag in answer["tags"]]


def test_no_more_tags_than_asked_for():
    assert len(ask("GET", "/ixl/tags?q=1&limit=1")[1]["tags"]) == 1
    assert ask("GET", "/ixl/tags?q=")[1] == {"tags": []}
    assert ask("GET", "/ixl/tags?q=zzzzzz")[1] == {"tags": []}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("q=a&limit=0", "from 1 to 50"),
        ("q=a&limit=51", "from 1 to 50"),
        ("q=a&limit=x", "limit is 'x'"),
        ("q=a&category=hat", "category 'hat'"),
        ("q=" + "a" * 101, "101 characters"),
    ],
)
def test_bad_searches_get_one_sentence(query, said):
    status, answer = ask("GET", f"/ixl/tags?{query}")
    assert status == 400
    assert said in answer["error"]


def test_profiles_are_those_of_the_library():
    _, answer = ask("GET", "/ixl/profiles")
    assert [profile["id"] for profile in answer["profiles"]] == list(PROFILES)
    assert answer["default"] in PROFILES


def test_profiles_of_the_user_are_offered_and_taken():
    mine = PROFILES["noobai-xl"]._replace(id="mine", title="Mine")
    own = {"known_profiles": lambda: {**PROFILES, "mine": mine}}
    _, answer = ask("GET", "/ixl/profiles", **own)
    assert [profile["id"] for profile in answer["profiles"]] == [*PROFILES, "mine"]
    for path in ("normalize", "parse", "tokens"):
        status, _ = post(f"/ixl/prompt/{path}", {"text": PROMPT, "profile": "mine"}, **own)
        assert status == 200
        assert post(f"/ixl/prompt/{path}", {"text": PROMPT, "profile": "mine"})[0] == 400
    answer = post("/ixl/prompt/normalize", {"text": PROMPT, "profile": "mine"}, **own)[1]
    assert answer["text"] == normalize(PROMPT, "noobai-xl", curated_vocabulary()).text


@pytest.mark.parametrize("text", ["", PROMPT, "😀, (a:1.2) BREAK 青い目", "((((", "\ud83d"])
def test_parse_covers_the_text(text):
    status, answer = post("/ixl/prompt/parse", {"text": text})
    assert status == 200
    assert "".join(part["text"] for part in answer["parts"]) == text
    assert [p["kind"] for p in answer["parts"]] == [p.kind for p in parse(text).parts]


def test_normalize_says_what_the_command_line_says_and_why():
    status, answer = post("/ixl/prompt/normalize", {"text": PROMPT, "profile": "noobai-xl"})
    expected = normalize(PROMPT, "noobai-xl", curated_vocabulary())
    assert status == 200
    assert {key: answer[key] for key in expected.as_dict()} == expected.as_dict()
    assert answer["source"]["text"] == PROMPT
    atoms = [part["text"] for part in answer["source"]["parts"] if part["atom"]]
    assert atoms == [placement["text"] for placement in answer["explanation"]]


def test_normalize_takes_options():
    text = "a, a"
    kept = post("/ixl/prompt/normalize", {"text": text, "options": {"duplicates": "keep"}})[1]
    assert (kept["text"], post("/ixl/prompt/normalize", {"text": text})[1]["text"]) == ("a, a", "a")


@pytest.mark.parametrize("path", ["parse", "normalize", "tokens"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (["a"], "object with a text"),
        ({}, "object with a text"),
        ({"text": 3}, "object with a text"),
        ({"text": "a", "profile": "pony"}, "Profile 'pony'"),
        ({"text": "a", "profile": ["sdxl"]}, "profile must be one of"),
        ({"text": "a", "options": []}, "options must be an object"),
        ({"text": "a", "options": {"escape": []}}, "options must be an object"),
    ],
)
def test_bad_prompts_get_one_sentence(path, content, said):
    status, answer = post(f"/ixl/prompt/{path}", content)
    assert status == 400
    assert said in answer["error"]


@pytest.mark.parametrize("options", [{"colour": True}, {"duplicates": "maybe"}])
def test_bad_options_get_one_sentence(options):
    status, answer = post("/ixl/prompt/normalize", {"text": "a", "options": options})
    assert status == 400
    assert answer["error"].startswith("Option ")


def test_only_json_is_taken():
    """What a form of another page can post without asking: plain text and form data."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        status, answer = ask(
            "POST", "/ixl/prompt/parse", data=b'{"text": "a"}', headers={"Content-Type": kind}
        )
        assert status == 400
        assert "application/json" in answer["error"]
    broken = {"data": b"{", "headers": {"Content-Type": "application/json"}}
    assert ask("POST", "/ixl/prompt/parse", **broken)[1]["error"].startswith("The body is no JSON")


def test_large_bodies_are_refused():
    status, answer = post("/ixl/prompt/normalize", {"text": "a" * MOST_BYTES})
    assert status == 400
    assert "larger than 256 kB" in answer["error"]


def test_tokens_by_chunk():
    _, answer = post("/ixl/prompt/tokens", {"text": "a, b, c"})
    expected = {"available": True, "limit": 75, "total": 5, "chunks": [{"tokens": 5, "cut": None}]}
    assert answer == expected


def test_the_tag_that_a_chunk_border_cuts_is_named():
    text = "x, " * 37 + "long hair, smile"
    _, answer = post("/ixl/prompt/tokens", {"text": text})
    cut = {"start": text.index("long"), "end": text.index(", smile"), "text": "long hair"}
    assert answer["chunks"] == [{"tokens": 75, "cut": cut}, {"tokens": 3, "cut": None}]
    assert answer["total"] == 78


def test_without_a_tokenizer_no_counts_are_made_up():
    _, answer = post("/ixl/prompt/tokens", {"text": "a"}, count=None)
    assert answer == {"available": False, "chunks": []}


def test_the_vocabulary_is_asked_for_first_when_a_request_comes():
    calls = []

    def vocabulary():
        calls.append(1)
        return curated_vocabulary()

    routes = web.RouteTableDef()
    register(routes, vocabulary, words)
    assert calls == []
    ask("GET", "/ixl/tags?q=a", vocabulary=vocabulary)
    assert calls


def test_a_vocabulary_that_can_search_is_asked():
    class Found(tuple):
        def _asdict(self):
            return {"name": self[0], "alias": "", "count": 7, "category": "artist", "group": ""}

    class Index:
        def search(self, text, limit, categories):
            return [Found((f"{text}/{limit}/{len(categories)}",))]

    _, answer = ask("GET", "/ixl/tags?q=ab&limit=3&category=artist", vocabulary=Index)
    assert answer["tags"][0]["name"] == "ab/3/1"


def test_slow_work_does_not_block_the_event_loop():
    """While a prompt of 40 kB is read, other requests are answered."""

    def slow(text):
        time.sleep(0.5)
        return words(text)

    async def go():
        routes = web.RouteTableDef()
        register(routes, curated_vocabulary, slow)
        app = web.Application()
        app.add_routes(routes)
        async with TestClient(TestServer(app)) as client:
            await client.get("/ixl/profiles")
            counting = asyncio.create_task(
                client.post("/ixl/prompt/tokens", json={"text": "a" * 9000})
            )
            await asyncio.sleep(0.05)
            await client.get("/ixl/profiles")
            assert not counting.done()
            assert (await counting).status == 200

    asyncio.run(go())


def test_categories_of_answers_are_the_librarys():
    _, answer = ask("GET", "/ixl/tags?q=1&limit=50")
    assert {tag["category"] for tag in answer["tags"]} <= set(CATEGORIES)
