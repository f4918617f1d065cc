"""Discovery: every sibling module that does not start with `_` lists its classes in `NODES`."""

from importlib import import_module
from pkgutil import iter_modules


def node_classes() -> list[type]:
    """All node classes of the pack, in the order of their module names."""
    names = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    return [cls for name in names for cls in import_module(f"{__name__}.{name}").NODES]
