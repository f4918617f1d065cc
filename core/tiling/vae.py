"""Runs the encoder or decoder of an SDXL-type VAE in bands, equal to the untiled run.

A convolution in a band reads the rows that it needs from beyond the band's edges; group
normalisation uses the statistics of the whole picture; attention sees the whole picture. What
remains is the order of floating-point sums. Does not choose the bands (`vae_plan.py` does) and does
not know ComfyUI: how to get at weights that may lie elsewhere is a function it is given.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from .group_norm import Moments, moments, normalise
from .spans import Span
from .vae_layers import (
    Attend,
    Down,
    Fork,
    Join,
    Layer,
    Network,
    Norm,
    Up,
    first_row,
    rows_before,
)
from .vae_plan import PIECES, Stage, VaePlan, norm_at, split_rows

State = tuple[torch.Tensor | None, torch.Tensor]  # of a residual block's shortcut, and the main one


def own_parameters(module: torch.nn.Module, like: torch.Tensor) -> tuple:
    """Weight and bias as `like` has its values: on its device, in its type."""
    return module.weight.to(like), module.bias.to(like)


class Host(NamedTuple):
    """What differs between hosts: how weights are reached, attention, progress."""

    parameters: Callable = own_parameters
    attention: Callable = torch.nn.functional.scaled_dot_product_attention
    on_step: Callable[[int, int], None] = lambda done, total: None


def run_network(
    network: Network,
    plan: VaePlan,
    read: Callable[[Span], torch.Tensor],
    write: Callable[[Span, torch.Tensor], None],
    host: Host,
) -> None:
    """One picture through one half of a VAE.

    read(rows) gives those rows of the input, [1, C, ...] on the device and in the type to compute
    in; write(rows, part) takes the result. Rows are along dimension `plan.along`.
    """
    if not plan.stages:
        first, last = plan.shapes[0].rows, plan.shapes[-1].rows
        write(Span(0, last), network.whole(read(Span(0, first))))
        return host.on_step(1, 1)
    run = _Run(network.layers, plan, host)
    source = _Given(read)
    for stage in plan.stages:
        kept = _Kept(plan.along, plan.shapes[stage.stop].rows)
        last = stage.stop == len(network.layers)
        run.stage(stage, source, (lambda rows, state: write(rows, state[1])) if last else kept.add)
        source = kept


class _Given:
    """The input of the first stage."""

    def __init__(self, read: Callable[[Span], torch.Tensor]):
        self.read = read

    def rows(self, rows: Span) -> State:
        return None, self.read(rows)

    def release(self, row: int) -> None:
        pass


class _Kept:
    """An activation of the whole picture in pieces, which can be released from the first row on."""

    def __init__(self, along: int, rows: int):
        self.along = along
        self.most = -(-rows // PIECES)
        self.pieces: list[tuple[Span, State]] = []

    def add(self, rows: Span, state: State) -> None:
        for start in range(rows.start, rows.stop, self.most):
            span = Span(start, min(rows.stop, start + self.most))
            cut = (p if p is None else self._copy(p, start - rows.start, span.size) for p in state)
            self.pieces.append((span, tuple(cut)))

    def _copy(self, part: torch.Tensor, start: int, size: int) -> torch.Tensor:
        return part.narrow(self.along, start, size).clone(memory_format=torch.contiguous_format)

    def rows(self, rows: Span) -> State:
        found = []
        for span, state in self.pieces:
            start, stop = max(rows.start, span.start), min(rows.stop, span.stop)
            if start < stop:
                found.append(
                    [
                        p if p is None else p.narrow(self.along, start - span.start, stop - start)
                        for p in state
                    ]
                )
        skips, mains = zip(*found, strict=True)
        skip = None if skips[0] is None else torch.cat(skips, dim=self.along)
        return skip, torch.cat(mains, dim=self.along)

    def release(self, row: int) -> None:
        """Forget the pieces that end at or before this row."""
        self.pieces = [piece for piece in self.pieces if piece[0].stop > row]


class _Run:
    """One picture on its way through the layers."""

    def __init__(self, layers: Sequence[Layer], plan: VaePlan, host: Host):
        self.layers, self.shapes, self.along = layers, plan.shapes, plan.along
        self.host, self.steps, self.done = host, plan.steps, 0
        self.whole: dict[int, Moments] = {}
        self.weights: dict[int, tuple] = {}

    def stage(self, stage: Stage, source, sink: Callable[[Span, State], None]) -> None:
        """Statistics first, then the result, which takes the place of what was read."""
        start, stop = stage.start, stage.stop
        if isinstance(self.layers[start], Attend):
            return self._attend(stage, source, sink)
        for norm in stage.norms:
            for rows in self._bands(stage, norm):
                needs = self._needs(start, norm, rows)
                self._gather(norm, self._through(start, needs, source)[1])
                self._step()
        needs_of = [self._needs(start, stop, rows) for rows in self._bands(stage, stop)]
        for needs, following in zip(needs_of, [*needs_of[1:], None], strict=True):
            done = following[0].start if following else self.shapes[start].rows
            self._finish(stop, needs[-1], self._through(start, needs, source, done), sink)

    def _attend(self, stage: Stage, source, sink: Callable[[Span, State], None]) -> None:
        """Keys and values of every position, then the queries of one band after the other."""
        attention, i = self.layers[stage.start].module, stage.start
        bands = self._bands(stage, i)
        pairs = None
        filled = 0
        for rows in bands:
            x = source.rows(rows)[1]
            h = self._normalised(i, attention.norm, x)
            key, value = _tokens(attention.k(h)), _tokens(attention.v(h))
            if pairs is None:
                count = self.shapes[i].rows * self.shapes[i].width
                pairs = key.new_empty(2, 1, 1, count, key.shape[-1])
            pairs[0, :, :, filled : filled + key.shape[2]] = key
            pairs[1, :, :, filled : filled + key.shape[2]] = value
            filled += key.shape[2]
            self._step()
        for rows in bands:
            x = source.rows(rows)[1]
            source.release(rows.stop)
            query = _tokens(attention.q(self._normalised(i, attention.norm, x)))
            seen = self.host.attention(query, pairs[0], pairs[1])
            seen = attention.proj_out(seen[0, 0].mT.reshape(x.shape))
            self._finish(stage.stop, rows, (None, seen.add_(x)), sink)

    def _finish(self, stop: int, rows: Span, state: State, sink) -> None:
        following = norm_at(self.layers, stop)
        if following is not None:
            self._gather(following, state[1])
        sink(rows, state)
        self._step()

    def _bands(self, stage: Stage, at: int) -> list[Span]:
        return split_rows(self.shapes[at].rows, stage.bands)

    def _needs(self, start: int, end: int, rows: Span) -> list[Span]:
        """The rows that each layer from `start` on reads, and last `rows`, which `end` reads."""
        needs = [rows]
        for i in reversed(range(start, end)):
            needs.append(rows_before(self.layers[i], needs[-1], self.shapes[i].rows))
        return needs[::-1]

    def _through(self, start: int, needs: list[Span], source, done: int | None = None) -> State:
        """The layers from `start` on, each on the rows it needs. `done`: nobody reads the source
        before that row again; without it this pass is for statistics, and the shortcut of an
        unfinished block is of no use.

        Rows at a cut edge are wrong after a convolution, because it pads them with zeros. They are
        just those that the next layer does not need.
        """
        skip, x = source.rows(needs[0])
        if done is not None:
            source.release(done)
        at = skip_at = needs[0].start
        end = start + len(needs) - 1
        for i, need in enumerate(needs[1:], start):
            layer = self.layers[i]
            if isinstance(layer, Fork):
                used = done is not None or any(
                    isinstance(later, Join) for later in self.layers[i:end]
                )
                skip, skip_at = (self._shortcut(layer, x) if used else None), at
            elif isinstance(layer, Join):
                x = x.add_(skip.narrow(self.along, at - skip_at, need.size))
                skip = None
            else:
                x = self._made(i, layer, x)
                shed = need.start - first_row(layer, at)
                x, at = x.narrow(self.along, shed, need.size), need.start
        if skip is not None:
            skip = skip.narrow(self.along, at - skip_at, needs[-1].size)
        return skip, x

    def _shortcut(self, layer: Fork, x: torch.Tensor) -> torch.Tensor:
        return layer.shortcut(x) if layer.shortcut else x

    def _made(self, i: int, layer: Layer, x: torch.Tensor) -> torch.Tensor:
        if isinstance(layer, Norm):
            x = self._normalised(i, layer.module, x)
            return torch.nn.functional.silu(x, inplace=True)
        if isinstance(layer, Up):
            return self._enlarged(i, layer, x)
        if isinstance(layer, Down):
            x = torch.nn.functional.pad(x, (0, 1, 0, 1))
        return layer.module(x)

    def _normalised(self, i: int, norm: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        if i not in self.weights:
            self.weights[i] = self.host.parameters(norm, x)
        return normalise(x, self.whole[i], *self.weights[i], norm.eps)

    def _enlarged(self, i: int, layer: Up, x: torch.Tensor) -> torch.Tensor:
        """Each new pixel sees 2x2 old ones: the 3x3 weights that fall on the same one are added.

        Four ninths of the work of enlarging first.
        """
        if i not in self.weights:
            self.weights[i] = _four_kernels(*self.host.parameters(layer.module, x))
        weight, bias = self.weights[i]
        _, _, h, w = x.shape
        four = torch.nn.functional.conv2d(x, weight, bias, padding=1).chunk(4, dim=1)
        large = x.new_empty(1, four[0].shape[1], 2 * h, 2 * w)
        for n, part in enumerate(four):
            r, c = divmod(n, 2)
            large[:, :, r::2, c::2] = part[:, :, r : r + h, c : c + w]
        return large

    def _gather(self, norm: int, x: torch.Tensor) -> None:
        module = self.layers[norm].module
        groups = getattr(module, "norm", module).num_groups
        part = moments(x, groups)
        self.whole[norm] = self.whole[norm].merged(part) if norm in self.whole else part

    def _step(self) -> None:
        self.done += 1
        self.host.on_step(self.done, self.steps)


def _tokens(x: torch.Tensor) -> torch.Tensor:
    """[1, C, h, w] as one head of attention: [1, 1, h * w, C]."""
    return x.flatten(2).mT.contiguous()[None]


def _four_kernels(weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights [4 * O, I, 2, 2] and bias [4 * O], for even and odd new rows and columns."""
    wide = weight.to(torch.promote_types(weight.dtype, torch.float32))

    def merged(w: torch.Tensor, dim: int, odd: int) -> torch.Tensor:
        one, two, three = w.unbind(dim)
        return torch.stack([one + two, three] if odd else [one, two + three], dim)

    four = [merged(merged(wide, 2, row), 3, column) for row in (0, 1) for column in (0, 1)]
    return torch.cat(four).to(weight.dtype), bias.repeat(4)
