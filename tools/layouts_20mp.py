"""The shared workflows that end at 20 megapixels, as data (see layouts)."""

from .layouts import (
    AMBER,
    BLUE,
    GREEN,
    MODEL,
    PROFILE,
    PURPLE,
    TEAL,
    TOP,
    Group,
    Layout,
    Node,
    checkpoint,
    encode,
    note,
    prompt_row,
    saved,
    settings,
)

CONTROLNET = "diffusers_xl_canny_full.safetensors"
PICTURE = "example.png"  # comes with ComfyUI
SAMPLED = ("model", "sampler_name", "scheduler", "steps", "cfg")


def text_of(node: str) -> tuple[str, str]:
    return node, "CONDITIONING"


def to_20mp(box, positive, negative, values, links) -> Node:
    """The sampler of all passes, with the settings of the version."""
    given = {
        **{name: ("Settings", name) for name in SAMPLED},
        "positive": positive,
        "negative": negative,
        "vae": MODEL["vae"],
        **PROFILE,
        **links,
    }
    seeded = {"seed": 20240930, "control_after_generate": "fixed", **values}
    return Node("To 20 megapixels", "IXLHighResSampler", box, seeded, given)


def base_picture(box, positive, negative, latent) -> Node:
    """A KSampler that does what Settings says."""
    links = {
        **{name: ("Settings", name) for name in SAMPLED},
        "positive": positive,
        "negative": negative,
        "latent_image": latent,
    }
    values = {"seed": 20240930, "control_after_generate": "fixed"}
    return Node("Base picture", "KSampler", box, values, links)


def loaded(title: str, box: tuple[int, int, int, int]) -> Node:
    return Node(title, "LoadImage", box, {"image": PICTURE})


def fitted(title: str, box, megapixels: float, picture: str) -> Node:
    """A picture in a size that the model draws, in steps of 64 px."""
    values = {"upscale_method": "lanczos", "megapixels": megapixels, "resolution_steps": 64}
    return Node(title, "ImageScaleToTotalPixels", box, values, {"image": (picture, "IMAGE")})


def costs(box: tuple[int, int, int, int]) -> Node:
    return Node("What it costs", "PreviewAny", box, {}, {"source": ("To 20 megapixels", "report")})


def tile_prompts(title, box, boxes: str, text, **links) -> Node:
    given = {"clip": MODEL["clip"], "text": text, **PROFILE, **links}
    return Node(title, "IXLTilePrompts", box, {"boxes": boxes}, given)


def text_to_20mp() -> Layout:
    links = {name: ("Settings", name) for name in ("model", "sampler_name", "scheduler", "cfg")}
    links |= {"positive": ("Positive", "CONDITIONING"), "negative": ("Negative", "CONDITIONING")}
    return Layout(
        "5f0d3a52-0c5c-4b8e-9a76-6d1a1b6e0004",
        [
            checkpoint(),
            *prompt_row(),
            settings((1310, TOP, 340, 330)),
            Node("To 20 megapixels", "IXLHighResSampler", (1310, 730, 340, 620),
                 {"seed": 20240930, "control_after_generate": "fixed", "width": 3744,
                  "height": 5616},
                 {**links, "steps": ("Settings", "steps"), "vae": MODEL["vae"], **PROFILE}),
            Node("Every pass", "PreviewImage", (1690, 590, 360, 760), {},
                 {"images": ("To 20 megapixels", "passes")}),
            Node("What it costs", "PreviewAny", (1690, TOP, 360, 200), {},
                 {"source": ("To 20 megapixels", "report")}),
            saved((2090, TOP, 560, 1020), "illustrious-20mp", ("To 20 megapixels", "image")),
            note("Read me", (410, 20, 640, 220),
                 "## Text to 20 megapixels\n**To 20 megapixels** draws a base picture at the "
                 "model's native size and redraws it in passes, each at most twice as large per "
                 "side, in tiles without seams. Memory stays that of one tile.\n\nCancel whenever "
                 "you like: finished passes are kept, and the next run goes on from the last one."
                 "\n\nSet your file in **Checkpoint**. *denoise* `0.5, 0.35` is one number per "
                 "pass: less keeps more."),
        ],
        [
            Group("1. Model", (20, -210, 370, 455), TEAL),
            Group("2. Prompt", (20, 260, 890, 1100), BLUE),
            Group("3. Encode", (910, 260, 380, 1100), GREEN),
            Group("4. Draw", (1290, 260, 380, 1100), AMBER),
            Group("5. Watch", (1670, 260, 400, 1100), PURPLE),
            Group("6. Result", (2070, 260, 600, 1100), AMBER),
        ],
    )  # fmt: skip


def picture_to_20mp() -> Layout:
    picture, start = "Picture to enlarge", "Size to start from"
    return Layout(
        "5f0d3a52-0c5c-4b8e-9a76-6d1a1b6e0005",
        [
            checkpoint(),
            *prompt_row()[:4],
            tile_prompts("Positive", (930, TOP, 380, 640), "0 0 100 100",
                         ("Put in trained order", "text")),
            encode("Negative", ("What to avoid", "text"), 1015)._replace(box=(930, 1015, 380, 340)),
            loaded(picture, (1350, TOP, 340, 400)),
            fitted(start, (1350, 790, 340, 150), 1.5, picture),
            settings((1350, 1005, 340, 330)),
            to_20mp((1730, TOP, 340, 640), text_of("Positive"), text_of("Negative"),
                    {"denoise": "0.4, 0.35, 0.3"}, {"image": (start, "IMAGE")}),
            costs((1730, 1030, 340, 320)),
            Node("What each tile is told", "PreviewAny", (1730, -140, 440, 365), {},
                 {"source": ("Positive", "report")}),
            Node("Every pass", "PreviewImage", (2190, -140, 480, 365), {},
                 {"images": ("To 20 megapixels", "passes")}),
            saved((2110, TOP, 560, 1020), "illustrious-20mp", ("To 20 megapixels", "image")),
            note("Read me", (410, 20, 660, 225),
                 "## Picture to 20 megapixels\nA picture of yours is redrawn in passes, each at "
                 "most twice as large per side, in tiles without seams. Set your file in "
                 "**Checkpoint**, load a picture, and describe it in **What to draw**.\n\n"
                 "*denoise* `0.4, 0.35, 0.3` is one number per pass: less keeps more. An upscale "
                 "model can be connected to the sampler; without one Lanczos enlarges."),
            note("Where somebody is", (1110, 20, 580, 225),
                 "### Keep faces out of the sky\n`0 0 100 100` in **Positive** says that what you "
                 "described is everywhere. Write the box of each person instead: left, top, width, "
                 "height in percent, `30 10 40 85`. Tiles outside of it are then told of style, "
                 "light and scenery alone. Several boxes: `5 10 40 90: 1girl, red hair`."),
        ],
        [
            Group("1. Model", (20, -210, 370, 455), TEAL),
            Group("2. Prompt", (20, 260, 890, 1110), BLUE),
            Group("3. Encode", (910, 260, 420, 1110), GREEN),
            Group("4. Picture", (1330, 260, 380, 1110), PURPLE),
            Group("5. Draw", (1710, 260, 380, 1110), AMBER),
            Group("6. Watch", (1710, -210, 980, 455), TEAL),
            Group("7. Result", (2090, 260, 600, 1110), AMBER),
        ],
    )  # fmt: skip


def two_characters_20mp() -> Layout:
    return Layout(
        "5f0d3a52-0c5c-4b8e-9a76-6d1a1b6e0006",
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
                 {"general": "looking at viewer", "scene": "outdoors, city, night, rain",
                  "camera": "cowboy shot", "year": "newest"},
                 {"characters": ("Right", "characters"), **PROFILE}),
            Node("What to avoid", "IXLNegativePrompt", (940, TOP, 360, 350), {},
                 {"positive": ("What to draw", "text"), **PROFILE}),
            encode("Negative", ("What to avoid", "text"), 730)._replace(box=(940, 730, 360, 340)),
            Node("Base size", "EmptyLatentImage", (940, 1120, 360, 120),
                 {"width": 1216, "height": 832}),
            Node("Regions", "IXLCharacterRegions", (1340, TOP, 360, 240), {},
                 {"clip": MODEL["clip"], "picture": ("What to draw", "picture"), **PROFILE}),
            settings((1340, 630, 360, 330)),
            base_picture((1340, 1020, 360, 310), text_of("Regions"), text_of("Negative"),
                         ("Base size", "LATENT")),
            Node("Decode base", "VAEDecode", (1740, TOP, 400, 60), {},
                 {"samples": ("Base picture", "LATENT"), "vae": MODEL["vae"]}),
            Node("Base preview", "PreviewImage", (1740, 440, 400, 250), {},
                 {"images": ("Decode base", "IMAGE")}),
            tile_prompts("Tile prompts", (1740, 740, 400, 600),
                         "4 8 44 92: character 1\n52 8 44 92: character 2",
                         ("What to draw", "text"), characters=("Right", "characters")),
            to_20mp((2180, TOP, 340, 640), text_of("Tile prompts"), text_of("Negative"), {},
                    {"latent": ("Base picture", "LATENT")}),
            costs((2180, 1030, 340, 310)),
            Node("What each tile is told", "PreviewAny", (2180, -140, 440, 365), {},
                 {"source": ("Tile prompts", "report")}),
            Node("Every pass", "PreviewImage", (2640, -140, 480, 365), {},
                 {"images": ("To 20 megapixels", "passes")}),
            saved((2560, TOP, 560, 1010), "illustrious-20mp", ("To 20 megapixels", "image")),
            note("Read me", (410, 20, 700, 225),
                 "## Two characters at 20 megapixels\n**Regions** draws the base: each character "
                 "has half of the picture and its own prompt, so that looks do not mix. In the "
                 "large passes **Tile prompts** tells each tile who is in it: nobody is drawn into "
                 "the night sky, and no face is given to the other one.\n\nSet your file in "
                 "**Checkpoint**. Finished passes are kept: cancel whenever you like."),
            note("Boxes", (1150, 20, 640, 225),
                 "### Where the characters are\nLook at **Base preview**, then correct the boxes "
                 "in **Tile prompts**: left, top, width, height in percent, `4 8 44 92: character "
                 "1`. Draw them around hair and clothes. Only the large passes run again.\n\n"
                 "More lines for other things, such as `60 0 20 15: full moon`."),
        ],
        [
            Group("1. Model", (20, -210, 370, 455), TEAL),
            Group("2. Characters", (20, 260, 420, 1100), PURPLE),
            Group("3. Prompt", (440, 260, 480, 1100), BLUE),
            Group("4. Negative and size", (920, 260, 400, 1100), GREEN),
            Group("5. Base picture", (1320, 260, 400, 1100), AMBER),
            Group("6. Who is where", (1720, 260, 440, 1100), PURPLE),
            Group("7. Draw large", (2160, 260, 380, 1100), AMBER),
            Group("8. Watch", (2160, -210, 980, 455), TEAL),
            Group("9. Result", (2540, 260, 600, 1100), AMBER),
        ],
    )  # fmt: skip


def controlnet_20mp() -> Layout:
    picture, size, lines = "Picture with the lines", "Size of the base", "Follow the lines"
    return Layout(
        "5f0d3a52-0c5c-4b8e-9a76-6d1a1b6e0007",
        [
            checkpoint(),
            *prompt_row(),
            loaded(picture, (1310, TOP, 340, 400)),
            fitted(size, (1310, 790, 340, 150), 1.0, picture),
            Node("Its sides", "GetImageSize", (1310, 1000, 340, 110), {},
                 {"image": (size, "IMAGE")}),
            Node("Base size", "EmptyLatentImage", (1310, 1170, 340, 120), {},
                 {"width": ("Its sides", "width"), "height": ("Its sides", "height")}),
            Node("Lines", "Canny", (1690, TOP, 340, 90),
                 {"low_threshold": 0.2, "high_threshold": 0.5}, {"image": (size, "IMAGE")}),
            Node("Lines preview", "PreviewImage", (1690, 480, 340, 360), {},
                 {"images": ("Lines", "IMAGE")}),
            Node("ControlNet", "ControlNetLoader", (1690, 900, 340, 70),
                 {"control_net_name": CONTROLNET}),
            Node(lines, "ControlNetApplyAdvanced", (1690, 1030, 340, 200),
                 {"strength": 0.7, "end_percent": 0.8},
                 {"positive": text_of("Positive"), "negative": text_of("Negative"),
                  "control_net": ("ControlNet", "CONTROL_NET"), "image": ("Lines", "IMAGE")}),
            settings((2070, TOP, 340, 330)),
            base_picture((2070, 730, 340, 310), (lines, "positive"), (lines, "negative"),
                         ("Base size", "LATENT")),
            to_20mp((2450, TOP, 340, 640), (lines, "positive"), (lines, "negative"), {},
                    {"latent": ("Base picture", "LATENT")}),
            costs((2450, 1030, 340, 310)),
            Node("Every pass", "PreviewImage", (2450, -140, 940, 365), {},
                 {"images": ("To 20 megapixels", "passes")}),
            saved((2830, TOP, 560, 1010), "illustrious-20mp", ("To 20 megapixels", "image")),
            note("Read me", (410, 20, 660, 225),
                 "## ControlNet to 20 megapixels\nA new picture from your prompt that follows the "
                 "lines of a given one. The ControlNet guides the base and every large pass: its "
                 "lines are cut to each tile, so they stay where they are.\n\nSet your file in "
                 "**Checkpoint** and an SDXL ControlNet for edges in **ControlNet**; load a "
                 "picture. Finished passes are kept: cancel whenever you like."),
            note("Lines and freedom", (1110, 20, 640, 225),
                 "### How firmly\n**Follow the lines**: *strength* 0.7 and *end_percent* 0.8 leave "
                 "the last steps of each pass free for fine detail. With the lines held, *denoise* "
                 "of the passes can be higher than usual, such as `0.55, 0.45`.\n\nDepth, pose or "
                 "line art: put another preprocessor in place of **Lines**."),
        ],
        [
            Group("1. Model", (20, -210, 370, 455), TEAL),
            Group("2. Prompt", (20, 260, 890, 1110), BLUE),
            Group("3. Encode", (910, 260, 380, 1110), GREEN),
            Group("4. Picture and size", (1290, 260, 380, 1110), PURPLE),
            Group("5. ControlNet", (1670, 260, 380, 1110), TEAL),
            Group("6. Base picture", (2050, 260, 380, 1110), AMBER),
            Group("7. Draw large", (2430, 260, 380, 1110), AMBER),
            Group("8. Watch", (2430, -210, 980, 455), TEAL),
            Group("9. Result", (2810, 260, 600, 1110), AMBER),
        ],
    )  # fmt: skip


LAYOUTS_20MP = {
    "text-to-20mp": text_to_20mp,
    "picture-to-20mp": picture_to_20mp,
    "two-characters-20mp": two_characters_20mp,
    "controlnet-20mp": controlnet_20mp,
}
