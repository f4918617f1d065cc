"""Rescaled classifier-free guidance: keeps v-prediction models from oversaturating.

Source: arXiv 2305.08891, section 3.4, equations 15 and 16, on the v-prediction as there. Works for
any objective, because it starts from denoised pictures. Chooses no scale.
"""

import torch


def rescaled_guidance(
    cond: torch.Tensor,
    uncond: torch.Tensor,
    scale: float,
    x: torch.Tensor,
    sigma: torch.Tensor,
    share: float,
) -> torch.Tensor:
    """The guided noise estimate [B, C, H, W], with its contrast brought back to that of `cond`.

    cond, uncond: noise estimates, `x` minus the denoised picture. x: latents at noise level sigma
    [B]. scale: CFG. share: 0 for plain guidance to 1 for the contrast of `cond`.
    """
    sigma = sigma.view(-1, *(1,) * (x.ndim - 1))
    norm = (sigma**2 + 1) ** 0.5
    origin = x / norm**2 - x

    def velocity(noise: torch.Tensor) -> torch.Tensor:
        return (origin + noise) * norm / sigma

    v_cond, v_uncond = velocity(cond), velocity(uncond)
    guided = v_uncond + scale * (v_cond - v_uncond)
    axes = tuple(range(1, x.ndim))
    contrast = v_cond.std(axes, keepdim=True) / guided.std(axes, keepdim=True)
    return (share * contrast + 1 - share) * guided * sigma / norm - origin
