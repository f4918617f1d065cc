"""Model files for tests: every tensor name and shape that recognition looks at, data of zero bytes.

`write` is independent of the pack: the safetensors format by hand, so that broken files can be
made too. `sdxl_tensors` holds the names that tell SDXL apart, in the shapes of the published model
(huggingface.co/stabilityai/stable-diffusion-xl-base-1.0, unet/config.json).
"""

import json
import struct
from pathlib import Path

BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1}
UNET = "model.diffusion_model."

Shapes = dict[str, tuple[int, ...]]


def head(shapes: Shapes, dtype: str = "F16", metadata: dict | None = None) -> tuple[bytes, int]:
    """What stands before the data, and the length of the data in bytes."""
    table, end = ({"__metadata__": metadata} if metadata else {}), 0
    for name, shape in shapes.items():
        size = BYTES[dtype]
        for n in shape:
            size *= n
        table[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    raw = json.dumps(table).encode()
    return struct.pack("<Q", len(raw)) + raw, end


def content(shapes: Shapes, dtype: str = "F16", metadata: dict | None = None) -> bytes:
    """A whole .safetensors file whose data is zeros."""
    start, length = head(shapes, dtype, metadata)
    return start + bytes(length)


def write(path: Path, shapes: Shapes, dtype: str = "F16", metadata: dict | None = None) -> str:
    path.write_bytes(content(shapes, dtype, metadata))
    return str(path)


def write_large(path: Path, shapes: Shapes, size: int) -> str:
    """As `write`, with one more tensor of `size` bytes; takes no room where files can be sparse."""
    start, length = head({**shapes, "large": (size // BYTES["F16"],)})
    with open(path, "wb") as file:
        file.write(start)
        file.truncate(len(start) + length)
    return str(path)


def cross_attention(depths: dict[int, int], context: int, prefix: str = UNET) -> Shapes:
    """{input block: transformers} -> the keys of cross-attention, one channel high."""
    return {
        f"{prefix}input_blocks.{block}.1.transformer_blocks.{i}.attn2.to_k.weight": (1, context)
        for block, depth in depths.items()
        for i in range(depth)
    }


def diffusers_attention(depths: dict[int, int], context: int) -> Shapes:
    return {
        f"down_blocks.{level}.attentions.0.transformer_blocks.{i}.attn2.to_k.weight": (1, context)
        for level, depth in depths.items()
        for i in range(depth)
    }


CLIP_L = "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight"
CLIP_G = "conditioner.embedders.1.model.token_embedding.weight"
VAE = "first_stage_model.decoder.conv_in.weight"
SDXL_UNET = cross_attention({4: 2, 5: 2, 7: 10, 8: 10}, 2048)
OUTER = {CLIP_L: (2, 768), CLIP_G: (2, 1280), VAE: (8, 4, 3, 3)}
SDXL = {**SDXL_UNET, f"{UNET}input_blocks.0.0.weight": (8, 4, 3, 3), **OUTER}
