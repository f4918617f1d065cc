"""What the layers of a VAE read and make, and how much work that is.

Does not know how a run is cut.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .vae_layers import Attend, Conv, Down, Fork, Join, Layer, Up


class Shape(NamedTuple):
    """What a layer reads: channels (and those of a residual block's shortcut beside it), rows along
    the cut side, width of the other side.
    """

    channels: int
    skip: int
    rows: int
    width: int

    @property
    def kept(self) -> int:
        """Elements of the whole picture."""
        return (self.channels + self.skip) * self.rows * self.width


def layer_shapes(layers: Sequence[Layer], channels: int, rows: int, width: int) -> list[Shape]:
    """What each layer reads, and last what the final one makes."""
    shapes, skip = [Shape(channels, 0, rows, width)], 0
    for layer in layers:
        if isinstance(layer, Conv | Up | Down):
            channels = layer.module.out_channels
        if isinstance(layer, Fork):
            skip = layer.shortcut.out_channels if layer.shortcut else channels
        elif isinstance(layer, Join):
            skip = 0
        elif isinstance(layer, Up):
            rows, width = 2 * rows, 2 * width
        elif isinstance(layer, Down):
            rows, width = rows // 2, width // 2
        shapes.append(Shape(channels, skip, rows, width))
    return shapes


def layer_flop(layer: Layer, before: Shape, after: Shape, rows: float) -> float:
    """Multiplications and additions of `rows` output rows; attention: of the whole."""
    each = 2 * rows * after.width * before.channels
    if isinstance(layer, Conv):
        return each * after.channels * layer.module.kernel_size[0] ** 2
    if isinstance(layer, Up):
        return each * after.channels * 4  # as four 2x2 convolutions of the small picture
    if isinstance(layer, Down):
        return each * after.channels * 9
    if isinstance(layer, Fork):
        return each * after.skip if layer.shortcut else 0.0
    if isinstance(layer, Attend):
        return each * (4 * before.channels + 2 * before.rows * before.width)
    return 0.0
