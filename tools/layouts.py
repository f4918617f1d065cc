"""The shared workflows as data: which nodes, where, with which values and links.

`draw_workflows.py` makes the files of workflows/ from it with the real front end. A link is written
as the title of the node that it comes from and the name of its output.
"""

from typing import NamedTuple

CHECKPOINT = "Illustrious-XL-v1.0.safetensors"
GENERAL = (
    "solo, long hair, blue eyes, white dress, straw hat, looking at viewer, smile, cowboy shot, "
    "outdoors, flower field, blue sky, cloud, wind, day"
)
BLUE, TEAL, GREEN, AMBER, PURPLE = "#3f789e", "#5b8fa8", "#8A8", "#b58b2a", "#a1309b"
NOTE_COLORS = {"color": "#432", "bgcolor": "#653"}
SAMPLING = {"cfg": 6.0, "sampler_name": "euler_ancestral", "scheduler": "normal"}


class Node(NamedTuple):
    """box: x, y, width, height. links: input name -> (title, output name)."""

    title: str
    kind: str
    box: tuple[int, int, int, int]
    values: dict = {}
    links: dict = {}


class Group(NamedTuple):
    title: str
    box: tuple[int, int, int, int]
    color: str


class Layout(NamedTuple):
    id: str
    nodes: list[Node]
    groups: list[Group]


def note(title: str, box: tuple[int, int, int, int], text: str) -> Node:
    return Node(title, "MarkdownNote", box, {"": text})


MODEL = {
    name: ("Checkpoint", output)
    for name, output in (("model", "MODEL"), ("clip", "CLIP"), ("vae", "VAE"))
}
PROFILE = {"model_profile": ("Checkpoint", "profile")}
TOP = 330  # first line of the prompt row


def checkpoint() -> Node:
    return Node("Checkpoint", "IXLLoadCheckpoint", (40, -140, 330, 370), {"checkpoint": CHECKPOINT})


def encode(title: str, source: tuple[str, str], y: int, x: int = 930) -> Node:
    links = {"clip": MODEL["clip"], "text": source}
    return Node(title, "IXLEncodePrompt", (x, y, 340, 340), {}, links)


def prompt_row() -> list[Node]:
    """From what is typed to two encoded prompts."""
    return [
        Node("What to draw", "IXLPromptBuilder", (40, TOP, 440, 1010),
             {"person_count": "1girl", "general": GENERAL, "year": "newest"}, PROFILE),
        Node("Put in trained order", "IXLTagNormalizer", (520, TOP, 370, 420), {},
             {"text": ("What to draw", "text"), **PROFILE}),
        Node("What was changed and why", "PreviewAny", (520, 780, 370, 190), {},
             {"source": ("Put in trained order", "report")}),
        Node("What to avoid", "IXLNegativePrompt", (520, 1005, 370, 350), {},
             {"positive": ("Put in trained order", "text"), **PROFILE}),
        encode("Positive", ("Put in trained order", "text"), TOP),
        encode("Negative", ("What to avoid", "text"), 710),
    ]  # fmt: skip


def empty(title: str, width: int, height: int, box=(930, 1090, 340, 120)) -> Node:
    return Node(title, "EmptyLatentImage", box, {"width": width, "height": height})


def settings(box: tuple[int, int, int, int]) -> Node:
    """What the version is sampled with."""
    return Node("Settings", "IXLSamplerDefaults", box, {}, {"model": MODEL["model"], **PROFILE})


def saved(box: tuple[int, int, int, int], prefix: str, images: tuple[str, str]) -> Node:
    return Node("Picture", "IXLSaveImage", box, {"filename_prefix": prefix}, {"images": images})


def sampler(title, box, model, latent, seed, steps, denoise=1.0, positive="Positive") -> Node:
    values = {"seed": seed, "control_after_generate": "fixed", "steps": steps, **SAMPLING,
              "denoise": denoise}  # fmt: skip
    links = {
        "model": model,
        "positive": (positive, "CONDITIONING"),
        "negative": ("Negative", "CONDITIONING"),
        "latent_image": latent,
    }
    return Node(title, "KSampler", box, values, links)


def automatic(title: str, box: tuple[int, int, int, int], seed: int) -> Node:
    """A KSampler that does what Settings says, on what Size gives."""
    values = {"seed": seed, "control_after_generate": "fixed"}
    names = ("model", "sampler_name", "scheduler", "steps", "cfg")
    links = {
        **{name: ("Settings", name) for name in names},
        "positive": ("Positive", "CONDITIONING"),
        "negative": ("Negative", "CONDITIONING"),
        "latent_image": ("Size", "LATENT"),
    }
    return Node(title, "KSampler", box, values, links)


def tiles(title: str, box: tuple[int, int, int, int], before: str) -> Node:
    """A tiled model that is anchored to the picture of the stage before."""
    return Node(
        title, "IXLTiledModel", box, {}, {"model": MODEL["model"], "guide": (before, "LATENT")}
    )


def text_to_image() -> Layout:
    return Layout(
        "5f0d3a52-0c5c-4b8e-9a76-6d1a1b6e0001",
        [
            checkpoint(),
            *prompt_row(),
            Node("Size", "IXLResolution", (930, 1020, 340, 330), {"area": "1 MP"}, PROFILE),
            settings((1310, TOP, 320, 330)),
            automatic("Sample", (1310, 740, 320, 300), 20240930),
            Node("Decode", "VAEDecode", (1310, 1130, 320, 60), {},
                 {"samples": ("Sample", "LATENT"), "vae": MODEL["vae"]}),
            saved((1670, TOP, 480, 1010), "illustrious", ("Decode", "IMAGE")),
            note("Read me", (410, 20, 480, 220),
                 "## Text to image\nThe tags that you fill in are put into the order of the "
                 "captions that Illustrious was trained on. *What was changed and why* tells what "
                 "happened.\n\nSet your file in **Checkpoint**. The recognised version sets the "
                 "caption order, the negative prompt, sampler, steps and CFG. 1 MP suits every "
                 "version; v1.0 and later also draw *native* sizes."),
        ],
        [
            Group("1. Model", (20, -210, 370, 455), TEAL),
            Group("2. Prompt", (20, 260, 890, 1100), BLUE),
            Group("3. Encode and size", (910, 260, 380, 1100), GREEN),
            Group("4. Draw", (1290, 260, 880, 1100), AMBER),
        ],
    )  # fmt: skip


def text_to_high_resolution() -> Layout:
    row = 1460  # first line of the stages
    return Layout(
        "5f0d3a52-0c5c-4b8e-9a76-6d1a1b6e0002",
        [
            checkpoint(),
            *prompt_row(),
            empty("Base size", 832, 1216),
            sampler("Base picture", (1310, TOP, 320, 300), MODEL["model"],
                    ("Base size", "LATENT"), 20240930, 28),
            Node("Decode base", "VAEDecode", (1310, 690, 320, 60), {},
                 {"samples": ("Base picture", "LATENT"), "vae": MODEL["vae"]}),
            Node("Base preview", "PreviewImage", (1310, 810, 320, 530), {},
                 {"images": ("Decode base", "IMAGE")}),
            tiles("Tiles 1", (40, row, 360, 250), "Base picture"),
            tiles("Tiles 2", (40, row + 290, 360, 250), "Stage 1"),
            Node("Stage 1 size", "ImageScale", (440, row, 320, 130),
                 {"upscale_method": "lanczos", "width": 1248, "height": 1824},
                 {"image": ("Decode base", "IMAGE")}),
            Node("Encode 1", "IXLVAEEncodeTiled", (440, row + 200, 320, 90), {},
                 {"pixels": ("Stage 1 size", "IMAGE"), "vae": MODEL["vae"]}),
            sampler("Stage 1", (800, row, 320, 280), ("Tiles 1", "model"), ("Encode 1", "LATENT"),
                    20240931, 20, 0.5),
            Node("Decode 1", "IXLVAEDecodeTiled", (800, row + 350, 320, 90), {},
                 {"samples": ("Stage 1", "LATENT"), "vae": MODEL["vae"]}),
            Node("Stage 2 size", "ImageScale", (1180, row, 320, 130),
                 {"upscale_method": "lanczos", "width": 2496, "height": 3648},
                 {"image": ("Decode 1", "IMAGE")}),
            Node("Encode 2", "IXLVAEEncodeTiled", (1180, row + 200, 320, 90), {},
                 {"pixels": ("Stage 2 size", "IMAGE"), "vae": MODEL["vae"]}),
            sampler("Stage 2", (1540, row, 320, 280), ("Tiles 2", "model"), ("Encode 2", "LATENT"),
                    20240932, 20, 0.35),
            Node("Decode 2", "IXLVAEDecodeTiled", (1540, row + 350, 320, 90), {},
                 {"samples": ("Stage 2", "LATENT"), "vae": MODEL["vae"]}),
            saved((1920, TOP, 560, 1670), "illustrious-high-resolution", ("Decode 2", "IMAGE")),
            note("Read me", (410, 20, 480, 225),
                 "## Text to high resolution\nA base picture is drawn at the model's native size, "
                 "then enlarged and redrawn twice through **Tiles**: every pass sees one tile at a "
                 "time, so memory stays that of a small picture and no seams show. Each pass is "
                 "anchored to the one before, so that nothing repeats.\n\nSet your file in "
                 "**Checkpoint**. The row below holds the stages."),
            note("Stages", (440, row + 350, 320, 310),
                 "### Stages\n- **denoise** 0.5 lets stage 1 redraw detail, 0.35 keeps stage 2 "
                 "close to it. Higher invents more.\n- **tile_px** 1024 for v0.1, up to 1536 for "
                 "v1.0 and later.\n- Larger pictures: raise both stage sizes, at most a factor of "
                 "2 per side and stage, multiples of 8. 3744x5616 is 21 megapixels."),
        ],
        [
            Group("1. Model", (20, -210, 370, 455), TEAL),
            Group("2. Prompt", (20, 260, 890, 1100), BLUE),
            Group("3. Encode and size", (910, 260, 380, 1100), GREEN),
            Group("4. Base picture", (1290, 260, 590, 1100), AMBER),
            Group("5. See large pictures in tiles", (20, 1390, 400, 750), TEAL),
            Group("6. Stage 1: twice the area", (430, 1390, 710, 750), PURPLE),
            Group("7. Stage 2: twice each side", (1170, 1390, 710, 750), PURPLE),
            Group("8. Result", (1900, 260, 600, 1880), AMBER),
        ],
    )  # fmt: skip


def several_characters() -> Layout:
    return Layout(
        "5f0d3a52-0c5c-4b8e-9a76-6d1a1b6e0003",
        [
            checkpoint(),
            Node("Left", "IXLCharacter", (40, TOP, 380, 480),
                 {"name": "hatsune miku", "series": "vocaloid",
                  "tags": "long hair, aqua hair, twintails, aqua eyes", "action": "waving",
                  "clothing": "grey shirt, detached sleeves, black skirt", "emotion": "smile",
                  "position": "left"}),
            Node("Right", "IXLCharacter", (40, 860, 380, 480),
                 {"name": "kagamine rin", "series": "vocaloid",
                  "tags": "short hair, blonde hair, blue eyes, hair bow",
                  "clothing": "white shirt, yellow neckerchief, shorts", "action": "jumping",
                  "emotion": "open mouth", "position": "right"},
                 {"characters": ("Left", "characters")}),
            Node("What to draw", "IXLPromptBuilder", (460, TOP, 440, 1010),
                 {"level": "sentence", "general": "looking at viewer",
                  "scene": "outdoors, city, night, rain", "camera": "upper body",
                  "year": "newest"},
                 {"characters": ("Right", "characters"), **PROFILE}),
            Node("Sentences", "PreviewAny", (940, TOP, 360, 200), {},
                 {"source": ("What to draw", "sentences")}),
            Node("What to avoid", "IXLNegativePrompt", (940, 580, 360, 350), {},
                 {"positive": ("What to draw", "text"), **PROFILE}),
            Node("Regions", "IXLCharacterRegions", (1340, TOP, 360, 240), {},
                 {"clip": MODEL["clip"], "picture": ("What to draw", "picture"), **PROFILE}),
            encode("Negative", ("What to avoid", "text"), 620, 1340)._replace(
                box=(1340, 620, 360, 340)),
            Node("Size", "EmptyLatentImage", (1340, 1010, 360, 120),
                 {"width": 1216, "height": 832}),
            sampler("Sample", (1740, TOP, 320, 300), MODEL["model"], ("Size", "LATENT"),
                    20240930, 28, positive="Regions"),
            Node("Decode", "VAEDecode", (1740, 690, 320, 60), {},
                 {"samples": ("Sample", "LATENT"), "vae": MODEL["vae"]}),
            saved((2100, TOP, 560, 1010), "illustrious", ("Decode", "IMAGE")),
            note("Read me", (410, 20, 490, 220),
                 "## Several characters\nEach **Character** is counted and named in the prompt and "
                 "gets a part of the picture of its own, so that hair, eyes and clothes do not "
                 "mix. Add one by connecting its characters to the next.\n\nIn **Regions**, "
                 "*base_strength* says how much the whole picture's prompt counts beside theirs: "
                 "more makes one scene of it, less keeps the characters apart."),
        ],
        [
            Group("1. Model", (20, -210, 370, 455), TEAL),
            Group("2. Characters", (20, 260, 420, 1100), PURPLE),
            Group("3. Prompt", (440, 260, 880, 1100), BLUE),
            Group("4. Encode and size", (1320, 260, 400, 1100), GREEN),
            Group("5. Draw", (1720, 260, 960, 1100), AMBER),
        ],
    )  # fmt: skip


LAYOUTS = {
    "text-to-image": text_to_image,
    "text-to-high-resolution": text_to_high_resolution,
    "several-characters": several_characters,
}
