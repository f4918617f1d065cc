"""What a run is asked to do: one value, JSON-ready, checked before anything is written.

Does not know sd-scripts' options (config.py) nor where it is installed (backend.py).
"""

import json
import math
import re
from pathlib import Path
from typing import NamedTuple

from .captions import CAPTION_FILES
from .choices import METHODS
from .launch import Launch, check_launch, read_launch
from .policy import Policy, read_policy
from .presets import Preset, Scaled
from .schedule import Schedule, check_schedule

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,79}\Z")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\s*(\.|\Z)", re.IGNORECASE)
OPTIMIZERS = {"adamw": "AdamW", "adamw8bit": "AdamW8bit", "adafactor": "Adafactor"}
PRECISIONS = ("no", "fp16", "bf16")
# Paths and names that a node has inputs for: they are checked there.
ELSEWHERE = frozenset(("name", "checkpoint", "folders", "deliver_to"))


class TrainingSettings(NamedTuple):
    """All settings of one run.

    checkpoint: the file that training starts from. folders: (folder of pictures with caption files,
    how often each is seen per epoch). size: side of the square whose area the buckets have, px.
    batch: pictures per GPU and forward pass. steps: optimizer steps of the whole run. schedule:
    None for a constant rate. text_encoder_lr: 0 leaves both text encoders frozen. rank: 0 for full
    fine-tuning. save_every, state_every, sample_every: optimizer steps, 0 for never; a state is
    what a run goes on from after a crash. prompts: sample pictures, one line each in sd-scripts'
    form. validation: share of the pictures (LoRA only). gpus: processes that train together, on all
    machines. options: further arguments of sd-scripts by name. deliver_to: a model folder that the
    file at the end is put into as well, "" for none.
    """

    name: str
    checkpoint: str
    folders: tuple[tuple[str, int], ...]
    method: str = "lora"
    profile: str = "illustrious-v2.0"
    policy: Policy = Policy()
    caption_file: str = ".txt"
    size: int = 1024
    batch: int = 1
    accumulation: int = 1
    steps: int = 1500
    unet_lr: float = 1e-4
    text_encoder_lr: float = 0.0
    schedule: Schedule | None = None
    optimizer: str = "adamw"
    rank: int = 16
    alpha: float = 8.0
    checkpointing: bool = True
    precision: str = "bf16"
    cache_latents: bool = True
    input_perturbation: float = 0.0
    debiased: bool = False
    v_prediction: bool = False
    seed: int = 0
    save_every: int = 0
    state_every: int = 500
    state_at_end: bool = False
    sample_every: int = 0
    prompts: tuple[str, ...] = ()
    validation: float = 0.0
    workers: int = 2
    gpus: int = 1
    launch: Launch = Launch()
    record_captions: bool = False
    options: tuple[tuple[str, object], ...] = ()
    deliver_to: str = ""

    def absolute(self) -> "TrainingSettings":
        """The same with absolute paths: a trainer runs in another folder."""
        folders = tuple((str(Path(folder).absolute()), times) for folder, times in self.folders)
        deliver_to = self.deliver_to and str(Path(self.deliver_to).absolute())
        return self._replace(
            folders=folders, checkpoint=str(Path(self.checkpoint).absolute()), deliver_to=deliver_to
        )

    def as_dict(self) -> dict:
        """JSON-ready; `read_settings` reads it back."""
        return {
            **self._asdict(),
            "folders": [list(pair) for pair in self.folders],
            "policy": self.policy.as_dict(),
            "schedule": self.schedule._asdict() if self.schedule else None,
            "launch": self.launch.as_dict(),
            "options": dict(self.options),
        }


def settings_of_preset(
    preset: Preset, scaled: Scaled, name: str, checkpoint: str, folders: tuple[tuple[str, int], ...]
) -> TrainingSettings:
    """A preset, cut down to what the user has, as the settings of a run."""
    return TrainingSettings(
        name, checkpoint, folders, scaled.method, f"illustrious-{preset.id}", preset.policy,
        size=round(math.sqrt(scaled.area)), batch=scaled.batch, accumulation=scaled.accumulation,
        steps=scaled.steps, unet_lr=scaled.unet_lr, text_encoder_lr=scaled.text_encoder_lr,
        schedule=Schedule(scaled.steps) if preset.cosine else None, optimizer=scaled.optimizer,
        rank=scaled.rank, alpha=scaled.rank / 2, checkpointing=scaled.checkpointing,
        input_perturbation=preset.input_perturbation, debiased=preset.debiased, gpus=scaled.gpus,
        launch=scaled.launch,
    )  # fmt: skip


def changed(
    settings: TrainingSettings, policy: Policy | None, steps: int, options: str
) -> TrainingSettings:
    """The settings with a node's further wishes: JSON text of fields, and steps above 0."""
    try:
        wishes = json.loads(options.strip() or "{}")
    except ValueError as error:
        raise ValueError(f"The options are no JSON ({error}); write them as {{}}.") from None
    if not isinstance(wishes, dict):
        raise ValueError('The options must be a JSON object, such as {"size": 768}.')
    if set_elsewhere := sorted(wishes.keys() & ELSEWHERE):
        raise ValueError(f"The options set {', '.join(set_elsewhere)}, which the node's inputs do.")
    if steps:
        wishes["steps"] = steps
    read = read_settings({**settings.as_dict(), **wishes})
    return read._replace(policy=policy) if policy else read


def check_settings(settings: TrainingSettings) -> TrainingSettings:
    """The settings themselves. Raises ValueError with one sentence on what cannot work."""
    if not NAME.match(settings.name) or settings.name.endswith((".", " ")):
        raise ValueError(
            f"The name is '{settings.name}'; use letters, digits, '.', '_', '-' and spaces, "
            "at most 80, beginning with a letter or digit."
        )
    if RESERVED.match(settings.name):
        raise ValueError(
            f"The name is '{settings.name}', which Windows keeps for a device; choose another."
        )
    for field, allowed in (
        ("method", METHODS),
        ("optimizer", tuple(OPTIMIZERS)),
        ("precision", PRECISIONS),
        ("caption_file", CAPTION_FILES),
    ):
        if getattr(settings, field) not in allowed:
            raise ValueError(
                f"{field} is '{getattr(settings, field)}'; it must be one of {', '.join(allowed)}."
            )
    for field, low, high in _RANGES:
        value = getattr(settings, field)
        if not low <= value <= high:
            raise ValueError(f"{field} is {value:g}; it must be from {low:g} to {high:g}.")
    if settings.size % 32:
        raise ValueError(f"size is {settings.size} px; SDXL needs a multiple of 32. Try 1024.")
    _check_together(settings)
    return settings


_RANGES = (
    *(("size", 64, 4096), ("batch", 1, 1024), ("accumulation", 1, 1024), ("steps", 1, 10**8)),
    *(("unet_lr", 0, 10), ("text_encoder_lr", 0, 10), ("rank", 0, 1024), ("alpha", 0, 1024)),
    *(("input_perturbation", 0, 1), ("seed", 0, 2**31), ("save_every", 0, 10**8)),
    *(("state_every", 0, 10**8), ("sample_every", 0, 10**8), ("validation", 0, 0.9)),
    *(("workers", 0, 64), ("gpus", 1, 4096)),
)


def _check_together(settings: TrainingSettings) -> None:
    if not settings.folders:
        raise ValueError("No folder of pictures is given; give at least one.")
    for folder, times in settings.folders:
        if not 1 <= times <= 10_000:
            raise ValueError(f"{folder} is seen {times} times per epoch; use 1 to 10,000.")
    if settings.method == "lora" and not settings.rank:
        raise ValueError("rank is 0; a LoRA needs one from 1 on. Try 16.")
    if settings.method == "full" and settings.validation:
        raise ValueError(
            "validation is above 0, but sdxl_train.py only takes those pictures away and never "
            "validates; set it to 0 or train a LoRA."
        )
    if settings.sample_every and not settings.prompts:
        raise ValueError("sample_every is above 0, but there are no prompts to draw; give some.")
    if not settings.unet_lr and not settings.text_encoder_lr:
        raise ValueError("Both learning rates are 0, so nothing would be trained; raise one.")
    check_launch(settings.launch, settings.gpus)
    if settings.schedule:
        check_schedule(settings.schedule)
        if settings.schedule.total != settings.steps:
            raise ValueError(
                f"The schedule is for {settings.schedule.total} steps and the run has "
                f"{settings.steps}; they must be the same."
            )


def read_settings(data: object) -> TrainingSettings:
    """Settings from JSON data; what is missing has its default. Raises ValueError."""
    if not isinstance(data, dict):
        raise ValueError("The settings of a run must be a JSON object.")
    unknown = sorted(data.keys() - set(TrainingSettings._fields))
    if unknown:
        raise ValueError(
            f"The settings have no {', '.join(unknown)}; they have "
            f"{', '.join(TrainingSettings._fields)}."
        )
    missing = [n for n in ("name", "checkpoint", "folders") if n not in data]
    if missing:
        raise ValueError(f"The settings lack {', '.join(missing)}.")
    values = {name: _value(name, value) for name, value in data.items()}
    if "steps" in values and values.get("schedule"):
        values["schedule"] = values["schedule"]._replace(total=values["steps"])
    return check_settings(TrainingSettings(**values))


def load_settings(path: str | Path) -> TrainingSettings:
    """Settings from a JSON file. Raises ValueError with one sentence."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"The settings {path} cannot be read as JSON: {error}.") from None
    return read_settings(data)


def _value(name: str, value: object) -> object:
    """One field of the JSON form, with its type checked."""
    default = TrainingSettings._field_defaults.get(name, "")
    try:
        if name == "policy":
            return read_policy(value)
        if name == "launch":
            return read_launch(value)
        if name == "schedule":
            return Schedule(**{"total": 1, **value}) if value else None
        if name == "folders":
            if not all(len(pair) == 2 and type(pair[1]) is int for pair in value):
                raise TypeError
            return tuple((str(folder), times) for folder, times in value)
        if name == "options":
            return tuple(dict(value).items())
        if name == "prompts":
            if isinstance(value, str):
                raise TypeError
            return tuple(str(prompt) for prompt in value)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{name} of the settings is {value!r}, which it cannot be.") from error
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        raise ValueError(f"{name} of the settings is {value!r}; such a value it cannot have.")
    return value
