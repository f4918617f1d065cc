"""HTTP for the canvas: tag completion, parse, normalize with reasons, profiles, token counts, and
what is known of model files.

`register` and `register_models` take the route table and what they need, so they run without
ComfyUI. Reads only; POST is used where a prompt travels. Work that can exceed a few milliseconds
runs in a thread. The host's middleware refuses other origins; JSON as content type keeps plain
forms of other pages out as well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING

from aiohttp import web

from .core.checkpoint.profiles import PROFILES as MODEL_PROFILES
from .core.once import once
from .core.prompt.profiles import PROFILES

if TYPE_CHECKING:
    from .core.checkpoint.decision import Overrides
    from .core.checkpoint.profiles import Profile as ModelProfile
    from .core.prompt.budget import Count
    from .core.prompt.profiles import Profile


MOST_BYTES = 256 * 1024  # of a request; the longest prompts seen in the wild have 20 kB
MOST_RESULTS = 50
MOST_TYPED = 100  # characters of a name being typed


class BadRequest(ValueError):
    """What is wrong with a request, in one sentence."""

    status = 400


class NotFound(BadRequest):
    """The request names something that is not there."""

    status = 404


def register(
    routes: web.RouteTableDef,
    vocabulary: Callable[[], object],
    count: Count | None = None,
    known_profiles: Callable[[], Mapping[str, Profile]] = lambda: PROFILES,
) -> None:
    """Adds the routes. vocabulary, known_profiles: called when a request needs them."""
    from .core.prompt.profiles import DEFAULT_PROFILE

    @routes.get("/ixl/tags")
    @answers
    async def tags(request: web.Request) -> dict:
        typed, limit, categories = _search_query(request.query)
        found = await asyncio.to_thread(lambda: search_tags(vocabulary(), typed, limit, categories))
        return {"tags": found}

    @routes.get("/ixl/profiles")
    @answers
    async def profiles(request: web.Request) -> dict:
        return {
            "default": DEFAULT_PROFILE,
            "profiles": [
                {"id": p.id, "title": p.title, "order": list(p.order), "source": p.source}
                for p in (await asyncio.to_thread(known_profiles)).values()
            ],
        }

    @routes.post("/ixl/prompt/parse")
    @answers
    async def parse(request: web.Request) -> dict:
        text, profile, _ = await _prompt(request, known_profiles)
        return await asyncio.to_thread(lambda: _read(text, profile, vocabulary()).as_dict())

    @routes.post("/ixl/prompt/normalize")
    @answers
    async def normalized(request: web.Request) -> dict:
        text, profile, options = await _prompt(request, known_profiles)
        return await asyncio.to_thread(lambda: explain(text, profile, vocabulary(), options))

    @routes.post("/ixl/prompt/tokens")
    @answers
    async def tokens(request: web.Request) -> dict:
        text, profile, _ = await _prompt(request, known_profiles)
        if count is None:
            return {"available": False, "chunks": []}
        return await asyncio.to_thread(lambda: _tokens(text, profile, vocabulary(), count))


def register_models(
    routes: web.RouteTableDef,
    find_file: Callable[[str, str], str | None],
    hash_folder: Callable[[], str],
    model_profiles: Callable[[], Mapping[str, ModelProfile]] = lambda: MODEL_PROFILES,
    known_profiles: Callable[[], Mapping[str, Profile]] = lambda: PROFILES,
) -> None:
    """Adds the route that looks at model files. All are called when a request needs them.

    find_file: (folder, name) -> path of a name that the host itself lists, None for all others.
    hash_folder: where the loaders remember hashes.
    """

    @once
    def hasher():
        from .core.checkpoint.background_hash import BackgroundHasher

        return BackgroundHasher(hash_folder)

    @routes.get("/ixl/checkpoint")
    @answers
    async def checkpoint(request: web.Request) -> dict:
        def look_at_file() -> dict:
            from .core.checkpoint.background_hash import look
            from .core.checkpoint.facts import facts, in_use

            folder, name, choice, overrides = _model_query(request.query)
            path = find_file(folder, name)
            if path is None:
                raise NotFound(
                    f"{name} is not among the files in {folder}; choose another one, or put it "
                    "there and refresh the lists (R)."
                )
            profiles = model_profiles()
            identity, progress = look(path, hasher(), profiles)
            identity = identity._replace(file=name)
            used = in_use(identity, profiles, choice, overrides)
            known = facts(identity, *used, profiles, known_profiles(), folder)
            return {**known, "hash": progress._asdict()}

        return await asyncio.to_thread(look_at_file)


def answers(handler):
    """A handler whose dict becomes JSON and whose ValueError becomes its sentence, mostly a 400."""

    @wraps(handler)
    async def respond(request: web.Request) -> web.Response:
        try:
            return web.json_response(await handler(request))
        except ValueError as error:
            status = getattr(error, "status", BadRequest.status)
            return web.json_response({"error": str(error)}, status=status)

    return respond


def explain(text: str, profile: Profile, vocabulary, options: dict) -> dict:
    """The contract of `normalize --json`, the parse of the text, and a reason per atom."""
    from .core.prompt.normalize import normalize

    result = normalize(text, profile, vocabulary, **options)
    return {
        **result.as_dict(),
        "source": result.source.as_dict(),
        "explanation": [placement._asdict() for placement in result.explanation],
    }


def search_tags(vocabulary, typed: str, limit: int, categories: tuple[str, ...]) -> list[dict]:
    """Completions of typed text: name, category, group, count, and the alias that matched or ""."""
    return [found._asdict() for found in vocabulary.search(typed, limit, categories)]


def _tokens(text: str, profile: Profile, vocabulary, count: Count) -> dict:
    from .core.prompt.budget import CHUNK, measure

    budget = measure(text, count, profile, vocabulary)
    cuts = {cut.chunk: {"start": cut.start, "end": cut.end, "text": cut.tag} for cut in budget.cuts}
    shown = [
        {"tokens": chunk.tokens, "cut": cuts.get(number)}
        for number, chunk in enumerate(budget.chunks)
    ]
    return {"available": True, "limit": CHUNK, "total": budget.tokens, "chunks": shown}


def _read(text: str, profile: Profile, vocabulary):
    """The parse that `normalize` works on; it asks the vocabulary what is a name and what prose."""
    from .core.prompt.normalize import normalize

    return normalize(text, profile, vocabulary).source


def _search_query(query) -> tuple[str, int, tuple[str, ...]]:
    """(typed text, limit, categories) of the query string."""
    from .core.vocabulary.tag import CATEGORIES

    typed = query.get("q", "")
    if len(typed) > MOST_TYPED:
        raise BadRequest(f"q has {len(typed)} characters; at most {MOST_TYPED} are searched for.")
    limit = query.get("limit", "20")
    if not limit.isdecimal() or not 1 <= int(limit) <= MOST_RESULTS:
        raise BadRequest(f"limit is {limit!r}; it must be a number from 1 to {MOST_RESULTS}.")
    named = [name for value in query.getall("category", []) for name in value.split(",") if name]
    for name in named:
        if name not in CATEGORIES:
            allowed = ", ".join(CATEGORIES)
            raise BadRequest(f"category {name!r} is not known; use some of {allowed}.")
    return typed, int(limit), tuple(named)


def _model_query(query) -> tuple[str, str, str, Overrides]:
    """(folder, name, id of a profile or automatic, overrides) of the query string."""
    from .core.checkpoint.choices import AUTOMATIC, OBJECTIVE_CHOICES, SWITCH
    from .core.checkpoint.decision import Overrides
    from .core.checkpoint.facts import KINDS

    folder = _one_of(query, "folder", tuple(KINDS))
    if not query.get("name"):
        raise BadRequest("name is missing; give the name of a model file as the loader lists it.")
    rescale = query.get("cfg_rescale", "-1")
    try:
        number = float(rescale)
    except ValueError:
        number = float("nan")
    if not -1 <= number <= 1:
        raise BadRequest(f"cfg_rescale is {rescale!r}; it must be a number from -1 to 1.")
    overrides = Overrides(
        _one_of(query, "objective", OBJECTIVE_CHOICES),
        _one_of(query, "zero_terminal_snr", SWITCH),
        number,
    )
    return folder, query["name"], query.get("profile", AUTOMATIC), overrides


def _one_of(query, field: str, allowed: tuple[str, ...]) -> str:
    """A field of the query; the first of what is allowed where it is left out."""
    value = query.get(field, allowed[0])
    if value not in allowed:
        raise BadRequest(f"{field} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


async def posted(request: web.Request, example: str) -> object:
    """The JSON of a request's body."""
    if request.content_type != "application/json":
        raise BadRequest(
            f"The content type is {request.content_type}; post JSON as application/json."
        )
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > MOST_BYTES:
            raise BadRequest(f"The request is larger than {MOST_BYTES // 1024} kB; shorten it.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest(f"The body is no JSON; post {example}.") from None


async def _prompt(
    request: web.Request, known_profiles: Callable[[], Mapping[str, Profile]]
) -> tuple[str, Profile, dict]:
    """(text, profile, options) of a posted prompt."""
    from .core.prompt.profiles import DEFAULT_PROFILE, get_profile

    data = await posted(request, '{"text": "..."}')
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise BadRequest('The body must be an object with a text, such as {"text": "1girl"}.')
    profile = data.get("profile", DEFAULT_PROFILE)
    if not isinstance(profile, str):
        raise BadRequest(f"profile must be one of {', '.join(PROFILES)}.")
    options = data.get("options", {})
    if not isinstance(options, dict) or not all(
        isinstance(value, str | bool) for value in options.values()
    ):
        raise BadRequest('options must be an object such as {"duplicates": "keep"}.')
    known = PROFILES if profile in PROFILES else await asyncio.to_thread(known_profiles)
    return data["text"], known[profile] if profile in known else get_profile(profile), options
