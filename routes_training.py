"""HTTP for the training panel: runs, their events and samples, what is asked of them, captions.

`register_training` takes the route table and what it needs, so it runs without ComfyUI. A run is
named by the name of its folder and looked up among the runs, a sample among the run's samples, a
folder of captions among those listed: no path comes from a request. GET only reads. The host's
middleware refuses other origins; JSON as content type keeps plain forms of other pages out as well.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web

from .routes import BadRequest, NotFound, answers, posted

MOST_NAME = 200  # characters of a run's or file's name
MOST_CAPTIONS = 20_000  # composed for one preview: some two seconds
MOST_PLANS = 2_000  # pictures of a data set that a preview looks at
MOST_SHOWN, MOST_EACH = 24, 12
EXAMPLE = '{"run": "my-lora"}'


def register_training(
    routes: web.RouteTableDef,
    home: Callable[[], Path],
    pack: Path,
    tokenizers: Callable[[], str],
    vocabulary: Callable[[], object],
    caption_folders: Callable[[], Mapping[str, Path]] = dict,
) -> None:
    """Adds the routes. home: the folder of runs. All are called when a request needs them."""
    _add_reading(routes, home)
    _add_asking(routes, home, pack)
    _add_captions(routes, home, tokenizers, vocabulary, caption_folders)


def _add_reading(routes: web.RouteTableDef, home: Callable[[], Path]) -> None:
    @routes.get("/ixl/runs")
    @answers
    async def runs(request: web.Request) -> dict:
        from .training.monitor import overview

        return await asyncio.to_thread(lambda: overview(home()))

    @routes.get("/ixl/runs/details")
    @answers
    async def run_details(request: web.Request) -> dict:
        from .training.monitor import details

        name = request.query.get("run")
        return await asyncio.to_thread(lambda: details(known_run(home(), name)))

    @routes.get("/ixl/runs/events")
    @answers
    async def run_events(request: web.Request) -> dict:
        from .training.monitor import events_since

        name, place = request.query.get("run"), request.query.get("from", "0")
        if not place.isdecimal() or len(place) > 15:
            raise BadRequest(f"from is {place!r}; it must be the next of an answer before, or 0.")
        return await asyncio.to_thread(lambda: events_since(known_run(home(), name), int(place)))

    @routes.get("/ixl/runs/sample")
    async def run_sample(request: web.Request) -> web.StreamResponse:
        from .training.monitor import sample_file

        def find() -> Path:
            folder = known_run(home(), request.query.get("run"))
            try:
                return sample_file(folder, request.query.get("file", "")[:MOST_NAME])
            except ValueError as error:
                raise NotFound(str(error)) from None

        try:
            path = await asyncio.to_thread(find)
        except BadRequest as error:
            return web.json_response({"error": str(error)}, status=error.status)
        # a sample is never written again under its name
        told = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
        return web.FileResponse(path, headers=told)


def _add_asking(routes: web.RouteTableDef, home: Callable[[], Path], pack: Path) -> None:
    @routes.post("/ixl/runs/ask")
    @answers
    async def ask_run(request: web.Request) -> dict:
        data = await posted(request, '{"run": "my-lora", "what": "stop"}')
        name, what, steps = _asked(data)
        return await asyncio.to_thread(lambda: ask_of(home(), pack, name, what, steps))

    @routes.post("/ixl/runs/work")
    @answers
    async def work(request: web.Request) -> dict:
        """Starts the worker of the queue where open runs have none, as after a restart."""
        from .training.monitor import overview
        from .training.runner import ensure_worker

        await posted(request, "{}")

        def start() -> dict:
            found = overview(home())
            if not found["worker"]:
                ensure_worker(home(), pack)
            return found

        return await asyncio.to_thread(start)


def _add_captions(
    routes: web.RouteTableDef,
    home: Callable[[], Path],
    tokenizers: Callable[[], str],
    vocabulary: Callable[[], object],
    caption_folders: Callable[[], Mapping[str, Path]],
) -> None:
    @routes.get("/ixl/captions")
    @answers
    async def sources(request: web.Request) -> dict:
        """What a preview can be made of, and with which presets."""
        from .training.policy import READINGS
        from .training.presets import PRESETS
        from .training.runs import all_runs

        def look() -> dict:
            runs = [folder.name for folder in reversed(all_runs(home()))]
            return {"runs": runs, "folders": list(caption_folders())}

        found = await asyncio.to_thread(look)
        return {**found, "presets": list(PRESETS), "readings": list(READINGS)}

    @routes.post("/ixl/captions/preview")
    @answers
    async def preview_captions(request: web.Request) -> dict:
        data = await posted(request, EXAMPLE)
        if not isinstance(data, dict):
            raise BadRequest(f"The body must be an object, such as {EXAMPLE}.")

        def make() -> dict:
            plans, policy = plans_and_policy(data, home(), vocabulary(), caption_folders())
            return preview_of(data, plans, policy, tokenizers())

        return await asyncio.to_thread(make)


def known_run(home: Path, name: object) -> Path:
    """The folder of a run by its name among all runs. Raises NotFound, BadRequest."""
    from .training.runs import find_run

    if not isinstance(name, str) or not name:
        raise BadRequest("run is missing; give the name of a run.")
    try:
        return find_run(home, name[:MOST_NAME])
    except ValueError as error:
        raise NotFound(str(error)) from None


def _asked(data: object) -> tuple[object, str, int]:
    """(run, what is asked of it, new total of steps or 0) of a posted request."""
    allowed = ("stop", "save", "sample", "resume")
    if not isinstance(data, dict) or data.get("what") not in allowed:
        raise BadRequest(f"what must be one of {', '.join(allowed)}.")
    steps = data.get("steps", 0)
    if type(steps) is not int or not 0 <= steps <= 10**8:
        raise BadRequest(f"steps is {steps!r}; it must be a whole number, or 0 to keep the total.")
    return data.get("run"), data["what"], steps


def ask_of(home: Path, pack: Path, name: object, what: str, steps: int = 0) -> dict:
    """Ask something of a run; its details afterwards. Raises ValueError where it cannot be done."""
    from .training.making import resume
    from .training.monitor import details
    from .training.runner import ensure_worker, stop
    from .training.runs import ask

    folder = known_run(home, name)
    if what not in details(folder)["may"]:
        raise BadRequest(f"{folder.name} cannot be asked to {what} now.")
    if what == "stop":
        stop(folder)
    elif what == "resume":
        resume(folder, steps)
        ensure_worker(home, pack)
    else:
        ask(folder, what)
    return details(folder)


def plans_and_policy(data: dict, home: Path, vocabulary, folders: Mapping[str, Path]):
    """(plans, policy) of a request: of a run, of a folder of the list, or of typed captions."""
    from .training.captions import captions_typed, first_plans, plans_of, read_captions
    from .training.plan import caption_reader
    from .training.runs import settings_of

    if "run" in data:
        folder = known_run(home, data["run"])
        return first_plans(folder / "plans.jsonl", MOST_PLANS), settings_of(folder).policy
    if "folder" in data:
        name = _text(data, "folder")
        if name not in folders:
            raise NotFound(f"The input folder has no folder '{name}' with captions.")
        captions = read_captions(folders[name])
    else:
        captions = captions_typed(_text(data, "captions"))
    preset, policy = _preset_and_policy(data)
    reader = caption_reader(f"illustrious-{preset}", vocabulary)
    return plans_of(captions[:MOST_PLANS], reader), policy


def _preset_and_policy(data: dict):
    from .training.changes import changed_policy
    from .training.policy import READINGS, with_reading
    from .training.presets import PRESETS

    preset, reading = data.get("preset", "v2.0"), data.get("reading", READINGS[0])
    if preset not in PRESETS or reading not in READINGS:
        raise BadRequest(
            f"preset must be one of {', '.join(PRESETS)}, and reading one of {', '.join(READINGS)}."
        )
    shares = ("caption_dropout", "tag_dropout", "registers")
    changes = {name: _number(data, name, -1, -1, 1) for name in shares}
    changes |= {name: _text(data, name) for name in ("rates", "never_drop")}
    changes["multi_level"] = data.get("multi_level", True) is True
    changes["seed"] = int(_number(data, "seed", 0, 0, 2**31))
    return preset, changed_policy(with_reading(PRESETS[preset].policy, reading), **changes)


def preview_of(data: dict, plans: list, policy, tokenizers: str) -> dict:
    """Figures over many captions, and for some pictures the ways in which they are seen."""
    from .core.prompt.clip_tokens import counter
    from .training.preview import preview, variants

    number = int(_number(data, "number", 2_000, 1, MOST_CAPTIONS))
    first = int(_number(data, "first", 0, 0, MOST_PLANS))
    shown = int(_number(data, "shown", 6, 0, MOST_SHOWN))
    each = int(_number(data, "each", 4, 1, MOST_EACH))
    count = counter(tokenizers)
    found = preview(plans, policy, number, count, samples=0)
    pictures = variants(plans[first : first + shown], policy, each, count)
    return {**found, "token_limit": policy.token_limit, "plans": len(plans), "pictures": pictures}


def _number(data: dict, name: str, default: float, low: float, high: float) -> float:
    value = data.get(name, default)
    if type(value) not in (int, float) or not low <= value <= high:
        raise BadRequest(f"{name} is {value!r}; it must be a number from {low:g} to {high:g}.")
    return value


def _text(data: dict, name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise BadRequest(f"{name} is {value!r}; it must be a text.")
    return value
