"""Lanczos in floating point, so that a picture keeps more than 8 bits between two passes."""

import numpy as np
import torch
from PIL import Image


def lanczos(pixels: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """[B, H, W, C] in 0..1 to [B, height, width, C], clipped to 0..1. On the CPU."""
    if pixels.shape[1:3] == (height, width):
        return pixels
    out = torch.empty(pixels.shape[0], height, width, pixels.shape[3])
    for number, picture in enumerate(pixels.detach().to("cpu", torch.float32)):
        for channel in range(picture.shape[-1]):
            plane = Image.fromarray(np.ascontiguousarray(picture[..., channel].numpy()))
            resized = plane.resize((width, height), Image.Resampling.LANCZOS)
            out[number, ..., channel] = torch.from_numpy(np.array(resized))
    return out.clamp_(0.0, 1.0)
