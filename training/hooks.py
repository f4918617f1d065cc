"""What happens at the seams: data sets, metrics, and one call per optimizer step.

Runs in the trainer's process. sd-scripts decides by its own arguments whether a step is saved or
drawn; the hook sets them for exactly the step that is due, so saves follow the steps of the whole
run, also after a resume, and "save now" needs nothing more.
"""

import json
import multiprocessing
import os
import shutil
import time
from pathlib import Path

from .captions import deterministic, load_plans
from .outcome import NO_SPACE
from .peaks import peaks
from .policy import read_policy
from .runs import RESERVE_BYTES, use_reserve, whole_files
from .seams import ContractError, defined, replace
from .together import agreed, own_noise, require_same_job

STEPS_TO_PEAK = 3  # of a part: gradients, optimizer states and larger buckets have come by then
LOSSES = ("loss/current", "loss")  # of one pass, as the LoRA script and the full one call it
STATE = "state.json"  # inside a state folder, written last but for its renaming


class Stopped(BaseException):
    """The run was asked to stop and its state is saved. No Exception: nothing may swallow it."""


class Run:
    """One part of a run, in the trainer's process. job: job.json of the run's folder."""

    def __init__(self, folder: Path, job: dict):
        self.folder, self.job = folder, job
        self.root = Path(job["sd_scripts"])
        self.accelerator = None
        self.main = int(os.environ.get("RANK", "0")) == 0
        self.step, self.due, self.begun = job["first_step"], set(), 0
        self.clock = multiprocessing.Value("i", 0)
        self.fresh, self.losses = False, []  # whether the step is not told yet; of its passes

    def emit(self, event: str, **values) -> None:
        """One line in events.jsonl, by the first process alone."""
        if self.main:
            line = json.dumps({"event": event, "time": round(time.time(), 3), **values})
            with open(self.folder / "events.jsonl", "a", encoding="utf-8") as file:
                file.write(line + "\n")

    def fail(self, message: str) -> None:
        """Tell why the part ends, also on a full disk: what was cut short makes room."""
        if shutil.disk_usage(self.folder).free < RESERVE_BYTES and NO_SPACE not in message:
            message = f"{message} ({NO_SPACE} on the disk.)"
        if self.main:
            for part in self.folder.glob("state/*.part"):
                shutil.rmtree(part, ignore_errors=True)
            whole = whole_files(self.folder / "output")
            for file in (self.folder / "output").glob("*.safetensors"):
                if file not in whole:
                    file.unlink()
            use_reserve(self.folder)
        self.emit("failed", step=self.step, message=message)

    def hook(self) -> None:
        """Enter sd-scripts. Raises ContractError where that is not possible."""
        self._hook_data_sets()
        self._hook_accelerator()
        self._hook_steps()
        self._hook_names()

    def _hook_data_sets(self) -> None:
        from library import config_util

        from .captioned import CaptionedFolder, CaptionedMetadata, Making

        policy = read_policy(self.job["policy"])
        record = str(self.folder / "captions.jsonl") if self.job["record_captions"] else ""
        making = Making(policy, self.job["tokenizer"], self.job["first_epoch"], self.clock, record)
        validation = making._replace(policy=deterministic(policy), clock=None, record="")
        build = defined("generate_dataset_group_by_blueprint", "library.config_util")

        def build_captioned(*args, **options):
            built = build(*args, **options)
            plans = load_plans(self.folder / "plans.jsonl")
            groups = built if isinstance(built, tuple) else (built,)
            for group, how in zip(groups, (making, validation), strict=False):
                for data_set in getattr(group, "datasets", ()):
                    number = data_set.take_plans(plans, how)
                    kind = "validation" if how is validation else "training"
                    self.emit("captions", kind=kind, pictures=number)
            return built

        replace(build, build_captioned, self.root)
        # only the builder looks them up here; a spawned worker finds ours by their own module
        config_util.DreamBoothDataset = CaptionedFolder
        config_util.FineTuningDataset = CaptionedMetadata

    def _hook_accelerator(self) -> None:
        prepare = defined("prepare_accelerator", "library.accelerator_setup", "library.train_util")

        def prepare_tracked(args):
            self.accelerator = accelerator = prepare(args)
            self.main = self.main and accelerator.is_main_process
            accelerator.log_with.append(tracker_of(self))
            # sd-scripts before 0.10 asks for it before it logs; only other trackers write there
            args.logging_dir = args.logging_dir or str(self.folder)
            prepare_model = accelerator.prepare_model
            accelerator.prepare_model = lambda model, *rest, **options: prepare_model(
                with_own_storage(model), *rest, **options
            )
            accumulate = accelerator.accumulate

            def behind_last_step(*models):
                self._keep()
                return accumulate(*models)

            accelerator.accumulate = behind_last_step
            require_same_job(self.job, accelerator.num_processes)
            self.emit(
                "accelerator",
                device=str(accelerator.device),
                processes=accelerator.num_processes,
                precision=str(accelerator.mixed_precision),
            )
            return accelerator

        replace(prepare, prepare_tracked, self.root)

    def _hook_steps(self) -> None:
        sample = defined("sample_images", "library.sdxl_train_util")

        def at_step(accelerator, args, epoch, step, *rest, **options):
            true = self.job["first_step"] + step
            if epoch is not None:  # before the first step and behind every epoch
                return self._at_epoch(args, epoch, true, sample, accelerator, rest, options)
            if self.due:
                raise ContractError(
                    "This sd-scripts does not begin its steps with accelerator.accumulate, so no "
                    "state can be saved; use a release from 0.9.1 on, or its main branch."
                )
            self.step, self.fresh = true, True
            asked = self._asked()
            # whoever stops a LoRA wants to try it; a whole checkpoint would take too long
            wanted = asked["save"] or asked["stop"] and self.job["method"] == "lora"
            args.save_every_n_steps = step if wanted else None
            if asked["sample"]:
                self._sample(args, true, sample, accelerator, rest, options)
            self.due = {name for name in ("stop", "state") if asked[name]}
            self.begun = self.job["first_epoch"] + self.clock.value + 1
            if true >= self.job["total"]:
                self._keep()
            return None  # else behind this step's saves and log, where all processes come by

        replace(sample, at_step, self.root)

    def _at_epoch(self, args, epoch, true, sample, accelerator, rest, options) -> None:
        self.clock.value = epoch
        if epoch == 0:
            own_noise(accelerator, args.seed)
            self.emit("ready", step=true)
            if getattr(args, "sample_at_first", False) and true == 0:
                sample(accelerator, args, None, 0, *rest, **options)

    def _sample(self, args, true, sample, accelerator, rest, options) -> None:
        args.sample_every_n_steps, args.sample_every_n_epochs = true, None
        sample(accelerator, args, None, true, *rest, **options)
        args.sample_every_n_steps = None
        self.emit("sample", step=true)

    def _asked(self) -> dict[str, bool]:
        """What is due at this step, the same on every process."""
        job, step = self.job, self.step
        asked = {}
        for name in ("stop", "save", "sample", "state"):
            every = job.get(f"{name}_every", 0)
            asked[name] = bool(every and step % every == 0)
            request = self.folder / "requests" / name
            if self.main and request.exists():
                asked[name] = True
                if name != "stop":
                    request.unlink()
        last = step >= job["total"]
        asked["state"] = asked["state"] and not last or last and job["state_at_end"]
        asked["stop"] = asked["stop"] and not last
        asked["save"] = asked["save"] and not last  # sd-scripts saves at the end
        asked["sample"] = asked["sample"] and job["can_sample"]
        return asked if self.accelerator is None else agreed(asked, self.accelerator)

    def _keep(self) -> None:
        """Save the state that is due at this step, and stop if that was asked."""
        due, self.due = self.due, set()
        if due:
            self._save_state(self.accelerator)
        if "stop" in due:
            raise Stopped

    def _save_state(self, accelerator) -> None:
        """A state that is either whole or not there; the one before goes only then."""
        folder = self.folder / "state"
        name = f"step-{self.step:08d}"
        part = folder / f"{name}.part"
        if self.main:
            shutil.rmtree(part, ignore_errors=True)
        accelerator.wait_for_everyone()
        accelerator.save_state(str(part))
        accelerator.wait_for_everyone()
        if not self.main:
            return
        # an epoch that has begun is over: its order is used up
        told = {"step": self.step, "epoch": self.begun, "total": self.job["total"]}
        (part / STATE).write_text(json.dumps(told), encoding="utf-8")
        shutil.rmtree(folder / name, ignore_errors=True)
        os.replace(part, folder / name)
        for old in folder.iterdir():
            if old.name != name:
                shutil.rmtree(old, ignore_errors=True)
        self.emit("state", step=self.step)

    def _hook_names(self) -> None:
        """Step numbers in file names go on where the part before ended."""
        first = self.job["first_step"]
        if not first:
            return
        name = defined("get_step_ckpt_name", "library.train_util")

        def true_name(args, ext, step):
            return name(args, ext, first + step)

        replace(name, true_name, self.root)

    def logged(self, values: dict, step: int | None) -> None:
        """What sd-scripts logs, with the step of the whole run."""
        numbers = {k: float(v) for k, v in values.items() if hasattr(v, "__float__")}
        if any(name.startswith("loss/epoch") for name in numbers):
            self.emit("epoch", step=self.step, **numbers)
        elif any("validation" in name for name in numbers):
            self.emit("validation", step=self.step, **numbers)
        elif numbers:
            self._passed(numbers)

    def _passed(self, numbers: dict[str, float]) -> None:
        """One line per optimizer step; sd-scripts logs every pass that accumulates into it."""
        self.losses.append({name: numbers[name] for name in LOSSES if name in numbers})
        if not self.fresh:
            return
        told = {n: sum(each[n] for each in self.losses) / len(self.losses) for n in self.losses[-1]}
        self.fresh, self.losses = False, []
        self.emit("step", step=self.step, **{**numbers, **told})
        if self.step == self.job["first_step"] + STEPS_TO_PEAK:
            self.emit("memory", step=self.step, **peaks())


def with_own_storage(model):
    """The model, with no parameter being a piece of a larger tensor.

    sd-scripts cuts query, key and value of the second text encoder out of one tensor. Where they
    are not copied to a GPU, accelerate takes them for one shared weight: it saves only the first,
    and safetensors refuses to load the state.
    """
    for parameter in model.parameters():
        own = parameter.numel() * parameter.element_size()
        if parameter.untyped_storage().nbytes() > own:
            parameter.data = parameter.data.clone()
    return model


def tracker_of(run: Run):
    """Our tracker beside tensorboard and others, through accelerate's own interface."""
    from accelerate.tracking import GeneralTracker

    class EventTracker(GeneralTracker):
        name = "ixl"
        requires_logging_directory = False
        main_process_only = True

        def __init__(self):
            super().__init__()

        @property
        def tracker(self):
            return run

        def store_init_configuration(self, values):
            """The configuration is in the run's folder already."""

        def log(self, values, step=None, **_):
            run.logged(values, step)

    return EventTracker()


def require_end(run: Run) -> None:
    """sd-scripts sometimes returns without having trained: that is no success."""
    if run.step < run.job["total"]:
        raise ContractError(
            f"sd-scripts ended at step {run.step} of {run.job['total']} without an error; its log "
            "says why."
        )
    file = run.folder / "output" / f"{run.job['name']}.safetensors"
    if run.main and not file.is_file():
        raise ContractError(f"sd-scripts ended, but wrote no {file.name}; its log says why.")
