"""Plans of VAE runs: what they cost and need. Their results: tests/pack_nodes/test_vae_tiled.py."""

import math

import pytest

torch = pytest.importorskip("torch")

from ixl.core.tiling.spans import Span  # noqa: E402
from ixl.core.tiling.vae_cost import layer_flop, layer_shapes  # noqa: E402
from ixl.core.tiling.vae_layers import (  # noqa: E402  # noqa: E402
    Attend,
    Conv,
    Down,
    Fork,
    Join,
    Norm,
    Up,
    first_row,
    has_norm,
    rows_before,
)
from ixl.core.tiling.vae_memory import QUERIES_ON, WORTH, least_memory, plan_within  # noqa: E402
from ixl.core.tiling.vae_plan import plan_flop, plan_vae, split_rows  # noqa: E402

GB = 1e9
LARGE = (4, 702, 468)  # 3744x5616


def conv(a: int, b: int, kernel: int = 3, step: int = 1) -> torch.nn.Conv2d:
    padding = 0 if step == 2 else kernel // 2
    return torch.nn.Conv2d(a, b, kernel, step, padding, device="meta")


def residual(a: int, b: int) -> list:
    norms = [Norm(torch.nn.GroupNorm(32, c, device="meta")) for c in (a, b)]
    shortcut = conv(a, b, 1) if a != b else None
    return [Fork(shortcut), norms[0], Conv(conv(a, b)), norms[1], Conv(conv(b, b)), Join()]


def decoder(width: int = 128) -> list:
    """The layers of SDXL's decoder, from its published configuration."""
    c = 4 * width
    layers = [Conv(conv(4, 4, 1)), Conv(conv(4, c)), *residual(c, c), Attend(None), *residual(c, c)]
    for level, out in enumerate((4, 4, 2, 1)):
        for _ in range(3):
            layers += residual(c, c := out * width)
        layers += [Up(conv(c, c))] if level < 3 else []
    return [*layers, Norm(torch.nn.GroupNorm(32, c, device="meta")), Conv(conv(c, 3))]


def test_work_of_the_whole_decoder_is_what_was_counted_on_the_real_one():
    """9.46 TFLOP per megapixel, where enlarging costs 2.25 times what it does here."""
    layers = decoder()
    shapes = layer_shapes(layers, 4, 128, 128)
    works = [
        layer_flop(layer, *shapes[i : i + 2], shapes[i + 1].rows) for i, layer in enumerate(layers)
    ]
    enlarging = sum(w for w, layer in zip(works, layers, strict=True) if isinstance(layer, Up))
    attention = 4 * 128**4 * 512
    convolutions = sum(works) - attention + 1.25 * enlarging
    assert convolutions / 2**20 == pytest.approx(9.46e6, rel=0.01)
    # with memory to spare nothing but the first convolutions is computed twice
    plan = plan_vae(layers, (4, 128, 128), 2, math.inf)
    assert sum(works) <= plan_flop(layers, plan) <= 1.05 * sum(works)


@pytest.mark.parametrize("width", [32, 128])
def test_less_memory_costs_more_and_is_kept_to(width):
    layers, costs = decoder(width), []
    for gb in (64, 16, 8, 4, 2):
        plan = plan_vae(layers, LARGE, 2, gb * GB)
        assert plan.memory <= gb * GB
        costs.append(plan.cost)
    assert costs == sorted(costs)


def test_twenty_one_megapixels_in_eight_gb_cost_little_more_than_whole():
    """Issue 4 of 7, T8: core's tiled decode computes 811 TFLOP of convolutions for this picture."""
    plan = plan_vae(decoder(), LARGE, 2, 8 * GB)
    attention = 4 * (702 * 468) ** 2 * 512
    assert plan_flop(decoder(), plan) - attention <= 0.3 * 811e12


def test_stages_follow_each_other_from_the_first_layer_to_the_last():
    layers = decoder()
    for gb in (2, 6, 100):
        stages = plan_vae(layers, LARGE, 2, gb * GB).stages
        assert [s.start for s in stages] == [0, *(s.stop for s in stages[:-1])]
        assert stages[-1].stop == len(layers)
        seen = [norm for stage in stages for norm in stage.norms]
        following = [i for s in stages[1:] for i in (s.start, s.start + 1)]
        assert all(i in seen or i in following for i, x in enumerate(layers) if has_norm(x))


def test_least_memory_is_about_the_least():
    layers = decoder()
    least = least_memory(layers, LARGE, 2)
    assert plan_vae(layers, LARGE, 2, least)
    assert plan_vae(layers, LARGE, 2, least / 1.06) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (dict(size=(16, 64, 64)), "16 channels and this VAE takes 4"),
        (dict(size=(4, 0, 64)), "too small"),
        (dict(memory_gb=0.5), "memory_gb is 0.5; this picture needs 1."),
    ],
)
def test_what_cannot_work_is_said(given, said):
    inputs = dict(size=LARGE, bytes_each=2, device="cuda", memory_gb=0, free=8 * GB)
    with pytest.raises(ValueError, match=said):
        plan_within(decoder(), **{**inputs, **given})


def test_the_memory_is_chosen_from_what_is_free():
    layers = decoder()
    for device, share in (("cuda", 0.9), ("cpu", 0.25)):
        plan = plan_within(layers, LARGE, 2, device, 0, 8 * GB)
        assert plan.memory <= share * 8 * GB
    # where even the least does not fit, it is tried
    starved = plan_within(layers, LARGE, 2, "cuda", 0, 0.1 * GB)
    assert starved.memory <= 1.06 * least_memory(layers, LARGE, 2)
    # a picture of the size that the model draws goes through uncut, unless memory forbids
    assert not plan_within(layers, (4, 128, 128), 2, "cuda", 0, 8 * GB).stages
    assert plan_within(layers, (4, 128, 128), 2, "cuda", 1, 8 * GB).stages


@pytest.mark.parametrize("width", [32, 128])
def test_memory_that_everything_shares_is_taken_only_where_it_pays(width):
    layers = decoder(width)
    allowed = plan_vae(layers, LARGE, 4, 0.25 * 256 * GB, QUERIES_ON["cpu"])
    thrifty = plan_within(layers, LARGE, 4, "cpu", 0, 256 * GB)
    assert thrifty.memory < allowed.memory
    assert allowed.cost <= thrifty.cost <= WORTH * allowed.cost
    less = plan_vae(layers, LARGE, 4, thrifty.memory / 1.25, QUERIES_ON["cpu"])
    assert less is None or less.cost > WORTH * allowed.cost
    # a card's memory is the run's alone, and a setting is what the user allows
    assert plan_within(layers, LARGE, 4, "cuda", 0, 256 * GB).cost <= allowed.cost
    assert plan_within(layers, LARGE, 4, "cpu", 64, 256 * GB).cost == allowed.cost


@pytest.mark.parametrize("size", [2, 7, 16])
@pytest.mark.parametrize("layer", [Conv(conv(1, 1)), Conv(conv(1, 1, 1)), Up(conv(1, 1)),
                                   Down(conv(1, 1, step=2))])  # fmt: skip
def test_rows_before_are_all_that_a_layer_reads_and_no_more(layer, size):
    """Which rows change an output row, found by changing them one by one."""
    module = layer.module.to_empty(device="cpu")
    torch.nn.init.ones_(module.weight)
    torch.nn.init.zeros_(module.bias)

    def run(x):
        if isinstance(layer, Up):
            x = torch.nn.functional.interpolate(x, scale_factor=2.0)
        if isinstance(layer, Down):
            x = torch.nn.functional.pad(x, (0, 1, 0, 1))
        return module(x)

    each = torch.eye(size).view(size, 1, size, 1).expand(-1, -1, -1, 4)
    seen = run(each).abs().sum((1, 3)) > 0  # [input row, output row]
    for start in range(seen.shape[1]):
        for stop in range(start + 1, seen.shape[1] + 1):
            read = seen[:, start:stop].any(1).nonzero().flatten()
            needed = rows_before(layer, Span(start, stop), size)
            assert needed.start <= read[0] <= read[-1] < needed.stop
            assert needed.size <= len(read) + (1 if isinstance(layer, Down) else 0)
            assert first_row(layer, needed.start) <= start


def test_bands_cover_every_row_once():
    for rows, bands in ((10, 3), (3, 10), (1, 1), (5616, 37)):
        spans = split_rows(rows, bands)
        assert [i for span in spans for i in range(*span)] == list(range(rows))
