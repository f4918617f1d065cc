"""The trainer's process behind entry.py: checks the checkout, trains, says how it ended."""

import importlib
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path

from .hooks import Run, Stopped, require_end
from .peaks import peaks
from .runs import TRAINER_LOCK, events, lock
from .seams import ContractError, defined
from .together import end_with_launcher

SCRIPTS = {"lora": "sdxl_train_network", "full": "sdxl_train"}
PACKAGES = ("torch", "accelerate", "transformers", "diffusers", "huggingface-hub", "safetensors")
REFUSED, STOPPED = 1, 3
# Asked of sd-scripts by name (module first tried, function); see hooks.py.
SEAMS = (
    ("library.config_util", "generate_dataset_group_by_blueprint"),
    ("library.config_util", "DreamBoothDataset"),
    ("library.config_util", "FineTuningDataset"),
    ("library.train_util", "prepare_accelerator"),
    ("library.sdxl_train_util", "sample_images"),
    ("library.train_util", "get_step_ckpt_name"),
    ("library.train_util", "verify_command_line_training_args"),
    ("library.train_util", "read_config_from_file"),
)


def versions() -> dict[str, str]:
    """Python and the libraries that matter; "" for one that is not there."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = ""
    return found


def check_versions(found: dict[str, str]) -> str:
    """What is wrong with the interpreter's libraries as one sentence, "" for nothing."""
    missing = [name for name in PACKAGES if not found.get(name)]
    if missing:
        return (
            f"The trainer's Python lacks {', '.join(missing)}; install sd-scripts' "
            "requirements.txt into its environment, or set SD_SCRIPTS_PYTHON to one that has them."
        )
    if int(found["transformers"].split(".")[0]) >= 5:
        # text-encoder keys were renamed and a class that sd-scripts imports was removed
        return (
            f"transformers is {found['transformers']}, and sd-scripts needs one below 5; install "
            'it into the trainer\'s environment: pip install "transformers<5".'
        )
    return ""


def open_sd_scripts(root: Path, method: str):
    """The training script's module, with sd-scripts on the path."""
    if not (root / f"{SCRIPTS[method]}.py").is_file():
        raise ContractError(f"{root} holds no {SCRIPTS[method]}.py; it is no sd-scripts checkout.")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if str(root) not in sys.path:
        sys.path.insert(1, str(root))
    return importlib.import_module(SCRIPTS[method])


def options_of(script) -> set[str]:
    """Names of all arguments of a training script."""
    return {action.dest for action in script.setup_parser()._actions}


def probe(place: str) -> int:
    """Print what this interpreter and checkout can do, as one JSON line."""
    found = versions()
    report: dict = {"versions": found, "problem": check_versions(found), "options": {}, "seams": {}}
    if not report["problem"]:
        try:
            for method in SCRIPTS:
                script = open_sd_scripts(Path(place).resolve(), method)
                report["options"][method] = sorted(options_of(script))
            report["seams"] = _seams()
        except ImportError as error:
            report["problem"] = f"sd-scripts cannot be imported by this Python: {error}."
        except ContractError as error:
            report["problem"] = str(error)
        report["devices"] = _devices()
    missing = [name for name, there in report["seams"].items() if not there]
    if missing and not report["problem"]:
        report["problem"] = (
            f"This sd-scripts lacks {', '.join(missing)}; use a release from 0.9.1 on."
        )
    sys.stdout.write("\n" + json.dumps(report) + "\n")
    return 0


def _seams() -> dict[str, bool]:
    found = {}
    for module, name in SEAMS:
        try:
            found[name] = defined(name, module) is not None
        except ContractError:
            found[name] = False
    return found


def _devices() -> list[dict]:
    import torch

    if not torch.cuda.is_available():
        return []
    properties = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
    return [{"name": p.name, "memory_gb": round(p.total_memory / 1e9, 1)} for p in properties]


def train(place: str) -> int:
    """Train one part of the run in this folder; returns the exit code."""
    folder = Path(place).resolve()
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    run = Run(folder, job)
    end_with_launcher()
    try:
        if not run.main:
            return _train(run)
        with lock(folder / TRAINER_LOCK) as got:
            if not got:
                raise ContractError("Another process trains this run already.")
            if any(e["event"] == "start" and e["part"] == job["part"] for e in events(folder)):
                # no event: the part has its end in the file already
                sys.stderr.write("This part was started before; `train resume` writes the next.\n")
                return REFUSED
            return _train(run)
    except Stopped:
        run.emit("stopped", step=run.step, **peaks())
        # behind a launcher any other code than 0 is a crash; the event tells
        return STOPPED if job["processes"] == 1 else 0
    except ContractError as error:
        run.fail(str(error))
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except BaseException as error:
        said = str(error).strip().splitlines()
        run.fail(f"{type(error).__name__}: {said[-1] if said else ''}"[:500])
        raise


def _train(run: Run) -> int:
    found = versions()
    run.emit("start", part=run.job["part"], step=run.step, pid=os.getpid(), versions=found)
    if problem := check_versions(found):
        raise ContractError(problem)
    method = run.job["method"]
    script = open_sd_scripts(run.root, method)
    run.hook()
    args = _arguments(script, run.folder)
    if method == "lora":
        script.SdxlNetworkTrainer().train(args)
    else:
        script.train(args)
    require_end(run)
    run.emit("done", step=run.step, **peaks())
    return 0


def _arguments(script, folder: Path):
    """The script's arguments, read by its own code from arguments.toml; unknown names refused."""
    config = folder / "arguments.toml"
    parser = script.setup_parser()
    # sd-scripts' reader parses sys.argv a second time
    sys.argv = [script.__file__, "--config_file", str(config)]
    args = parser.parse_args()
    known = options_of(script)
    defined("verify_command_line_training_args", "library.args", "library.train_util")(args)
    args = defined("read_config_from_file", "library.args", "library.train_util")(args, parser)
    unknown = sorted(set(vars(args)) - known)
    if unknown:
        raise ContractError(
            f"This sd-scripts has no option {', '.join(unknown)}; leave it out or use a newer one."
        )
    return args
