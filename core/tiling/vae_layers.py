"""The encoder or decoder of an SDXL-type VAE as a flat list of layers, and the rows each one reads.

The layout is that of latent-diffusion's AutoencoderKL (Rombach et al., arXiv 2112.10752): conv_in,
levels of residual blocks with up- or downsampling, a middle with one attention, norm_out, conv_out.
Any width, depth, number of levels and latent channels. Other structures are refused. Does not run
the layers.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch

from .spans import Span

Module = torch.nn.Module


class Conv(NamedTuple):
    """A 3x3 or 1x1 convolution that keeps the size."""

    module: Module


class Norm(NamedTuple):
    """Group normalisation, then SiLU."""

    module: Module


class Fork(NamedTuple):
    """Start of a residual block: `shortcut`, a 1x1 convolution or None, makes what is added."""

    shortcut: Module | None


class Join(NamedTuple):
    """End of a residual block."""


class Up(NamedTuple):
    """Nearest-neighbour enlargement by 2, then this 3x3 convolution."""

    module: Module


class Down(NamedTuple):
    """3x3 convolution with step 2 on a picture padded by one zero below and on the right."""

    module: Module


class Attend(NamedTuple):
    """Residual self-attention over all positions, with its own normalisation."""

    module: Module


Layer = Conv | Norm | Fork | Join | Up | Down | Attend


class Network(NamedTuple):
    """One half of a VAE: its layers in order, and the function that runs them all uncut."""

    layers: list[Layer]
    whole: Callable[[torch.Tensor], torch.Tensor]


def decoder_network(vae: Module) -> Network:
    """From latent to picture. `vae` has a decoder and, in some, a post_quant_conv before it.

    Raises ValueError on another structure.
    """
    decoder, before = _half(vae, "decoder"), getattr(vae, "post_quant_conv", None)
    _expect(decoder, {"conv_in", "mid", "up", "norm_out", "conv_out"})
    if getattr(decoder, "tanh_out", False):
        raise _other("the decoder ends in tanh")
    layers = _pointwise(before) + [_conv(decoder.conv_in), *_middle(decoder.mid)]
    for level in reversed(decoder.up):
        layers += _level(level, "upsample", Up)
    layers += [_norm(decoder.norm_out), _conv(decoder.conv_out)]
    return Network(layers, lambda z: decoder(before(z) if before else z))


def encoder_network(vae: Module) -> Network:
    """From picture to the moments of the latent. `vae` has an encoder and, in some, a quant_conv
    behind it.

    Raises ValueError on another structure.
    """
    encoder, after = _half(vae, "encoder"), getattr(vae, "quant_conv", None)
    _expect(encoder, {"conv_in", "mid", "down", "norm_out", "conv_out"})
    layers = [_conv(encoder.conv_in)]
    for level in encoder.down:
        layers += _level(level, "downsample", Down)
    layers += [*_middle(encoder.mid), _norm(encoder.norm_out), _conv(encoder.conv_out)]
    layers += _pointwise(after)
    return Network(layers, lambda x: after(encoder(x)) if after else encoder(x))


def rows_before(layer: Layer, rows: Span, size: int) -> Span:
    """The rows that a layer reads to make `rows`; `size`: how many rows there are to read."""
    start, stop = rows
    if isinstance(layer, Conv):
        edge = layer.module.kernel_size[0] // 2
        start, stop = start - edge, stop + edge
    elif isinstance(layer, Up):
        start, stop = (start - 1) // 2, (stop + 2) // 2
    elif isinstance(layer, Down):
        start, stop = 2 * start, 2 * stop + 1
    return Span(max(0, start), min(size, stop))


def first_row(layer: Layer, start: int) -> int:
    """Which row the first one of a layer's output is, when its input starts at row `start`."""
    if isinstance(layer, Up):
        return 2 * start
    return start // 2 if isinstance(layer, Down) else start


def has_norm(layer: Layer) -> bool:
    """Whether a part must see the statistics of the whole here: for these, layers are cut."""
    return isinstance(layer, Norm | Attend)


def _half(vae: Module, name: str) -> Module:
    _expect(vae, {"encoder", "decoder"}, {"regularization", "quant_conv", "post_quant_conv"})
    return getattr(vae, name)


def _middle(mid: Module) -> list[Layer]:
    _expect(mid, {"block_1", "attn_1", "block_2"})
    attention = mid.attn_1
    _expect(attention, {"norm", "q", "k", "v", "proj_out"})
    _norm(attention.norm)
    for name in ("q", "k", "v", "proj_out"):
        _pointwise(getattr(attention, name))
    return [*_residual(mid.block_1), Attend(attention), *_residual(mid.block_2)]


def _level(level: Module, resample: str, kind: type) -> list[Layer]:
    _expect(level, {"block", "attn"}, {resample})
    if len(level.attn):
        raise _other("there is attention outside the middle")
    layers = [layer for block in level.block for layer in _residual(block)]
    if module := getattr(level, resample, None):
        _expect(module, {"conv"})
        if getattr(module, "scale_factor", 2) != 2:
            raise _other(f"it enlarges by {module.scale_factor}")
        step, padding = (1, 1) if kind is Up else (2, 0)
        layers.append(kind(_checked(module.conv, 3, step, padding)))
    return layers


def _residual(block: Module) -> list[Layer]:
    _expect(block, {"norm1", "conv1", "norm2", "conv2"}, {"nin_shortcut", "swish", "dropout"})
    shortcut = getattr(block, "nin_shortcut", None)
    _pointwise(shortcut)
    inner = [_norm(block.norm1), _conv(block.conv1), _norm(block.norm2), _conv(block.conv2)]
    return [Fork(shortcut), *inner, Join()]


def _conv(module: Module) -> Conv:
    return Conv(_checked(module, 3, 1, 1))


def _pointwise(module: Module | None) -> list[Layer]:
    return [Conv(_checked(module, 1, 1, 0))] if module is not None else []


def _norm(module: Module) -> Norm:
    if not isinstance(module, torch.nn.GroupNorm):
        raise _other(f"a {type(module).__name__} stands where a GroupNorm was expected")
    return Norm(module)


def _checked(module: Module, kernel: int, step: int, padding: int) -> Module:
    """The module, if it is a plain square convolution of that shape."""
    if not isinstance(module, torch.nn.Conv2d) or list(module.children()):
        raise _other(f"a {type(module).__name__} stands where a convolution was expected")
    found = (module.kernel_size, module.stride, module.padding, module.dilation, module.groups)
    if found != ((kernel, kernel), (step, step), (padding, padding), (1, 1), 1):
        raise _other(f"a convolution has kernel, step, padding, dilation and groups {found}")
    if module.padding_mode != "zeros":
        raise _other(f"a convolution pads with '{module.padding_mode}' (seamless textures?)")
    return module


def _expect(module: Module, needed: set[str], optional: frozenset | set = frozenset()) -> None:
    names = {name for name, _ in module.named_children()}
    if strange := (names - needed - optional) or (needed - names):
        raise _other(f"{type(module).__name__}: {', '.join(sorted(strange))}")


def _other(what: str) -> ValueError:
    return ValueError(
        f"This VAE is not built like SDXL's ({what}), so its tiles cannot be made exact. Use "
        "ComfyUI's own VAE Decode (Tiled) and VAE Encode (Tiled) with it."
    )
