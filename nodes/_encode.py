"""Encoding of prompt text by ComfyUI's CLIP: BREAK chunks, A1111's weights, size conditioning.

Sources: ComfyUI 0.30.0 (`CLIP.tokenize`, `encode_from_tokens_scheduled`, SDXL's `encode_adm`);
AUTOMATIC1111 wiki "Features": a token's embedding is multiplied by its weight, then the chunk is
scaled back to its mean ("No norm" leaves the scaling out).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import node_helpers
import torch
from comfy_api.latest import io

if TYPE_CHECKING:
    from ..core.checkpoint.route import SizeConditioning


COMFYUI, A1111, NO_NORM = "ComfyUI", "A1111", "A1111 without normalization"
Sizes = io.Custom("IXL_SIZES")  # a SizeConditioning
_ENCODERS = ("l", "g")  # in the order in which SDXL joins their channels


def weight_input() -> io.Combo.Input:
    return io.Combo.Input(
        "weights",
        options=[COMFYUI, A1111, NO_NORM],
        default=COMFYUI,
        tooltip="What (tag:1.2) means. ComfyUI: away from an empty prompt; only round brackets. "
        "A1111: the embedding times 1.2, scaled back to its mean; [tag] weighs less, nested "
        "brackets multiply. Without normalization: A1111's 'No norm', often better on SDXL.",
    )


def sizes_input() -> io.Input:
    return Sizes.Input(
        "sizes",
        optional=True,
        tooltip="From Resolution (Illustrious): the size that SDXL is told in every pass.",
    )


def encode(
    clip, text: str, weights: str, sizes: dict | None = None, shared: SizeConditioning | None = None
) -> tuple[list, str]:
    """CONDITIONING of a prompt (one entry of [1, chunks * 77, channels] per CLIP schedule range),
    and a report on chunks and on what is no text.

    sizes: SDXL's size conditioning in px; for entries of 0 those of `shared`, else ComfyUI's own.
    """
    from ..core.prompt.encodable import encodable
    from ..core.prompt.given import text_of
    from ..core.prompt.report import encode_report

    if clip is None:
        raise ValueError(
            "clip is empty: the checkpoint holds no text encoder. Load one that does, or a CLIP."
        )
    read = encodable(text_of("text", text), "comfyui" if weights == COMFYUI else "a1111")
    tokens = _tokens(clip, read.segments)
    report = encode_report(_counts(clip, read.segments), read.notes)
    both = (shared._asdict() if shared else {}), (sizes or {})
    given = {name: value for part in both for name, value in part.items() if value}
    if weights == COMFYUI:
        return clip.encode_from_tokens_scheduled(tokens, add_dict=given), report
    if any(key not in _ENCODERS for key in tokens):
        raise ValueError(
            f"weights is {weights!r}, which is defined for CLIP-L and CLIP-G; this text encoder "
            f"has {', '.join(tokens)}. Choose {COMFYUI!r}."
        )
    unweighted = {
        key: [[(token[0], 1.0, *token[2:]) for token in chunk] for chunk in chunks]
        for key, chunks in tokens.items()
    }
    encoded = clip.encode_from_tokens_scheduled(unweighted, add_dict=given)
    widths = [_width(clip, key) for key in _ENCODERS if key in tokens]
    factors = [_factors(tokens[key]) for key in _ENCODERS if key in tokens]
    return [[_weigh(c, widths, factors, weights == A1111), d] for c, d in encoded], report


def _tokens(clip, segments: tuple[str, ...], **options) -> dict:
    """Tokens of all segments, each beginning a new chunk."""
    tokens: dict = {}
    for segment in segments:
        for key, chunks in clip.tokenize(segment, **options).items():
            tokens.setdefault(key, []).extend(chunks)
    return tokens


def _counts(clip, segments: tuple[str, ...]) -> list[int]:
    """Tokens per chunk, without start, end and padding."""
    chunks = _tokens(clip, segments, return_word_ids=True)
    return [sum(1 for token in chunk if token[2]) for chunk in next(iter(chunks.values()))]


def _width(clip, key: str) -> int:
    """Channels of one encoder."""
    encoder = getattr(clip.cond_stage_model, f"clip_{key}")
    return encoder.transformer.get_input_embeddings().weight.shape[1]


def _factors(chunks: list) -> torch.Tensor:
    """Weight of each token, [chunks, 77]."""
    return torch.tensor([[token[1] for token in chunk] for chunk in chunks])


def _weigh(cond: torch.Tensor, widths: list, factors: list, normalize: bool) -> torch.Tensor:
    """Each encoder's channels times its factors, chunk by chunk."""
    parts = []
    for part, factor in zip(cond.split(widths, dim=-1), factors, strict=True):
        chunks = part.reshape(len(factor), -1, part.shape[-1])
        weighed = chunks * factor[..., None].to(chunks)
        if normalize:
            before, after = (x.mean(dim=(1, 2), keepdim=True) for x in (chunks, weighed))
            weighed = weighed * (before / after)
        parts.append(weighed.reshape(part.shape))
    return torch.cat(parts, dim=-1)


def masked(conditioning: list, mask: torch.Tensor | None, strength: float) -> list:
    """Copies of the entries that count in `mask` [H, W] alone (None: everywhere) with `strength`.

    None at strength 0: an entry without weight would still cost a model evaluation.
    """
    if strength == 0:
        return []
    values = {"strength": strength}
    if mask is not None:
        values = {"mask": mask[None], "mask_strength": strength, "set_area_to_bounds": False}
    return node_helpers.conditioning_set_values(conditioning, values)
