"""Group normalisation of a picture that is seen in parts: the statistics of the whole, exactly.

Each part gives count, mean and squared deviations per group, over its own pixels alone; parts are
merged by the law of total variance (Chan, Golub, LeVeque 1979). A mean of the parts' variances, as
tiled VAEs use, leaves out how far the parts' means lie apart. Does not decide what a part is.
"""

from typing import NamedTuple

import torch

# Groups whose deviations are computed at once: the temporary stays a small share of the part.
GROUPS_AT_ONCE = 4


class Moments(NamedTuple):
    """Of each group: elements, mean and summed squared deviation from it; float64 [G], on CPU."""

    count: int
    mean: torch.Tensor
    squares: torch.Tensor

    def merged(self, other: "Moments") -> "Moments":
        count = self.count + other.count
        apart = other.mean - self.mean
        mean = self.mean + apart * (other.count / count)
        between = apart.square() * (self.count * other.count / count)
        return Moments(count, mean, self.squares + other.squares + between)


def moments(x: torch.Tensor, groups: int) -> Moments:
    """Of one part [1, C, h, w]: corrected two-pass algorithm (same source), so nothing cancels."""
    wide = torch.promote_types(x.dtype, torch.float32)
    count, found = x.numel() // groups, []
    for part in x.unflatten(1, (groups, -1)).split(GROUPS_AT_ONCE, dim=1):
        part = part.to(wide)
        mean = part.mean(dim=(2, 3, 4), keepdim=True)
        apart = part - mean
        rest = apart.mean(dim=(2, 3, 4))
        found.append(torch.cat([mean.flatten(1), rest, apart.square_().sum(dim=(2, 3, 4))]))
    mean, rest, squares = torch.cat(found, dim=1).cpu().double()
    return Moments(count, mean + rest, squares - count * rest.square())


def normalise(x: torch.Tensor, whole: Moments, scale, shift, eps: float) -> torch.Tensor:
    """x [1, C, h, w] by the whole's statistics, then scale and shift [C]; a new tensor.

    In evaluation mode batch normalisation is this formula per channel, in one kernel that reads
    half precision and computes in float32.
    """
    wide = torch.promote_types(x.dtype, torch.float32)
    per_group = x.shape[1] // len(whole.mean)
    statistics = torch.stack([whole.mean, whole.squares / whole.count]).to(x.device, wide)
    mean, variance = statistics.repeat_interleave(per_group, dim=1)
    return torch.nn.functional.batch_norm(
        x, mean, variance, scale.to(wide), shift.to(wide), training=False, eps=eps
    )
