"""A record as the fields of A1111's text, and back; names of samplers and schedulers.

Sources: AUTOMATIC1111 webui `modules/sd_samplers_kdiffusion.py`, `sd_samplers_timesteps.py`,
`sd_schedulers.py` (names), `processing.py` (`create_infotext`: fields and their order),
`extensions-builtin/Lora` (`<lora:name:text encoder:unet>`; "Lora hashes" hold AutoV3),
`textual_inversion.py` ("TI hashes" hold AutoV2); civitai/sd_civitai_extension (`Hashes`, AutoV2).
"""

import json
import re
from pathlib import PurePosixPath

from .parameters import Parameters, parse, write
from .record import Pass, Record, Resource, check_text, number, whole

# ComfyUI's sampler_name: A1111's "Sampler". What is missing keeps its name.
SAMPLERS = {
    "euler": "Euler", "euler_ancestral": "Euler a", "euler_cfg_pp": "Euler CFG++",
    "euler_ancestral_cfg_pp": "Euler a CFG++", "heun": "Heun", "lms": "LMS",
    "dpm_2": "DPM2", "dpm_2_ancestral": "DPM2 a", "dpm_fast": "DPM fast",
    "dpm_adaptive": "DPM adaptive", "dpmpp_2s_ancestral": "DPM++ 2S a", "dpmpp_sde": "DPM++ SDE",
    "dpmpp_2m": "DPM++ 2M", "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_heun": "DPM++ 2M SDE Heun", "dpmpp_3m_sde": "DPM++ 3M SDE",
    "ddim": "DDIM", "uni_pc": "UniPC", "lcm": "LCM", "restart": "Restart",
}  # fmt: skip
# ComfyUI's scheduler: A1111's "Schedule type".
SCHEDULERS = {
    "normal": "Normal", "karras": "Karras", "exponential": "Exponential",
    "polyexponential": "Polyexponential", "sgm_uniform": "SGM Uniform", "simple": "Simple",
    "ddim_uniform": "DDIM", "beta": "Beta", "kl_optimal": "KL Optimal",
    "align_your_steps": "Align Your Steps", "turbo": "Turbo",
}  # fmt: skip
_GPU = "_gpu"  # ComfyUI's samplers that draw their noise on the GPU have the same name in A1111
_SAMPLER_NAMES = {label.lower(): name for name, label in SAMPLERS.items()}
_SCHEDULER_NAMES = {label.lower(): name for name, label in SCHEDULERS.items()}
_LORA = re.compile(r"<(?:lora|lyco):([^:<>]+)((?::[^:<>]*)*)>")
_SIZE = re.compile(r"([0-9]{1,6})x([0-9]{1,6})")
_PAIR = re.compile(r"\s*(.+?)\s*:\s*([0-9A-Za-z]+)\s*\Z")
AUTOV2, AUTOV3 = 10, 12  # hex digits


def to_text(record: Record) -> str:
    """A record as A1111's text. Raises ValueError for texts with halves of characters."""
    positive = check_text(record.positive, "positive prompt")
    negative = check_text(record.negative, "negative prompt")
    tags = lora_tags(record)
    joined = ", ".join(filter(None, [positive.rstrip().rstrip(",") if tags else positive, *tags]))
    return write(joined, negative, fields(record))


def lora_tags(record: Record) -> list[str]:
    """`<lora:name:weight>` of each LoRA that the prompt does not name itself.

    One weight where both are the same: that is all that Civitai reads.
    """
    named = {found.group(1) for found in _LORA.finditer(record.positive)}
    tags = []
    for lora in record.of_kind("lora"):
        name, unet, encoder = stem(lora.name), lora.strength_model, lora.strength_clip
        if name in named or unet is None:
            continue
        both = encoder is not None and encoder != unet
        tags.append(f"<lora:{name}:{encoder:g}:{unet:g}>" if both else f"<lora:{name}:{unet:g}>")
    return tags


def fields(record: Record) -> dict[str, object]:
    """The fields of the last line, in A1111's order."""
    first = record.first
    width, height = (record.width, record.height) if record.width else record.picture
    model = (record.of_kind("model") or [Resource("model", "")])[0]
    vae = (record.of_kind("vae") or [Resource("vae", "")])[0]
    made = {
        "Steps": first.steps,
        "Sampler": SAMPLERS.get(first.sampler.removesuffix(_GPU), first.sampler),
        "Schedule type": SCHEDULERS.get(first.scheduler, first.scheduler),
        "CFG scale": first.cfg,
        "Seed": first.seed,
        "Size": f"{width}x{height}" if width else "",
        "Model hash": model.sha256[:AUTOV2],
        "Model": stem(model.name),
        "VAE hash": vae.sha256[:AUTOV2],
        "VAE": PurePosixPath(vae.name.replace("\\", "/")).name,
        "Clip skip": record.clip_skip or "",
        **_later_passes(record, width, height),
        **(
            {"Batch size": record.batch[1], "Batch pos": record.batch[0]}
            if record.batch[1] > 1
            else {}
        ),
        "Lora hashes": _hash_list(record, "lora"),
        "TI hashes": _hash_list(record, "embedding"),
        "RNG": "CPU" if first.seed is not None else "",  # ComfyUI draws the first noise there
        "Version": record.made_with or "ComfyUI",
        "Hashes": _all_hashes(record),
    }
    return {key: value for key, value in made.items() if value is not None}


def _later_passes(record: Record, width: int, height: int) -> dict[str, object]:
    """A1111 knows one more pass, the "hires fix"; of several this is the last."""
    first, last = record.first, record.passes[-1] if len(record.passes) > 1 else None
    pw, ph = record.picture
    if last is None:
        denoise = first.denoise if first.denoise is not None and first.denoise < 1 else None
        grown = width and pw and (pw, ph) != (width, height)
        return {
            "Denoising strength": denoise,
            "Postprocess upscale to": f"{pw}x{ph}" if grown else "",
        }
    factor = round(pw / width, 2) if width and pw else 0
    exact = (round(width * factor), round(height * factor)) == (pw, ph)
    sampler = SAMPLERS.get(last.sampler.removesuffix(_GPU), last.sampler)
    return {
        "Denoising strength": last.denoise,
        "Hires upscale": f"{factor:g}" if factor and exact else "",
        "Hires resize": f"{pw}x{ph}" if factor and not exact else "",
        "Hires steps": last.steps,
        "Hires sampler": sampler if last.sampler != first.sampler else "",
        "Hires CFG Scale": last.cfg if last.cfg != first.cfg else None,
    }


def _hash_list(record: Record, kind: str) -> str:
    pairs = []
    for one in record.of_kind(kind):
        short = one.data_sha256[:AUTOV3] if kind == "lora" else one.sha256[:AUTOV2]
        if short or one.sha256:
            pairs.append(f"{stem(one.name)}: {short or one.sha256[:AUTOV2]}")
    return ", ".join(pairs)


def _all_hashes(record: Record) -> dict[str, str]:
    """Civitai's form; it knows a file by any of its hashes."""
    prefix = {"model": "", "vae": "", "lora": "lora:", "embedding": "embed:"}
    made: dict[str, str] = {}
    for one in record.resources:
        if one.sha256 and one.kind in prefix:
            key = f"{prefix[one.kind]}{stem(one.name)}" if prefix[one.kind] else one.kind
            made.setdefault(key, one.sha256[:AUTOV2])
    return made


def stem(name: str) -> str:
    """The name as A1111 writes it: no folder, no ending, nothing that has a meaning in its text."""
    last = PurePosixPath(name.replace("\\", "/")).name
    cut = re.sub(r"\.(safetensors|sft|ckpt|pt|pth|bin|gguf)\Z", "", last, flags=re.IGNORECASE)
    return re.sub(r'[:,"<>{}\n\r]', "_", cut)


def from_text(text: str) -> Record:
    """The record of A1111's text, as far as it tells."""
    return from_parameters(parse(text))


def from_parameters(found: Parameters) -> Record:
    told = found.fields
    width, height = size(told.get("Size", ""))
    first = Pass(
        whole(told.get("Seed")),
        whole(told.get("Steps")),
        number(told.get("CFG scale")),
        *sampler_names(told.get("Sampler", ""), told.get("Schedule type", "")),
        number(told.get("Denoising strength")),
    )
    passes = [first]
    if hires := {key for key in told if key.startswith("Hires ")}:
        passes = [first._replace(denoise=None), _hires_pass(told, first)]
    grown = size(told.get("Hires resize", "")) if hires else (0, 0)
    factor = number(told.get("Hires upscale")) or 0
    if factor and not grown[0]:
        grown = round(width * factor), round(height * factor)
    index, total = whole(told.get("Batch pos")) or 0, whole(told.get("Batch size")) or 1
    return Record(
        positive=found.positive,
        negative=found.negative,
        width=width,
        height=height,
        picture=grown if grown[0] else (width, height),
        passes=tuple(passes) if any(value not in (None, "") for value in first) else (),
        resources=tuple(_resources(found)),
        clip_skip=whole(told.get("Clip skip")) or 0,
        batch=(index, total),
        made_with=told.get("Version", ""),
    )


def _hires_pass(told: dict[str, str], first: Pass) -> Pass:
    sampler, scheduler = sampler_names(told.get("Hires sampler", ""), "")
    return first._replace(
        steps=whole(told.get("Hires steps")) or first.steps,
        cfg=number(told.get("Hires CFG Scale")) or first.cfg,
        sampler=sampler or first.sampler,
        scheduler=scheduler or first.scheduler,
    )


def sampler_names(sampler: str, schedule: str) -> tuple[str, str]:
    """ComfyUI's names; before 1.9 A1111 had the schedule in the sampler's name."""
    label, kind = sampler.strip().lower(), schedule.strip().lower()
    for name in ("karras", "exponential", "polyexponential", "sgm uniform"):
        if not kind and label.endswith(f" {name}"):
            label, kind = label[: -len(name) - 1], name
    scheduler = "" if kind == "automatic" else _SCHEDULER_NAMES.get(kind, schedule.strip())
    return _SAMPLER_NAMES.get(label, sampler.strip()), scheduler


def size(text: str) -> tuple[int, int]:
    """Width and height of "WxH"; zeros for anything else."""
    found = _SIZE.fullmatch(text.strip())
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def lora_mentions(text: str) -> dict[str, tuple[float, float]]:
    """(UNet, text encoder) strength of each `<lora:...>` of a prompt, by name."""
    found: dict[str, tuple[float, float]] = {}
    for match in _LORA.finditer(text):
        given = [number(part) for part in match.group(2).split(":")[1:]]
        encoder = given[0] if given and given[0] is not None else 1.0
        unet = given[1] if len(given) > 1 and given[1] is not None else encoder
        found.setdefault(match.group(1).strip(), (unet, encoder))
    return found


def _resources(found: Parameters) -> list[Resource]:
    told, hashes = found.fields, _json_hashes(found.fields.get("Hashes", ""))
    made: list[Resource] = []
    for kind, key in (("model", "Model"), ("vae", "VAE")):
        short = told.get(f"{key} hash", "") or hashes.get(kind, "")
        if told.get(key) or short:
            made.append(Resource(kind, told.get(key, ""), short.lower()))
    strengths = lora_mentions(found.positive)
    loras = _listed(told.get("Lora hashes", ""))
    named = [key[len("lora:") :] for key in hashes if key.startswith("lora:")]
    for name in dict.fromkeys([*strengths, *loras, *named]):
        short = hashes.get(f"lora:{name}", "").lower()
        unet, encoder = strengths.get(name, (None, None))
        made.append(Resource("lora", name, short, loras.get(name, "").lower(), unet, encoder))
    texts = _listed(told.get("TI hashes", ""))
    inverted = [key[len("embed:") :] for key in hashes if key.startswith("embed:")]
    for name in dict.fromkeys([*texts, *inverted]):
        short = texts.get(name, "") or hashes.get(f"embed:{name}", "")
        made.append(Resource("embedding", name, short.lower()))
    return made


def _listed(text: str) -> dict[str, str]:
    """The names and hashes of "name: hash, name: hash"."""
    pairs = (_PAIR.match(part) for part in text.split(","))
    return {pair.group(1): pair.group(2) for pair in pairs if pair}


def _json_hashes(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}
