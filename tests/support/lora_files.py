"""LoRA modules of every kind for a layer of a given size, as {tensor name: shape}.

Independent of the pack: the layouts are those of kohya-ss/sd-scripts, LyCORIS, diffusers and PEFT.
"""

Shapes = dict[str, tuple[int, ...]]
Layer = tuple[int, ...]  # shape of the weight: (out, in) or (out, in, height, width)


def lora(name: str, layer: Layer, rank: int = 4) -> Shapes:
    rows, columns, *kernel = layer
    return {
        f"{name}.lora_up.weight": (rows, rank, *(1 for _ in kernel)),
        f"{name}.lora_down.weight": (rank, columns, *kernel),
        f"{name}.alpha": (),
    }


def dora(name: str, layer: Layer, rank: int = 4) -> Shapes:
    return lora(name, layer, rank) | {f"{name}.dora_scale": (1, layer[1], *(1 for _ in layer[2:]))}


def tucker(name: str, layer: Layer, rank: int = 4) -> Shapes:
    """LoCon with a core: LyCORIS `use_tucker`."""
    rows, columns, *kernel = layer
    return {
        f"{name}.lora_up.weight": (rows, rank, 1, 1),
        f"{name}.lora_down.weight": (rank, columns, 1, 1),
        f"{name}.lora_mid.weight": (rank, rank, *kernel),
        f"{name}.alpha": (),
    }


def peft(name: str, layer: Layer, rank: int = 4) -> Shapes:
    return {f"{name}.lora_A.weight": (rank, layer[1]), f"{name}.lora_B.weight": (layer[0], rank)}


def diffusers(name: str, layer: Layer, rank: int = 4) -> Shapes:
    return {
        f"{name}_lora.down.weight": (rank, layer[1]),
        f"{name}_lora.up.weight": (layer[0], rank),
    }


def loha(name: str, layer: Layer, rank: int = 4) -> Shapes:
    rows, columns, *kernel = layer
    flat = columns * (kernel[0] * kernel[1] if kernel else 1)
    halves = {f"{name}.hada_w{i}_a": (rows, rank) for i in (1, 2)}
    return halves | {f"{name}.hada_w{i}_b": (rank, flat) for i in (1, 2)} | {f"{name}.alpha": ()}


def loha_tucker(name: str, layer: Layer, rank: int = 4) -> Shapes:
    rows, columns, *kernel = layer
    made: Shapes = {f"{name}.alpha": ()}
    for i in (1, 2):
        made[f"{name}.hada_t{i}"] = (rank, rank, *kernel)
        made[f"{name}.hada_w{i}_a"] = (rank, rows)
        made[f"{name}.hada_w{i}_b"] = (rank, columns)
    return made


def lokr(name: str, layer: Layer, rank: int = 4) -> Shapes:
    """The second factor of two thin matrices, as LyCORIS writes it for linear layers."""
    rows, columns = layer[0] // 4, layer[1] // 4
    return {
        f"{name}.lokr_w1": (4, 4),
        f"{name}.lokr_w2_a": (rows, rank),
        f"{name}.lokr_w2_b": (rank, columns),
        f"{name}.alpha": (),
    }


def lokr_full(name: str, layer: Layer, rank: int = 4) -> Shapes:
    rows, columns, *kernel = layer
    return {
        f"{name}.lokr_w1_a": (2, rank),
        f"{name}.lokr_w1_b": (rank, 2),
        f"{name}.lokr_w2": (rows // 2, columns // 2, *kernel),
        f"{name}.alpha": (),
    }


def lokr_tucker(name: str, layer: Layer, rank: int = 4) -> Shapes:
    rows, columns, *kernel = layer
    return {
        f"{name}.lokr_w1": (2, 2),
        f"{name}.lokr_t2": (rank, rank, *kernel),
        f"{name}.lokr_w2_a": (rank, rows // 2),
        f"{name}.lokr_w2_b": (rank, columns // 2),
        f"{name}.alpha": (),
    }


def oft(name: str, layer: Layer, rank: int = 4) -> Shapes:
    return {f"{name}.oft_blocks": (rank, layer[0] // rank, layer[0] // rank)}


def diff(name: str, layer: Layer, rank: int = 0) -> Shapes:
    return {f"{name}.diff": layer, f"{name}.diff_b": (layer[0],)}


LINEAR = (lora, dora, peft, diffusers, loha, lokr, lokr_full, oft, diff)
CONVOLUTION = (lora, dora, tucker, loha, loha_tucker, lokr_full, lokr_tucker, diff)
KINDS = {
    lora: "LoRA", dora: "DoRA (LoRA)", tucker: "LoCon", peft: "LoRA", diffusers: "LoRA",
    loha: "LoHa", loha_tucker: "LoHa", lokr: "LoKr", lokr_full: "LoKr", lokr_tucker: "LoKr",
    oft: "OFT", diff: "full weights",
}  # fmt: skip
