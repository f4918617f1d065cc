"""Settings as the two TOML files that sd-scripts reads: its arguments and its data sets.

Knows the traps of kohya-ss/sd-scripts (0.8.7 to 0.11): an unknown argument is taken in silence,
so every key is checked against the checkout's own parser (entry.py); JSON is read in the locale's
encoding, so it is always TOML; cached text-encoder outputs never pass through the captions' code;
`|||` is trained on literally unless a policy takes it out; a state restarts the step count.
Does not write files.
"""

import math
import re
from pathlib import Path

from .launch import zero_arguments
from .settings import OPTIMIZERS, TrainingSettings

SCHEDULER = "ixl.training.schedule.CosineSchedule"
# What the pack itself decides; an option of the user must not undo it.
OURS = {
    "cache_text_encoder_outputs": "it would train on every caption as it is in its file, so the "
    "caption policy would do nothing",
    "cache_text_encoder_outputs_to_disk": "it would train on every caption as it is in its file, "
    "so the caption policy would do nothing",
    "dataset_class": "the pack's own data sets apply the caption policy",
    "shuffle_caption": "the caption policy shuffles",
    "caption_dropout_rate": "the caption policy has caption_dropout",
    "caption_dropout_every_n_epochs": "the caption policy has caption_dropout",
    "caption_tag_dropout_rate": "the caption policy has stages and rates",
    "keep_tokens": "the caption policy keeps the first section",
    "keep_tokens_separator": "the caption policy knows the sections",
    "token_warmup_step": "the caption policy would not see it",
    "skip_until_initial_step": "the pack resumes by itself",
    "save_state": "the pack saves states by itself (state_every)",
    "save_state_on_train_end": "the pack saves states by itself (state_at_end)",
    "save_every_n_steps": "the pack saves by itself (save_every)",
    "sample_every_n_steps": "the pack draws samples by itself (sample_every)",
    "sample_every_n_epochs": "the pack draws samples by itself (sample_every)",
    "max_train_epochs": "the pack counts steps",
    "huggingface_repo_id": "nothing leaves this machine",
    "wandb_api_key": "a key does not belong into a file of a run",
    **dict.fromkeys(
        (
            *("output_dir", "output_name", "logging_dir", "log_prefix", "dataset_config", "resume"),
            *("pretrained_model_name_or_path", "tokenizer_cache_dir", "sample_prompts", "in_json"),
            *("train_data_dir", "reg_data_dir", "max_train_steps", "initial_step", "initial_epoch"),
            *("log_tracker_config", "save_model_as", "save_every_n_epochs", "save_n_epoch_ratio"),
        ),
        "the pack sets it from the run's own settings",
    ),
    "config_file": "the pack writes it",
    "output_config": "the pack writes the configuration",
    "huggingface_token": "nothing leaves this machine",
    "resume_from_huggingface": "nothing is fetched for a run",
    "save_state_to_huggingface": "nothing leaves this machine",
    # each has a setting of the pack that other values are worked out from
    "train_batch_size": "the setting is batch",
    "gradient_accumulation_steps": "the setting is accumulation",
    "mixed_precision": "the setting is precision",
    "seed": "the setting is seed",
    "deepspeed": "the setting is zero_stage of launch",
    "zero_stage": "the setting is zero_stage of launch",
    "offload_optimizer_device": "the setting is offload_optimizer of launch",
    "offload_param_device": "the setting is offload_parameters of launch",
}
FUSED = ("fused_backward_pass", "fused_optimizer_groups")
# Steps of SDXL's buckets, px: the U-Net needs 32 (the latent is 1/8, halved twice), and sd-scripts
# before 0.10 refuses all but multiples of 64.
BUCKET_STEP = 64


def arguments(settings: TrainingSettings, folder: Path, tokenizers: Path, first_step: int = 0):
    """sd-scripts' arguments by name. first_step: steps that were done by earlier parts."""
    s = settings
    found: dict[str, object] = {
        "pretrained_model_name_or_path": s.checkpoint,
        "dataset_config": str(folder / "dataset.toml"),
        "output_dir": str(folder / "output"),
        "output_name": s.name,
        "save_model_as": "safetensors",
        "tokenizer_cache_dir": str(tokenizers),
        "max_token_length": max(75, s.policy.token_limit or 225),
        "max_train_steps": s.steps - first_step,
        "gradient_accumulation_steps": s.accumulation,
        "gradient_checkpointing": s.checkpointing,
        "mixed_precision": s.precision,
        "no_half_vae": True,
        "optimizer_type": OPTIMIZERS[s.optimizer],
        "seed": s.seed + first_step,  # a resumed part must not see the first epoch's order again
        "max_data_loader_n_workers": s.workers,
        "persistent_data_loader_workers": s.workers > 0,
        "cache_latents": s.cache_latents,
        "min_snr_gamma": None,
        "sdpa": True,
        # else every GPU holds its gradients twice
        "ddp_gradient_as_bucket_view": s.gpus > 1 and not s.launch.zero_stage,
        **zero_arguments(s.launch, s.batch),
        **_rates(s),
        **_schedule(s),
        **_noise(s),
    }
    if s.prompts:
        found["sample_prompts"] = str(folder / "prompts.txt")
    found |= _of_the_user(s)
    return {n: value for n, value in found.items() if value is not None and value is not False}


def _rates(s: TrainingSettings) -> dict[str, object]:
    if s.method == "lora":
        return {
            "network_module": "networks.lora",
            "network_dim": s.rank,
            "network_alpha": s.alpha,
            "learning_rate": s.unet_lr or s.text_encoder_lr,
            "unet_lr": s.unet_lr,
            "text_encoder_lr": s.text_encoder_lr or None,
            "network_train_unet_only": not s.text_encoder_lr,
            "network_train_text_encoder_only": not s.unet_lr,
        }
    adafactor = s.optimizer == "adafactor"
    return {
        "learning_rate": s.unet_lr,
        "train_text_encoder": s.text_encoder_lr > 0,
        "learning_rate_te1": s.text_encoder_lr or None,
        "learning_rate_te2": s.text_encoder_lr or None,
        # steps each weight before its gradient was summed over the processes
        "fused_backward_pass": adafactor and s.accumulation == 1 and _alone(s),
        "optimizer_args": ["scale_parameter=False", "relative_step=False", "warmup_init=False"]
        if adafactor
        else None,
    }


def _alone(s: TrainingSettings) -> bool:
    return s.gpus == 1 and not s.launch.zero_stage


def _schedule(s: TrainingSettings) -> dict[str, object]:
    if not s.schedule:
        return {"lr_scheduler": "constant"}
    values = {**s.schedule._asdict(), "per_step": s.gpus}
    return {
        "lr_scheduler_type": SCHEDULER,
        "lr_scheduler_args": [f"{name}={value!r}" for name, value in values.items()],
    }


def _noise(s: TrainingSettings) -> dict[str, object]:
    return {
        "ip_noise_gamma": s.input_perturbation or None,
        # arXiv 2409.19946, section 3.2: the strength is uniform from 0 to its upper end
        "ip_noise_gamma_random_strength": s.input_perturbation > 0,
        "debiased_estimation_loss": s.debiased,
        "v_parameterization": s.v_prediction,
        "zero_terminal_snr": s.v_prediction,
    }


def _of_the_user(s: TrainingSettings) -> dict[str, object]:
    for name, value in s.options:
        if name in OURS and value is not False:
            raise ValueError(f"The option {name} cannot be used: {OURS[name]}.")
        if name in FUSED and value is not False and not _alone(s):
            raise ValueError(
                f"The option {name} cannot be used on several GPUs or with DeepSpeed: weights "
                "would change before their gradients are summed, and the GPUs drift apart."
            )
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,60}", name):
            raise ValueError(f"'{name}' is no name of an sd-scripts option; write it without --.")
        if isinstance(value, str) and not _harmless(name, value):
            raise ValueError(
                f"The option {name} is '{value}'; a name may not be a path, and a file must be a "
                ".safetensors file."
            )
        simple = value if isinstance(value, list) else [value]
        if not all(isinstance(v, str | bool | int | float) for v in simple):
            raise ValueError(
                f"The option {name} is {value!r}; it must be a text, number, true or false, or a "
                "list of them."
            )
    return dict(s.options)


def _harmless(name: str, value: str) -> bool:
    """Whether a text is no path to write to or to run code from: a pickle or a Python file.

    Names of modules ("lycoris.kohya") and of files with weights alone are let through.
    """
    if value.endswith(".safetensors"):
        return True
    return not any(mark in value for mark in ("/", "\\", "\0", "..")) and not value.startswith("~")


def data_sets(settings: TrainingSettings) -> dict:
    """The data set configuration of sd-scripts."""
    s = settings
    smallest = max(BUCKET_STEP, s.size // 2 // BUCKET_STEP * BUCKET_STEP)
    largest = math.ceil(s.size * 2 / BUCKET_STEP) * BUCKET_STEP
    data_set = {
        "resolution": s.size,
        "batch_size": s.batch,
        "enable_bucket": True,
        "min_bucket_reso": smallest,
        "max_bucket_reso": largest,
        "bucket_reso_steps": BUCKET_STEP,
        **({"validation_split": s.validation, "validation_seed": s.seed} if s.validation else {}),
        "subsets": [
            {
                "image_dir": folder,
                "num_repeats": times,
                "caption_extension": s.caption_file,
                # only so are all lines of a caption file read; the policy then takes one
                "enable_wildcard": True,
            }
            for folder, times in s.folders
        ],
    }
    return {"datasets": [data_set]}


def toml_text(data: dict) -> str:
    """TOML of a flat dictionary, or of the data sets' lists of tables."""
    lines: list[str] = []
    tables: list[tuple[str, dict]] = []
    _write(data, "", lines, tables)
    return "\n".join(lines) + "\n"


def _write(data: dict, path: str, lines: list[str], tables: list) -> None:
    for key, value in data.items():
        if not (isinstance(value, list) and value and isinstance(value[0], dict)):
            lines.append(f"{key} = {_literal(value)}")
    for key, value in data.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for table in value:
                lines.append(f"[[{path}{key}]]")
                _write(table, f"{path}{key}.", lines, tables)


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number that can be configured.")
        text = repr(value)
        return text if "." in text or "inf" in text else re.sub(r"(?=e)", ".0", text, count=1)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(v) for v in value) + "]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """A TOML basic string; control characters escaped."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif ord(char) < 0x20 or ord(char) == 0x7F:
            out.append(f"\\u{ord(char):04x}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'
