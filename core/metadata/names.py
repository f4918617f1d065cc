"""File names: what stands between percent signs in a prefix.

`%date:yyyy-MM-dd%` and `%Node title.widget%` as ComfyUI's front end replaces them for its own
savers (comfyui_frontend_package 1.47, `formatDate`, `applyTextReplacements`), here for every way to
queue a prompt; besides them `%seed%`, `%model%`, `%sampler%`, `%scheduler%`, `%steps%`, `%cfg%`.
`%width%`, `%year%` and the like are ComfyUI's server's own and left to it.
"""

import re
from datetime import datetime

from .a1111 import stem
from .record import Record
from .walk import Graph, as_link

_TOKEN = re.compile(r"%([^%]+)%")
_DATE = re.compile(r"dd?|MM?|hh?|mm?|ss?|yyyy|yy")
_UNSAFE = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')


def fill_prefix(prefix: str, graph: Graph, record: Record, now: datetime) -> str:
    """The prefix with its tokens replaced; unknown ones stay as they are."""

    def value(found: re.Match) -> str:
        token = found.group(1)
        if token.startswith("date:"):
            return format_date(token[len("date:") :], now)
        text = _of_record(record).get(token)
        text = _of_node(graph, token) if text is None else text
        return found.group() if text is None else _UNSAFE.sub("_", str(text))

    return _TOKEN.sub(value, prefix)


def format_date(pattern: str, now: datetime) -> str:
    parts = {"d": now.day, "M": now.month, "h": now.hour, "m": now.minute, "s": now.second}

    def value(found: re.Match) -> str:
        token = found.group()
        if token[0] == "y":
            return str(now.year)[-2:] if token == "yy" else str(now.year)
        return str(parts[token[0]]).zfill(len(token))

    return _DATE.sub(value, pattern)


def _of_record(record: Record) -> dict[str, object]:
    first, models = record.first, record.of_kind("model")
    known = {
        "seed": first.seed, "steps": first.steps, "sampler": first.sampler,
        "scheduler": first.scheduler, "cfg": first.cfg and f"{first.cfg:g}",
        "model": stem(models[0].name) if models else None,
    }  # fmt: skip
    return {token: "" if value is None else value for token, value in known.items()}


def _of_node(graph: Graph, token: str) -> object:
    """The widget of the first node with that title, or else of that class."""
    title, dot, widget = token.partition(".")
    if not dot or "." in widget:
        return None
    nodes = list(graph.nodes())
    named = [node for node in nodes if graph.title(node.id) == title]
    for node in [*named, *(node for node in nodes if node.class_type == title)]:
        value = node.inputs.get(widget)
        if value is not None and not as_link(value):
            return value
    return None
