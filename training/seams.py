"""The places where our code enters sd-scripts: found by name, replaced by identity.

sd-scripts moved its helpers between modules in 0.11 and its scripts bind them under several names,
so a function is looked for where it is defined now and then replaced in every loaded module that
holds it. Nothing found or nothing replaced stops the run with a sentence: never a silent no-op.
Runs in the trainer's process only; changes nothing on disk.
"""

import importlib
import sys
from pathlib import Path


class ContractError(ValueError):
    """This sd-scripts lacks something that the pack relies on."""


def defined(name: str, *modules: str):
    """The function `name`: of the first of `modules` that has it, else where it is defined."""
    for module in modules:
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
    found = {
        id(value): value
        for key, module in list(sys.modules.items())
        if key.startswith("library.")
        and (value := vars(module).get(name)) is not None
        and getattr(value, "__module__", None) == key
    }
    if len(found) != 1:
        raise ContractError(
            f"This sd-scripts has {len(found) or 'no'} functions called {name} where one is "
            "needed; use a release from 0.9.1 on, or its main branch."
        )
    return next(iter(found.values()))


def replace(old: object, new: object, root: Path) -> int:
    """Put `new` wherever a loaded module of sd-scripts holds `old`; how often it was."""
    times = 0
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not file or not Path(file).is_relative_to(root) or "site-packages" in file:
            continue
        for name, value in list(vars(module).items()):
            if value is old:
                setattr(module, name, new)
                times += 1
    if not times:
        raise ContractError(
            f"{getattr(old, '__name__', old)} of sd-scripts could not be replaced, so the pack "
            "would have no effect; use a release from 0.9.1 on, or its main branch."
        )
    return times
