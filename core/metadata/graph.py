"""From a picture back through the graph that made it: sampling passes, texts, model files.

Pure: works on a prompt in API format. What stands in a widget is a value; what comes over a link
stays a `Link`, to be filled in by whoever knows its value (`fill`): the saver gets it from ComfyUI,
a reader of files from `static.value_of`. Knows no pack's nodes by name but those few of ComfyUI
and of this pack whose inputs do not say what they are; where a graph does not tell, nothing is
claimed.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from .graph_files import FileUse, files_of_model, files_of_vae, loads_with_this_pack
from .graph_text import SIDES, Piece, clip_skip, find_input, texts_of
from .static import open_branches, value_of
from .walk import PIPE, Graph, Link, Node

SEEDS = ("noise_seed", "seed")
STEPS = ("steps",)
HELPERS = ("NOISE", "GUIDER", "SAMPLER", "SIGMAS", PIPE)
_PICTURES = ("IMAGE", "LATENT")
_DRAWS = ("MODEL", "GUIDER", "CONDITIONING", PIPE)
_HAS_SCHEDULE = {"steps", "sigmas", "sampler_name", "scheduler", "denoise"}
MOST_PASSES = 8  # the first and the last ones; nobody draws with more
_WIDTHS, _HEIGHTS = ("width", "empty_latent_width"), ("height", "empty_latent_height")

# Nodes of ComfyUI 0.30.0 (comfy_extras/nodes_custom_sampler.py) that are what their name says.
SAMPLER_NODES = {
    "SamplerEulerAncestral": "euler_ancestral", "SamplerEulerCFGpp": "euler_cfg_pp",
    "SamplerEulerAncestralCFGPP": "euler_ancestral_cfg_pp", "SamplerLMS": "lms",
    "SamplerDPMPP_2M_SDE": "dpmpp_2m_sde", "SamplerDPMPP_SDE": "dpmpp_sde",
    "SamplerDPMPP_3M_SDE": "dpmpp_3m_sde", "SamplerDPMPP_2S_Ancestral": "dpmpp_2s_ancestral",
    "SamplerDPMAdaptative": "dpm_adaptive", "SamplerER_SDE": "er_sde",
    "SamplerSASolver": "sa_solver", "SamplerSEEDS2": "seeds_2",
}  # fmt: skip
SCHEDULER_NODES = {
    "KarrasScheduler": "karras", "ExponentialScheduler": "exponential",
    "PolyexponentialScheduler": "polyexponential", "LaplaceScheduler": "laplace",
    "SDTurboScheduler": "turbo", "BetaSamplingScheduler": "beta", "VPScheduler": "vp",
    "AlignYourStepsScheduler": "align_your_steps", "GITSScheduler": "gits",
}  # fmt: skip


class TracedPass(NamedTuple):
    """One sampler. Each field is a value, a Link to it, or None; texts are pieces in order.

    start: first step, where the node has one. model: a Link where one of this pack's loaders is
    behind it, because its MODEL says which files it was made from.
    """

    node: str
    seed: object = None
    steps: object = None
    cfg: object = None
    sampler: object = None
    scheduler: object = None
    denoise: object = None
    start: object = None
    positive: tuple[Piece, ...] = ()
    negative: tuple[Piece, ...] = ()
    model: Link | None = None
    clip_skip: object = None


class Traced(NamedTuple):
    """What is known of a picture. passes: in the order of their work. width, height: px of the
    empty latent; latent: a Link to it where it has no such inputs."""

    passes: tuple[TracedPass, ...] = ()
    width: object = None
    height: object = None
    latent: Link | None = None
    files: tuple[FileUse, ...] = ()


def trace(graph: Graph, picture: Link, model: Link | None = None) -> Traced:
    """Everything that the graph says of the picture. model: another MODEL than the samplers'."""
    try:
        samplers = _samplers(graph, picture, {})
    except RecursionError:  # thousands of nodes in a row: nobody's workflow
        return Traced()
    samplers = samplers[:1] + samplers[1:][-MOST_PASSES + 1 :]
    passes = [_pass(graph, node) for node in samplers if not _continues(node, samplers)]
    models = [model] if model else [_input_link(graph, node, ("model",)) for node in samplers]
    files = [use for link in models if link for use in files_of_model(graph, link)]
    files += [use for node in samplers for use in _files_of_pipes(graph, node)] if not model else []
    files += files_of_vae(graph, picture)
    size = _size(graph, samplers[0]) if samplers else (None, None, None)
    return Traced(tuple(passes), *size, tuple(dict.fromkeys(files)))


def links(part: object) -> Iterator[Link]:
    """Every link in a traced part, each once for each place."""
    if isinstance(part, Link):
        yield part
    elif isinstance(part, tuple):
        for inner in part:
            yield from links(inner)


def fill(part, value: Callable[[Link], object]):
    """The same part with each link replaced by its value."""
    if isinstance(part, Link):
        return value(part)
    if not isinstance(part, tuple):
        return part
    filled = [fill(inner, value) for inner in part]
    return type(part)(*filled) if hasattr(part, "_fields") else tuple(filled)


def _samplers(graph: Graph, link: Link, known: dict[str, list[Node]]) -> list[Node]:
    """The samplers on the way to a picture, the first to work first."""
    node = graph.node(link.node)
    if node is None:
        return []
    if node.id in known:
        return known[node.id]
    known[node.id] = []  # a loop, which ComfyUI refuses, ends here
    branches = sorted(open_branches(graph, node), key=lambda branch: _rank(branch[2]))
    before = (_samplers(graph, link, known) for _, link, kind in branches if _rank(kind) < 3)
    found = next(filter(None, before), [])
    known[node.id] = [*found, node] if _is_sampler(graph, node) else found
    return known[node.id]


def _rank(kind: str) -> int:
    """Where to look for a picture first; 3 is nowhere."""
    return 0 if kind in _PICTURES else {PIPE: 1, "": 2}.get(kind, 3)


def _is_sampler(graph: Graph, node: Node) -> bool:
    kinds = {kind for _, _, kind in graph.links(node)}
    seeded = "NOISE" in kinds or any(name in node.inputs for name in SEEDS)
    return seeded and not _HAS_SCHEDULE.isdisjoint(node.inputs) and not kinds.isdisjoint(_DRAWS)


def _continues(node: Node, samplers: list[Node]) -> bool:
    """Whether this sampler goes on with the noise that an earlier one left (a refiner)."""
    return node is not samplers[0] and node.inputs.get("add_noise") in ("disable", False)


def _pass(graph: Graph, node: Node) -> TracedPass:
    texts = {side: texts_of(graph, node, side, HELPERS) for side in SIDES}
    model = _input_link(graph, node, ("model",))
    encoder = _input_link(graph, node, SIDES["positive"])
    return TracedPass(
        node=node.id,
        seed=_setting(graph, node, SEEDS),
        steps=_setting(graph, node, STEPS),
        cfg=_setting(graph, node, ("cfg", "guidance", "cfg_conds")),
        sampler=_setting(graph, node, ("sampler_name",)) or _named(graph, node, SAMPLER_NODES),
        scheduler=_setting(graph, node, ("scheduler",)) or _named(graph, node, SCHEDULER_NODES),
        denoise=_setting(graph, node, ("denoise",)),
        start=_setting(graph, node, ("start_at_step",)),
        **texts,
        model=model if model and loads_with_this_pack(graph, model) else None,
        clip_skip=clip_skip(graph, encoder) if encoder else None,
    )


def _setting(graph: Graph, node: Node, names: tuple[str, ...]) -> object:
    """A setting of a sampler, from itself or from its noise, guider, sampler, sigmas or pipe."""
    return find_input(graph, node, names, HELPERS)


def _input_link(graph: Graph, node: Node, names: tuple[str, ...]) -> Link | None:
    found = find_input(graph, node, names, HELPERS)
    return found if isinstance(found, Link) else None


def _files_of_pipes(graph: Graph, node: Node) -> Iterator[FileUse]:
    """Loaders that hand on everything in one link have no MODEL link to follow."""
    for _, link, kind in graph.links(node):
        if kind == PIPE:
            yield from files_of_model(graph, link)


def _named(graph: Graph, node: Node, table: dict[str, str]) -> str | None:
    """The name that the class of a helper node stands for."""
    waiting, seen = [node], set()
    while waiting:
        for _, link, kind in graph.links(waiting.pop()):
            helper = graph.node(link.node)
            if helper is None or kind not in ("SAMPLER", "SIGMAS") or helper.id in seen:
                continue
            if helper.class_type in table:
                return table[helper.class_type]
            seen.add(helper.id)
            waiting.append(helper)
    return None


def _size(graph: Graph, node: Node) -> tuple[object, object, Link | None]:
    """(width, height, latent) of what the first sampler starts from."""
    for _, link, kind in graph.links(node):
        source = graph.node(link.node)
        if source is None or kind not in ("LATENT", PIPE):
            continue
        width = find_input(graph, source, _WIDTHS, ("LATENT", PIPE))
        height = find_input(graph, source, _HEIGHTS, ("LATENT", PIPE))
        if width is not None and height is not None:
            return width, height, None
        if kind == "LATENT":
            return None, None, link
    return None, None, None


def static(graph: Graph, traced: Traced) -> Traced:
    """The traced picture with links replaced by what the graph alone says; None elsewhere."""
    return fill(traced, lambda link: value_of(graph, link))
