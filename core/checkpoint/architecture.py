"""Which architecture the tensors of a file belong to, and which part of a model it is.

Judged by names and shapes alone, in the layouts that are common: single file (Stability AI's
generative-models), diffusers, kohya-ss, PEFT, LyCORIS. Sources of the numbers: the configurations
of the models on Hugging Face (`unet/config.json`: `transformer_layers_per_block`,
`cross_attention_dim`). Does not read a tensor.
"""

import re
from collections import Counter
from typing import NamedTuple

from .header import Header

Tensors = dict[str, tuple[str, tuple[int, ...]]]

SDXL, REFINER = "SDXL", "SDXL refiner"
# Whose LoRAs, latents and text encoders are SDXL's.
SDXL_LIKE = (SDXL, "SSD-1B", "Segmind Vega", "KOALA 700M", "KOALA 1B")
# Deepest transformer at U-Net levels 1 and 2, where the cross-attention is 2048 wide.
_DEPTHS = {
    (2, 10): SDXL, (2, 4): "SSD-1B", (1, 2): "Segmind Vega", (2, 5): "KOALA 700M",
    (2, 6): "KOALA 1B",
}  # fmt: skip
_CONTEXTS = {
    768: "Stable Diffusion 1.x",
    1024: "Stable Diffusion 2.x",
    1280: REFINER,
    2048: SDXL,
}
_CROSS_ATTENTION = re.compile(
    r"(?:^|\.)(?:input_blocks\.(?P<block>\d+)\.1|down_blocks\.(?P<level>\d+)\.attentions\.\d+)"
    r"\.transformer_blocks\.(?P<depth>\d+)\.attn2\.to_k\.weight$"
)
_LORA = re.compile(
    r"\.(lora_(down|up|A|B|mid)|lora\.(down|up))\.|\.(hada_w|lokr_w|oft_blocks|oft_diag|dora_scale)"
)
_LORA_CONTEXT = re.compile(r"attn2[._]to_k[._](?:.*[._])?(lora_down|lora_A|lora\.down|hada_w1_b)")
_CONTROL = (
    ("lllite_unet", "ControlNet-LLLite"),
    ("control_model.", "ControlNet"),
    ("input_hint_block.", "ControlNet"),
    ("controlnet_cond_embedding.", "ControlNet"),
    ("adapter.body.", "T2I adapter"),
    ("ip_adapter.", "IP-Adapter"),
)
# Part of a name -> model, for what is not built like SDXL. The first that fits counts.
_OTHERS = (
    ("distilled_guidance_layer.", "Chroma"),
    ("double_blocks", "Flux"),
    ("single_transformer_blocks", "Flux"),
    ("joint_blocks.", "Stable Diffusion 3"),
    ("cap_embedder.", "Lumina 2"),
    ("llm_adapter.", "Anima"),
    ("img_mlp.", "Qwen-Image"),
    ("adaln_single.", "PixArt"),
    ("SelfAttention", "a T5 text encoder"),
    ("vision_model.", "a CLIP vision encoder"),
    ("model.layers.0.self_attn", "a language model"),
    ("conv_first.weight", "an upscaler"),
)
_TYPES = {"F16": "fp16", "BF16": "bf16", "F32": "fp32", "F64": "fp64"}


class Architecture(NamedTuple):
    """The part of a model that a file is and the model it belongs to.

    kind: "checkpoint", "unet", "text encoder", "vae", "lora", "controlnet", "embedding" or "".
    model: one of SDXL_LIKE, another name, or "" when it is not known here.
    fits_sdxl: it can be used with an SDXL model.
    notes: what is unusual, one sentence each.
    """

    kind: str
    model: str
    fits_sdxl: bool
    text: str
    notes: tuple[str, ...] = ()


def recognise(header: Header) -> Architecture:
    """The architecture of a sound file."""
    tensors = header.tensors
    for look in (_lora, _control, _embedding, _diffusion, _other, _vae, _text_encoder):
        found = look(tensors)
        if found:
            return found
    return Architecture("", "", False, "the tensors are those of no model that is known here")


def _lora(tensors: Tensors) -> Architecture | None:
    if not any(_LORA.search(name) for name in tensors):
        return None
    model = next(
        (
            _CONTEXTS.get(shape[1], "")
            for name, (_, shape) in tensors.items()
            if _LORA_CONTEXT.search(name) and len(shape) == 2
        ),
        "",
    )
    if not model and any("lora_te2_" in name or "text_encoder_2" in name for name in tensors):
        model = SDXL
    if not model:
        model = next((m for part, m in _OTHERS[:8] if any(part in name for name in tensors)), "")
    return _part("lora", "a LoRA", model)


def _control(tensors: Tensors) -> Architecture | None:
    what = next((w for key, w in _CONTROL if any(n.startswith(key) for n in tensors)), None)
    if not what:
        return None
    levels, context = _attention(tensors)
    return _part("controlnet", f"a {what}", _unet_model(levels, context)[0])


def _embedding(tensors: Tensors) -> Architecture | None:
    if not tensors or len(tensors) > 2 or not set(tensors) <= {"clip_l", "clip_g", "emb_params"}:
        return None
    both = "clip_g" in tensors
    shape = next(iter(tensors.values()))[1]
    model = SDXL if both else _CONTEXTS.get(shape[-1] if shape else 0, "")
    return _part("embedding", "a text embedding", model)


def _part(kind: str, what: str, model: str) -> Architecture:
    """An addition to a model; one whose base cannot be told is not refused."""
    text = f"{what} for {model}" if model else f"{what}; for which model cannot be told"
    return Architecture(kind, model, model in ("", *SDXL_LIKE), text)


def _diffusion(tensors: Tensors) -> Architecture | None:
    levels, context = _attention(tensors)
    if not levels:
        return None
    model, notes = _unet_model(levels, context)
    notes += _strange_numbers(tensors)
    encoders, vae = _has(tensors, _ENCODERS), _has(tensors, _VAE)
    first = next((s for n, (_, s) in tensors.items() if _FIRST.search(n) and len(s) == 4), None)
    if first and first[1] != 4:
        notes.append(f"The U-Net takes {first[1]} channels, not 4: made for inpainting or editing.")
    if not (encoders or vae):
        text = f"the U-Net of {model or 'an unknown model'} alone"
        return Architecture("unet", model, model in SDXL_LIKE, text, tuple(notes))
    if not vae:
        notes.append("There is no VAE inside; load one beside it.")
    if not encoders:
        notes.append("There are no text encoders inside; load them beside it.")
    elif model == SDXL and not _has(tensors, _SECOND_ENCODER):
        notes.append("The second text encoder is missing; load both beside it.")
    text = f"tensor names and shapes are those of {model or 'an unknown U-Net'}"
    return Architecture("checkpoint", model, model in SDXL_LIKE, text, tuple(notes))


def _strange_numbers(tensors: Tensors) -> list[str]:
    """A note for a U-Net that does not hold plain numbers: read as such they give noise."""
    counts = Counter(dtype for name, (dtype, _) in tensors.items() if _CROSS_ATTENTION.search(name))
    kind = counts.most_common(1)[0][0]
    if kind in _TYPES or kind.startswith("F8"):
        return []
    return [
        f"The U-Net's numbers are of type {kind.lower()}: quantised, of use only where ComfyUI "
        "knows the format."
    ]


_FIRST = re.compile(r"(^|\.)(input_blocks\.0\.0|conv_in)\.weight$")
_ENCODERS = re.compile(r"^(conditioner\.embedders|cond_stage_model|text_encoders?|te)[._]")
_SECOND_ENCODER = re.compile(r"^(conditioner\.embedders\.1\.|text_encoders?[._](2|clip_g))")
_VAE = re.compile(r"^(first_stage_model|vae)\.")


def _has(tensors: Tensors, pattern: re.Pattern) -> bool:
    return any(pattern.search(name) for name in tensors)


def _attention(tensors: Tensors) -> tuple[dict[int, int], int]:
    """{U-Net level: deepest transformer} of the way down, and the width of the text."""
    levels: dict[int, int] = {}
    context = 0
    for name, (_, shape) in tensors.items():
        found = _CROSS_ATTENTION.search(name)
        if found:
            level = int(found["block"]) // 3 if found["block"] else int(found["level"])
            levels[level] = max(levels.get(level, 0), int(found["depth"]) + 1)
            context = shape[1] if len(shape) == 2 else context
    return levels, context


def _unet_model(levels: dict[int, int], context: int) -> tuple[str, list[str]]:
    """The model of a U-Net, and what is unusual about it. context: 0 where no matrix has one."""
    if not levels or not context:
        return "", []
    if 0 in levels:
        return _CONTEXTS.get(context, "") or "Stable Diffusion 1.x or 2.x", []
    if context == 1280:
        return REFINER, []
    depths = levels.get(1, 0), levels.get(2, 0)
    if context == 2048 and depths in _DEPTHS:
        return _DEPTHS[depths], []
    note = (
        f"Built like SDXL, but in other sizes: transformers {depths[0]} and {depths[1]} deep for a "
        f"text of width {context}, SDXL has 2 and 10 for 2048."
    )
    return SDXL, [note]


def _other(tensors: Tensors) -> Architecture | None:
    for part, model in _OTHERS:
        if any(part in name for name in tensors):
            return Architecture("", model, False, f"tensor names are those of {model}")
    return None


def _vae(tensors: Tensors) -> Architecture | None:
    name = next((n for n in tensors if n.endswith("decoder.conv_in.weight")), None)
    shape = tensors[name][1] if name else ()
    if len(shape) != 4:
        return None
    if shape[1] != 4:
        text = f"a VAE with {shape[1]} latent channels, SDXL has 4"
        return Architecture("vae", "another model", False, text)
    return Architecture(
        "vae", "", True, "a VAE with 4 latent channels; those of SD 1.x, 2.x and SDXL look alike"
    )


# Width of the token embedding: the two of SDXL, and that of Stable Diffusion 2.x.
ENCODERS = {768: "CLIP-L", 1280: "CLIP-G"}
_CLIP_H = 1024


def _text_encoder(tensors: Tensors) -> Architecture | None:
    width = encoder_width(tensors)
    if not width:
        return None
    if width in ENCODERS:
        return Architecture("text encoder", SDXL, True, f"the text encoder {ENCODERS[width]} alone")
    text = f"a text encoder of width {width}, SDXL has 768 and 1280"
    if width == _CLIP_H:
        return Architecture("text encoder", "another model", False, text)
    note = f"Built like a text encoder of SDXL, but of width {width} instead of 768 or 1280."
    return Architecture("text encoder", SDXL, True, text, (note,))


def encoder_width(tensors: Tensors) -> int:
    """Numbers per token of the first text encoder in a file, 0 where there is none."""
    for name, (_, shape) in tensors.items():
        if name.endswith("token_embedding.weight") and len(shape) == 2:
            return shape[1]
    return 0


def number_types(header: Header) -> dict[str, str]:
    """The number format that holds most elements, for each part: {"unet": "fp16", "vae": "fp32"}.

    A file of one part has the key "all".
    """
    counts: dict[str, Counter] = {}
    for name, (dtype, shape) in header.tensors.items():
        elements = 1
        for n in shape:
            elements *= n
        counts.setdefault(_part_of(name), Counter())[dtype] += elements
    named = {part: count.most_common(1)[0][0] for part, count in counts.items() if count.total()}
    if set(named) != {"all"}:
        named.pop("all", None)  # marker tensors and the like
    return {
        part: _TYPES.get(dtype, "fp8" if dtype.startswith("F8") else dtype.lower())
        for part, dtype in named.items()
    }


def _part_of(name: str) -> str:
    if _VAE.search(name):
        return "vae"
    if _ENCODERS.search(name):
        return "text encoders"
    return "unet" if name.startswith("model.diffusion_model.") else "all"
