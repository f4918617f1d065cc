"""The curves of a run as one picture, by Pillow: loss raw and smooth above, learning rate below."""

import math

WIDTH, HEIGHT = 960, 640
EDGE, GAP, SHARE = (84, 54, 24, 34), 56, 0.62  # left, top, right, bottom; share of the upper plot
PAPER, INK, DIM, GRID = (24, 26, 31), (226, 230, 236), (140, 147, 158), (52, 56, 64)
RAW, LINE = (52, 84, 128), (92, 160, 255)

Pairs = list[tuple[float, float]]


def smooth(pairs: Pairs, over: float) -> Pairs:
    """An exponential mean over some `over` values, without the pull of its start."""
    weight, mean, share, found = 1 - 1 / max(1.0, over), 0.0, 1.0, []
    for step, value in pairs:
        mean, share = weight * mean + (1 - weight) * value, share * weight
        found.append((step, mean / (1 - share)))
    return found


def curve_picture(loss: Pairs, rate: Pairs, title: str):
    """A PIL image, RGB. loss, rate: (step, value), in the order of their steps."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.font = ImageFont.load_default(14)
    left, top, right, bottom = EDGE
    middle = top + int((HEIGHT - top - bottom - GAP) * SHARE)
    draw.text((left, 8), title, fill=INK)
    upper = (left, top, WIDTH - right, middle)
    lower = (left, middle + GAP, WIDTH - right, HEIGHT - bottom)
    over = 1 + len(loss) / 16
    _plot(draw, upper, "loss", [(loss, RAW, 1), (smooth(loss, over), LINE, 2)])
    _plot(draw, lower, "learning rate", [(rate, LINE, 2)])
    return picture


def _plot(draw, box: tuple[int, int, int, int], label: str, lines: list) -> None:
    left, top, right, bottom = box
    draw.text((left, top - 20), label, fill=DIM)
    lines = [([p for p in pairs if math.isfinite(p[1])], *look) for pairs, *look in lines]
    values = [value for pairs, *_ in lines for _, value in pairs]
    if not values:
        draw.text((left + 8, top + 8), "no steps yet", fill=DIM)
        return
    steps = [step for step, _ in lines[0][0]]
    first, last = steps[0], max(steps[-1], steps[0] + 1)
    low, high = _room(min(values), max(values))

    def point(step: float, value: float) -> tuple[float, float]:
        across, up = (step - first) / (last - first), (value - low) / (high - low)
        return left + across * (right - left), bottom - up * (bottom - top)

    for value in ticks(low, high, 5):
        y = point(first, value)[1]
        draw.line((left, y, right, y), fill=GRID)
        draw.text((left - 8, y), f"{value:.4g}", fill=DIM, anchor="rm")
    for step in ticks(first, last, 8):
        if step == int(step):
            draw.text((point(step, low)[0], bottom + 6), f"{int(step)}", fill=DIM, anchor="ma")
    for pairs, colour, width in lines:
        if len(pairs) > 1:
            draw.line([point(*pair) for pair in pairs], fill=colour, width=width)
        elif pairs:
            x, y = point(*pairs[0])
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)


def _room(low: float, high: float) -> tuple[float, float]:
    room = ((high - low) or abs(high) or 1.0) * 0.06
    return (max(0.0, low - room) if low >= 0 else low - room), high + room


def ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers from low to high, some `count` of them."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    numbers = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [float(f"{n * step:.12g}") for n in numbers]
