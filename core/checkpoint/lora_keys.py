"""The modules of a LoRA file by its tensors' names and shapes, and which of them fit a model.

The names are those that ComfyUI reads (comfy/lora.py `load_lora`, comfy/weight_adapter/*.py):
kohya-ss/sd-scripts, LyCORIS, diffusers, PEFT. Knows a model only as a table of module names and
weight shapes, which the caller has from ComfyUI. Does not read a tensor.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .architecture import Tensors

Shape = tuple[int, ...]

# Part of a module: the ends of tensor names that mean it.
_ENDS = {
    "up": (
        ".lora_up.weight", "_lora.up.weight", ".lora.up.weight", ".lora_B.weight", ".lora_B",
        ".lora_linear_layer.up.weight", ".lora_B.default.weight",
    ),
    "down": (
        ".lora_down.weight", "_lora.down.weight", ".lora.down.weight", ".lora_A.weight", ".lora_A",
        ".lora_linear_layer.down.weight", ".lora_A.default.weight",
    ),
    "mid": (".lora_mid.weight",),
    **{part: (f".{part}.weight",) for part in ("a1", "a2", "b1", "b2")},
    **{
        part: (f".{part}",)
        for part in (
            "hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2",
            "lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2",
            "oft_blocks", "rescale", "alpha", "dora_scale", "reshape_weight",
            "diff", "diff_b", "set_weight", "w_norm", "b_norm",
        )
    },
}  # fmt: skip
_PART = {end: part for part, ends in _ENDS.items() for end in ends}
# Longest first: `.lora_B.weight` and `.lora_B` are two ends.
_END = re.compile("(" + "|".join(map(re.escape, sorted(_PART, key=len, reverse=True))) + ")$")
# Kind: what must be there. The first whose first part is there counts.
_NEEDS = (
    ("LoRA", ("up", "down")),
    ("LoHa", ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")),
    ("GLoRA", ("a1", "a2", "b1", "b2")),
    ("OFT", ("oft_blocks",)),
    ("full weights", ("diff",)),
    ("full weights", ("set_weight",)),
    ("norms", ("w_norm",)),
    ("full weights", ("diff_b",)),
)
_TEXT_ENCODERS = (
    ("te1", re.compile(r"lora_te1?_|text_encoder\.|(text_encoders\.)?clip_[lh]\.")),
    ("te2", re.compile(r"lora_te2_|text_encoder_2\.|(text_encoders\.)?clip_g\.")),
    ("te3", re.compile(r"lora_te3_|text_encoder_3\.|(text_encoders\.)?t5")),
)
GROUPS = ("unet", "te1", "te2", "te3")  # te1 is CLIP-L, te2 CLIP-G, te3 T5


class Module(NamedTuple):
    """What a file holds for one layer of a model.

    kind: LoRA, LoCon, LoHa, LoKr, GLoRA, OFT, BOFT, norms, full weights; "" when it is none of
    them. parts: {part: shape}, by the names of _ENDS. missing: the part without which it cannot be
    used.
    """

    kind: str
    parts: dict[str, Shape]
    missing: str = ""


class Match(NamedTuple):
    """The modules of a file, by name, as a model sees them.

    unmatched: the model has no such layer. wrong: (module, its shape, the layer's shape).
    unused: for text encoders, and none is there to take them.
    """

    fitting: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    wrong: tuple[tuple[str, Shape, Shape], ...] = ()
    unused: tuple[str, ...] = ()


def modules_of(tensors: Tensors) -> dict[str, Module]:
    """{module name: Module}. A tensor of unknown kind is a module of its own, of kind ""."""
    found: dict[str, dict[str, Shape]] = {}
    for name, (_, shape) in tensors.items():
        module, part = _split(name)
        found.setdefault(module, {})[part] = shape
    return {name: _module(parts) for name, parts in found.items()}


def _split(tensor: str) -> tuple[str, str]:
    """Module and part that a tensor belongs to."""
    end = _END.search(tensor)
    return (tensor[: end.start()], _PART[end[0]]) if end else (tensor, "")


def _module(parts: dict[str, Shape]) -> Module:
    if any(part.startswith("lokr_") for part in parts):
        return Module("LoKr", parts, _missing_in_lokr(parts))
    for kind, needs in _NEEDS:
        if needs[0] in parts:
            missing = next((part for part in needs if part not in parts), "")
            return Module(_finer(kind, parts), parts, missing)
    return Module("", parts)


def _missing_in_lokr(parts: dict[str, Shape]) -> str:
    for side in ("lokr_w1", "lokr_w2"):
        halves = [f"{side}_{half}" for half in "ab"]
        if side not in parts and not all(half in parts for half in halves):
            return next(half for half in halves if half not in parts)
    return ""


def _finer(kind: str, parts: dict[str, Shape]) -> str:
    if kind == "LoRA" and ("mid" in parts or math.prod(parts.get("down", ())[2:]) > 1):
        return "LoCon"
    return "BOFT" if kind == "OFT" and len(parts["oft_blocks"]) == 4 else kind


def kind_of(modules: Iterable[Module]) -> str:
    """What to call the whole file, "" when none of its modules is of a known kind."""
    counts = Counter(module.kind for module in modules if module.kind)
    if not counts:
        return ""
    name = "LoCon" if "LoCon" in counts else counts.most_common(1)[0][0]
    return f"DoRA ({name})" if any("dora_scale" in module.parts for module in modules) else name


def ranks_of(modules: Iterable[Module]) -> tuple[tuple[int, int], ...]:
    """(rank, number of modules) pairs, the most common first."""
    ranks = Counter(rank for module in modules if (rank := _rank(module.parts)))
    return tuple(ranks.most_common())


def _rank(parts: dict[str, Shape]) -> int:
    """The rank of a module as ComfyUI divides alpha by it; 0 where there is none."""
    for part in ("down", "hada_w1_b", "lokr_w1_b", "lokr_w2_b", "a1"):
        if parts.get(part):
            return parts[part][0]
    return 0


def group_of(name: str) -> str:
    """The part of a model that a module belongs to: one of GROUPS."""
    return next((group for group, start in _TEXT_ENCODERS if start.match(name)), "unet")


def match(modules: Mapping[str, Module], targets: Mapping[str, Shape], with_clip: bool) -> Match:
    """Which modules fit a model.

    targets: {module name, in any spelling: shape of the weight, () when it is not known}.
    with_clip: text encoders are among them.
    """
    fitting, unmatched, wrong, unused = [], [], [], []
    for name, module in modules.items():
        layer = targets.get(name)
        if layer is None and not with_clip and group_of(name) != "unet":
            unused.append(name)
        elif layer is None or not module.kind:
            unmatched.append(name)
        elif _fits(module, layer):
            fitting.append(name)
        else:
            wrong.append((name, _shape(module.parts), layer))
    return Match(tuple(fitting), tuple(unmatched), tuple(wrong), tuple(unused))


def _fits(module: Module, layer: Shape) -> bool:
    if "reshape_weight" in module.parts:  # enlarges the layer first
        return True
    shape = _shape(module.parts)
    if not shape or not layer:
        return True
    rows, columns = layer[0], math.prod(layer[1:])
    return shape in ((rows,), (rows, columns))


def kept(tensors: Iterable[str], match: Match) -> list[str]:
    """The tensors of a file without those of modules of another size than their layer."""
    wrong = {name for name, _, _ in match.wrong}
    return [tensor for tensor in tensors if _split(tensor)[0] not in wrong]


def _shape(parts: dict[str, Shape]) -> Shape:
    """(rows, columns) of the change, kernels flattened into the columns; (rows,) where only they
    are known; () where nothing is.
    """
    if {"up", "down"} <= parts.keys():
        kernel = parts["mid"][2:] if "mid" in parts else ()
        return _rows(parts["up"]), math.prod(parts["down"][1:]) * math.prod(kernel)
    if "hada_w1_b" in parts and "hada_w1_a" in parts:
        kernel = parts.get("hada_t1", ())[2:]
        # with a Tucker core the first factor is stored rank first
        side = parts["hada_w1_a"][1:] if kernel else parts["hada_w1_a"]
        return _rows(side), math.prod(parts["hada_w1_b"][1:]) * math.prod(kernel)
    if any(part.startswith("lokr_") for part in parts):
        return _shape_of_lokr(parts)
    if "oft_blocks" in parts:
        return (math.prod(parts["oft_blocks"][-3:-1]),)
    for part in ("diff", "set_weight", "w_norm"):
        if part in parts:
            return _rows(parts[part]), math.prod(parts[part][1:])
    return parts.get("diff_b", ())[:1]


def _shape_of_lokr(parts: dict[str, Shape]) -> Shape:
    """Rows and columns of the Kronecker product of two matrices, each whole or of two factors."""
    rows, columns = 1, 1
    for side in ("lokr_w1", "lokr_w2"):
        whole, a, b = (parts.get(side + end, ()) for end in ("", "_a", "_b"))
        kernel = parts.get("lokr_t2", ())[2:] if side == "lokr_w2" and not whole else ()
        if kernel:  # stored rank first, as with hada_t1
            a = a[1:]
        rows *= _rows(whole or a)
        columns *= math.prod((whole or b)[1:]) * math.prod(kernel)
    return rows, columns


def _rows(shape: Shape) -> int:
    return shape[0] if shape else 1
