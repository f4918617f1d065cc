"""One part of a run, from its start or a resume to its end: its job, and the commands for it.

    arguments.toml  what sd-scripts reads     job.json         what the hooks read
    launch.txt      a shell line per machine  accelerate.json  instead of the user's own

Starts nothing (runner.py).
"""

from pathlib import Path

from .backend import ENTRY, FOREIGN, OFFLINE, trainer_environment
from .config import arguments, toml_text
from .launch import ACCELERATE, LINES, accelerate_config, command, launch_environment, shell_lines
from .runs import ELSEWHERE, newest_state, read_json, set_state, settings_of, state_of, write_json
from .settings import TrainingSettings
from .tokenizers import FOLDERS


def write_part(folder: Path) -> tuple[int, list[str], dict[str, str]]:
    """Write the next part's files: (its number, command, environment) of the first machine."""
    settings, told = settings_of(folder), read_json(folder / "backend.json")
    saved = newest_state(folder)
    at = saved[1] if saved else {"step": 0, "epoch": 0}
    given = arguments(settings, folder, Path(told["tokenizers"]), at["step"])
    if saved:
        given["resume"] = str(saved[0])
        if settings.method == "lora":
            given["initial_step"] = 0  # else the step count in the state would be taken off again
    part = state_of(folder).get("part", 0) + 1
    (folder / "arguments.toml").write_text(toml_text(given), encoding="utf-8")
    write_json(folder / "job.json", _job(settings, told, at, part))
    python, gpus, launch = Path(told["python"]), settings.gpus, settings.launch
    config = accelerate_config(gpus, launch, settings.precision)
    write_json(folder / ACCELERATE, config)
    own = [str(ENTRY), "run", str(folder)]
    if launch.machines > 1 or launch.elsewhere:
        lines = shell_lines(
            python, own, folder, gpus, settings.precision, launch, OFFLINE, FOREIGN
        )  # fmt: skip
        (folder / LINES).write_text(lines, encoding="utf-8")
    first = command(python, own, folder, gpus, settings.precision, launch)
    return part, first, trainer_environment() | launch_environment(python, gpus, launch)


def hand_over(folder: Path) -> None:
    """Leave the next part to whoever runs the lines of launch.txt."""
    part, _, _ = write_part(folder)
    told = f"Run line N of {folder / LINES} on machine N."
    set_state(folder, status=ELSEWHERE, part=part, pid=0, message=told)


def _job(settings: TrainingSettings, told: dict, at: dict, part: int) -> dict:
    return {
        "part": part,
        "name": settings.name,
        "method": settings.method,
        "processes": settings.gpus,
        "sd_scripts": told["sd_scripts"],
        "tokenizer": str(Path(told["tokenizers"]) / FOLDERS[0]),
        "policy": settings.policy.as_dict(),
        "first_step": at["step"],
        "first_epoch": at["epoch"],
        "total": settings.steps,
        "save_every": settings.save_every,
        "state_every": settings.state_every,
        "state_at_end": settings.state_at_end,
        "sample_every": settings.sample_every,
        "can_sample": bool(settings.prompts),
        "record_captions": settings.record_captions,
    }
