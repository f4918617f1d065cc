"""Which tiles share a model call: one shape, one set of conditions, as many as memory allows."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .plan import Tile


class TileBatch(NamedTuple):
    """Tiles of one shape that see the same conditions; `active` is the caller's key."""

    tiles: tuple[Tile, ...]
    active: object


def group_tiles(keyed: Iterable[tuple[Tile, object]], limit: int) -> Iterator[TileBatch]:
    """Batches of at most `limit` tiles with equal shape and equal key, in reading order."""
    groups: dict[tuple, list[Tile]] = {}
    for tile, key in keyed:
        groups.setdefault((tile.shape, key), []).append(tile)
    for (_, key), tiles in groups.items():
        for i in range(0, len(tiles), limit):
            yield TileBatch(tuple(tiles[i : i + limit]), key)


def for_devices(batches: Iterable[TileBatch], devices: int) -> Iterator[TileBatch]:
    """The same tiles in batches that so many devices can share evenly, or one tile each."""
    for tiles, active in batches:
        even = len(tiles) - len(tiles) % devices
        for part in (tiles[:even], tiles[even:]):
            if part:
                yield TileBatch(part, active)


def batch_limit(free_bytes: float, tile_bytes: float, most: int) -> int:
    """How many tiles of `tile_bytes` fit into free memory with 30 % to spare, at least 1."""
    return max(1, min(most, int(free_bytes / (1.3 * max(1.0, tile_bytes)))))
