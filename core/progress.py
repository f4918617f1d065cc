"""One progress scale for work that consists of parts of very different length."""

from collections.abc import Callable, Hashable, Mapping

STEPS = 1000  # of the whole scale


class Scale:
    """Parts whose `on_step(done, total)` move one bar from 0 to its end, and never back.

    shares: what each part costs, in any unit, in the order in which they come. A part that is
    left out is passed over by the next one.
    """

    def __init__(self, shares: Mapping[Hashable, float], on_step: Callable):
        self.on_step, self.reached = on_step, 0
        self.places: dict[Hashable, tuple[float, float]] = {}
        whole, before = sum(shares.values()), 0.0
        for part, share in shares.items():
            self.places[part] = before / whole * STEPS, share / whole * STEPS
            before += share

    def part(self, name: Hashable) -> Callable[..., None]:
        """on_step(done, total, *shown) of one part; what is shown goes on as it is."""
        start, length = self.places[name]

        def on_step(done: int, total: int, *shown) -> None:
            self._move(start + length * done / max(1, total), *shown)

        return on_step

    def end(self) -> None:
        self._move(STEPS)

    def _move(self, to: float, *shown) -> None:
        self.reached = max(self.reached, min(STEPS, round(to)))
        self.on_step(self.reached, STEPS, *shown)
