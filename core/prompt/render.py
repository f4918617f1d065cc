"""Prints ordered items with their weight brackets, so that every item keeps its own weight.

An item carries its chain of brackets; neighbours share the brackets that they have in common, so a
group that stays together prints as it was and a group that is torn apart prints once per run.
"""

import re
from typing import NamedTuple

from .classify import Entry
from .parts import Group, Part, Prompt
from .sentences import ends_sentence

# A bare closing bracket behind such text would turn it into a weight.
_LOOKS_LIKE_WEIGHT = re.compile(r":\s*[-+]?(?:\d+(?:\.\d*)?|\.\d+)\s*\Z")
# Chinese and Japanese sentences follow each other without a space.
_EASTERN = re.compile(r"[。！？｡][」』”’]*\Z")
_STRUCTURE = re.compile(r"[()\[\]{}<>|\\#]")


class Item(NamedTuple):
    """An atom on its way through the normalizer: the source part and what it was read as."""

    part: Part
    entry: Entry


def chain(groups: tuple[Group, ...], group: int) -> list[int]:
    """Groups around an item from the outermost to its own."""
    path: list[int] = []
    while group >= 0:
        path.append(group)
        group = groups[group].parent
    path.reverse()
    return path


def print_items(items: list[Item], groups: tuple[Group, ...], joiner: str = ", ") -> str:
    """The items in order as prompt text."""
    out: list[str] = []
    path: list[int] = []
    before: Item | None = None
    for item in items:
        target = chain(groups, item.part.group)
        shared = 0
        while shared < min(len(path), len(target)) and path[shared] == target[shared]:
            shared += 1
        for group in reversed(path[shared:]):
            out.append(closing(groups[group], out[-1]))
        if before is not None:
            out.append(_joiner(before, item, joiner))
        out.extend(groups[group].opening for group in target[shared:])
        out.append(item.entry.text)
        path, before = target, item
    for group in reversed(path):
        out.append(closing(groups[group], out[-1]))
    return "".join(out)


def print_item(item: Item, groups: tuple[Group, ...]) -> str:
    """One item with all its brackets."""
    return print_items([item], groups)


def closing(group: Group, content: str) -> str:
    """The closing bracket behind `content`, written so that it cannot be misread."""
    close = group.closing.strip()
    if content.endswith("\\") and (len(content) - len(content.rstrip("\\"))) % 2:
        close = " " + close
    if close == ")" and _LOOKS_LIKE_WEIGHT.search(content[-24:]):
        return ":1.1)"
    if close == "::" and content[-1:].isdigit():
        return " ::"
    return close


def _joiner(before: Item, after: Item, joiner: str) -> str:
    """What stands between two items."""
    if after.part.kind == "network" or before.part.kind == "network":
        return " " if after.part.kind == "network" else joiner
    if before.part.kind != "sentence" or after.part.kind not in ("tag", "sentence"):
        return joiner
    if before.part.group != after.part.group or _STRUCTURE.search(before.entry.text):
        return joiner
    if not ends_sentence(before.entry.text):
        return joiner
    written_on = after.part.kind == "sentence" and not after.entry.text[0].isascii()
    return "" if written_on and _EASTERN.search(before.entry.text) else " "


def numeric_weights(
    items: list[Item], prompt: Prompt, weights: list[float]
) -> tuple[list[Item], Prompt, list[tuple[str, str]]]:
    """The items with one round bracket each that states their whole weight, shared by neighbours.

    Also the prompt with the new groups behind its own, and (before, after) of each item rewritten.
    """
    groups = list(prompt.groups)
    rewritten: list[Item] = []
    written: list[tuple[str, str]] = []
    last = (-1, "")
    for item in items:
        path = chain(prompt.groups, item.part.group)
        if not path:
            rewritten.append(item)
            last = (-1, "")
            continue
        number = f"{weights[item.part.group]:.4f}".rstrip("0").rstrip(".")
        if (path[0], number) != last:
            groups.append(Group(-1, "(", f":{number})", float(number)))
            last = (path[0], number)
        new = item._replace(part=item.part._replace(group=len(groups) - 1))
        before = print_item(item, prompt.groups)
        after = f"({item.entry.text}{closing(groups[-1], item.entry.text)}"
        if before != after:
            written.append((before, after))
        rewritten.append(new)
    return rewritten, prompt._replace(groups=tuple(groups)), written
