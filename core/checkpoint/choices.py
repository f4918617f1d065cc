"""What people choose from on loaders and on the nodes behind them; apart, so that a node's schema
loads nothing else."""

from collections.abc import Mapping
from types import MappingProxyType

AUTOMATIC, ON, OFF = "automatic", "on", "off"
SWITCH = (AUTOMATIC, ON, OFF)
OBJECTIVES = ("epsilon", "v-prediction")
OBJECTIVE_CHOICES = (AUTOMATIC, *OBJECTIVES)
PROFILES_RESCALE = -1.0  # of the number on the node: any value below 0 means the profile's
PROFILE_ALONE = "profile alone"  # of Checkpoint Info, in place of a file

NATIVE = "native"
AREAS: Mapping[str, int] = MappingProxyType(
    {"1 MP": 1024**2, "1.5 MP": 1024 * 1536, "2.25 MP": 1536**2, "4 MP": 2048**2}
)
STEPS = (64, 32)  # px
CUSTOM = "custom"
_NAMED = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (2, 1), (21, 9), (3, 1))
ASPECTS: Mapping[str, float] = MappingProxyType(
    {"1:1 square": 1.0}
    | {f"{b}:{a} portrait": b / a for a, b in _NAMED[1:]}
    | {f"{a}:{b} landscape": a / b for a, b in _NAMED[1:]}
)
