"""`train doctor|preview|start|status|stop|resume`: arguments, and what each gives back.

Every command returns an Answer; printing is left to __main__.py. The same functions as the nodes.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .choices import METHODS, READINGS
from .policy import load_policy, with_reading
from .presets import PRESETS, Preset, scale_down

# Of `train start` without a file of settings.
USUAL = {
    "preset": "v2.0", "reading": READINGS[0], "name": "run", "method": "lora", "repeats": 1,
    "rank": 16, "gpus": 1, "memory_gb": 0.0,
}  # fmt: skip


class Answer(NamedTuple):
    """text: for people. data: for --json. code: exit code."""

    text: str
    data: object
    code: int = 0


class Place(NamedTuple):
    """What commands need of their surroundings. bar: (name) -> on_step."""

    pack: Path
    bar: Callable
    vocabulary: Callable


def preset_of(name: str) -> Preset:
    """A preset by its id, with or without `illustrious-`. Raises ValueError."""
    found = PRESETS.get(name.removeprefix("illustrious-"))
    if found is None:
        raise ValueError(f"There is no preset '{name}'; there are {', '.join(PRESETS)}.")
    return found


def preview_command(args: argparse.Namespace, place: Place) -> Answer:
    from ..core.prompt.clip_tokens import counter
    from .captions import plans_of, read_captions
    from .plan import caption_reader
    from .preview import preview, preview_text, samples_text
    from .tokenizers import tokenizer_source

    preset = preset_of(args.preset)
    policy = load_policy(args.policy) if args.policy else with_reading(preset.policy, args.reading)
    policy = policy._replace(seed=args.seed)
    reader = caption_reader(f"illustrious-{preset.id}", place.vocabulary(args))
    plans = plans_of(read_captions(args.captions), reader)
    note = ""
    try:
        count = counter(tokenizer_source(place.pack))
    except ValueError as error:
        count, note = None, f"Tokens were not counted: {error}"
    found = preview(plans, policy, args.number, count, on_step=place.bar("captions"))
    if note:
        found["note"] = note
    return Answer(f"{preview_text(found)}\n\n{samples_text(found)}", found)


def doctor_command(args: argparse.Namespace, place: Place) -> Answer:
    from .backend import doctor, find_backend, remember
    from .experience import usual_lines

    home = _home(args, place)
    if args.remember:
        remember(home, find_backend(home, args.sd_scripts, args.python))
    report = doctor(home, place.pack, args.sd_scripts, args.python)
    shown = {k: v for k, v in report.items() if k not in ("options", "problems", "ok")}
    rows = [f"{name + ':':<12} {_flat(value)}" for name, value in shown.items()]
    report["memory"] = usual_lines(home)
    rows += [f"memory, {line}" for line in report["memory"]]
    rows += report["problems"] or ["Everything that training needs is there."]
    return Answer("\n".join(rows), report, 0 if report["ok"] else 1)


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return ", ".join(map(_flat, value)) if isinstance(value, list) else str(value)


def start_command(args: argparse.Namespace, place: Place) -> Answer:
    from .backend import find_backend
    from .making import make_run
    from .runner import ensure_worker
    from .tokenizers import tokenizer_source

    home = _home(args, place)
    settings, deviations = _settings(args)
    backend = find_backend(home, args.sd_scripts, args.python)
    source = tokenizer_source(place.pack)
    vocabulary, bar = place.vocabulary(args), place.bar("captions")
    folder = make_run(home, settings, backend, source, vocabulary, bar)
    if args.queue:
        ensure_worker(home, place.pack)
    return _answer(args, place, folder, deviations)


def resume_command(args: argparse.Namespace, place: Place) -> Answer:
    from .making import resume
    from .runner import ensure_worker
    from .runs import find_run

    folder = find_run(_home(args, place), args.run_name)
    resume(folder, args.steps)
    if args.queue:
        ensure_worker(folder.parent, place.pack)
    return _answer(args, place, folder, ())


def _answer(args: argparse.Namespace, place: Place, folder: Path, deviations) -> Answer:
    """What a queued run gives back: at once, or when it has ended."""
    from .experience import memory_line
    from .outcome import log_tail
    from .runner import follow, stop_at_cancel
    from .runs import status

    if not args.queue:
        with stop_at_cancel(folder):
            follow(folder, place.pack, place.bar("steps"))
    found = {**status(folder), "deviations": list(deviations), "memory": memory_line(folder)}
    if found["status"] == "failed":
        found["log"] = log_tail(folder)
        return Answer(f"{_line(found)}\n{found['log']}", found, 1)
    return Answer("\n".join([*deviations, found["memory"], _line(found), *found["files"]]), found)


def status_command(args: argparse.Namespace, place: Place) -> Answer:
    from .runner import ensure_worker
    from .runs import OPEN, all_runs, find_run, status

    home = _home(args, place)
    runs = [find_run(home, args.run_name)] if args.run_name else all_runs(home)
    found = [status(folder) for folder in runs]
    if any(run["status"] in OPEN for run in found):
        ensure_worker(home, place.pack)  # after a restart of the machine nobody else does
    return Answer("\n".join(map(_line, found)) or f"There are no runs in {home}.", found)


def stop_command(args: argparse.Namespace, place: Place) -> Answer:
    from .runner import stop
    from .runs import find_run, status

    folder = find_run(_home(args, place), args.run_name)
    stop(folder)
    found = status(folder)
    return Answer(f"{folder.name} was asked to stop; its state is saved first.", found)


def _line(found: dict) -> str:
    loss = f", loss {found['loss']:.4f}" if found["loss"] is not None else ""
    left = f", {found['seconds_left']} s left" if found["seconds_left"] is not None else ""
    told = f". {found['message']}" if found["message"] else ""
    return f"{found['run']}: {found['status']}, {found['step']}/{found['total']}{loss}{left}{told}"


def _home(args: argparse.Namespace, place: Place) -> Path:
    from .runs import home_without_host

    return args.runs.absolute() if args.runs else home_without_host(place.pack)


def _settings(args: argparse.Namespace):
    """(settings, deviations from the paper) of what `train start` was given."""
    from .backend import card_gb
    from .captions import pictures_of
    from .settings import check_settings, load_settings, read_settings, settings_of_preset

    changes = dict(_pair(text) for text in args.set)
    _fill(args)
    if args.settings:
        settings, deviations = load_settings(args.settings), ()
    else:
        if not args.checkpoint or not args.images:
            raise ValueError("Give --checkpoint FILE and --images FOLDER, or --settings FILE.")
        preset = preset_of(args.preset)
        preset = preset._replace(policy=with_reading(preset.policy, args.reading))
        folders = tuple((folder, args.repeats) for folder in args.images)
        images = args.repeats * sum(len(pictures_of(Path(f))) for f, _ in folders)
        scaled = scale_down(
            preset, args.method, args.gpus, args.memory_gb or card_gb(), max(1, images), args.rank
        )
        settings = settings_of_preset(preset, scaled, args.name, args.checkpoint, folders)
        deviations = scaled.deviations
    data = settings.as_dict()
    if args.steps:
        changes.setdefault("steps", args.steps)
    if args.policy:
        changes["policy"] = load_policy(args.policy).as_dict()
    if launch := _launch(args):
        changes["launch"] = {**data["launch"], **launch}
    return check_settings(read_settings({**data, **changes})), deviations


def _fill(args: argparse.Namespace) -> None:
    """The usual values of what was not given; a file of settings leaves none of these open."""
    given = [
        name for name in (*USUAL, "checkpoint", "images") if getattr(args, name) not in (None, [])
    ]
    if args.settings and given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ValueError(
            f"--settings holds the whole run and {flags} was given beside it. Change single values "
            "with --set, such as --set gpus=2."
        )
    for name, value in USUAL.items():
        if getattr(args, name) is None:
            setattr(args, name, value)


def _launch(args: argparse.Namespace) -> dict:
    """The fields of a launch that were given."""
    from .launch import Launch, numbers

    given = {name: getattr(args, name) for name in Launch._fields}
    found = {name: value for name, value in given.items() if value is not None}
    if args.gpu_ids is not None:
        found["gpu_ids"] = numbers(args.gpu_ids)
    return found


def _pair(text: str) -> tuple[str, object]:
    """NAME=VALUE, the value as JSON where it is some, else as text."""
    name, mark, value = text.partition("=")
    if not mark:
        raise ValueError(f"--set has '{text}'; write it as NAME=VALUE, such as --set batch=2.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def work_command(args: argparse.Namespace, place: Place) -> Answer:
    from .runner import work

    work(_home(args, place))
    return Answer("", [])


def add_train(areas) -> list[argparse.ArgumentParser]:
    """The area `train` with its verbs."""
    train = areas.add_parser("train", help="fine-tune through sd-scripts")
    verbs = train.add_subparsers(dest="verb", required=True, metavar="VERB")
    made = {}
    for name, told, command in (
        ("doctor", "whether everything that training needs is there", doctor_command),
        ("preview", "captions as they would come in training", preview_command),
        ("start", "start a run, or queue it behind others", start_command),
        ("status", "how the runs stand", status_command),
        ("stop", "stop a run; its state is saved", stop_command),
        ("resume", "go on from a run's newest state", resume_command),
        ("work", "work through the queue (started by itself)", work_command),
    ):
        made[name] = verbs.add_parser(name, help=told)
        made[name].set_defaults(answer=command)
        if name != "preview":
            made[name].add_argument("--runs", type=Path, metavar="DIR", help="the folder of runs")
    _add_preview(made["preview"])
    _add_start(made["start"])
    made["doctor"].add_argument("--remember", action="store_true", help="keep it for later starts")
    for name in ("doctor", "start"):
        made[name].add_argument("--sd-scripts", default="", metavar="DIR", help="SD_SCRIPTS_PATH")
        made[name].add_argument("--python", default="", metavar="FILE", help="SD_SCRIPTS_PYTHON")
    for name in ("status", "stop", "resume"):
        made[name].add_argument("run_name", nargs="?", default="", metavar="RUN", help="its name")
    made["resume"].add_argument("--steps", type=int, default=0, help="a new total")
    for name in ("start", "resume"):
        made[name].add_argument("--queue", action="store_true", help="do not wait for its end")
    return list(made.values())


def _add_captions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--preset", default="v2.0", metavar="ID", help=", ".join(PRESETS))
    parser.add_argument("--reading", default=READINGS[0], choices=READINGS)
    parser.add_argument("--policy", metavar="FILE", help="your own caption policy (JSON)")


def _add_preview(parser: argparse.ArgumentParser) -> None:
    _add_captions(parser)
    told = "a folder with .txt or .caption files, or a text file with a caption per line"
    parser.add_argument("--captions", required=True, metavar="PATH", help=told)
    parser.add_argument("-n", dest="number", type=int, default=10_000, metavar="N")
    parser.add_argument("--seed", type=int, default=0)


def _add_start(parser: argparse.ArgumentParser) -> None:
    _add_captions(parser)
    parser.add_argument("--settings", metavar="FILE", help="all settings of a run (JSON)")
    parser.add_argument("--name")
    parser.add_argument("--method", choices=METHODS)
    parser.add_argument("--checkpoint", metavar="FILE")
    parser.add_argument("--images", action="append", default=[], metavar="DIR")
    parser.add_argument("--repeats", type=int, help="times per epoch")
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--rank", type=int)
    parser.add_argument("--gpus", type=int, help="of all machines together")
    parser.add_argument("--memory-gb", type=float, help="of one GPU")
    parser.set_defaults(preset=None, reading=None)  # to see whether they were given
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    launch = parser.add_argument_group("several machines, DeepSpeed (see launch.txt in the run)")
    launch.add_argument("--machines", type=int)
    launch.add_argument("--address", metavar="HOST", help="of the first machine")
    launch.add_argument("--port", type=int)
    launch.add_argument("--gpu-ids", metavar="0,1", help="which GPUs of each machine")
    elsewhere = "write the run and its launch.txt; a cluster starts it"
    launch.add_argument("--elsewhere", action="store_true", default=None, help=elsewhere)
    launch.add_argument("--zero-stage", type=int, metavar="1-3", help="DeepSpeed ZeRO")
    launch.add_argument("--offload-optimizer", metavar="cpu|nvme")
    launch.add_argument("--offload-parameters", metavar="cpu|nvme")
    launch.add_argument("--offload-folder", metavar="DIR", help="for nvme")
