"""The shared workflow that trains a LoRA and draws with it, as data (layouts.py)."""

from .layouts import (
    AMBER,
    BLUE,
    CHECKPOINT,
    GREEN,
    MODEL,
    PROFILE,
    PURPLE,
    TEAL,
    Group,
    Layout,
    Node,
    automatic,
    encode,
    note,
    saved,
)

TRIGGER = "mychara"
EXAMPLE_CAPTIONS = (
    f"1girl, {TRIGGER}, solo, smile, upper body, outdoors, day, blue sky, looking at viewer\n"
    f"1girl, {TRIGGER}, solo, sitting, full body, indoors, chair, book, from side"
)


def train_a_character_lora() -> Layout:
    row, below = 300, 1350  # first lines of training and of drawing
    preset = ("Preset", "policy")
    return Layout(
        "5f0d3a52-0c5c-4b8e-9a76-6d1a1b6e0105",
        [
            Node("Preset", "IXLTrainingPreset", (820, row, 360, 330),
                 {"preset": "v1.0", "images": 50}),
            Node("What differs from the paper", "PreviewAny", (820, row + 420, 360, 470), {},
                 {"source": ("Preset", "report")}),
            Node("Captions", "IXLCaptionPolicy", (1220, row, 360, 420),
                 {"never_drop": TRIGGER, "multi_level": False}, {"policy": preset}),
            Node("Seen in training", "IXLCaptionPreview", (1220, row + 470, 360, 300),
                 {"captions": EXAMPLE_CAPTIONS, "profile": "illustrious-v1.0"},
                 {"policy": ("Captions", "policy")}),
            Node("Samples", "PreviewAny", (1620, row, 360, 420), {},
                 {"source": ("Seen in training", "samples")}),
            Node("What is dropped", "PreviewAny", (1620, row + 470, 360, 420), {},
                 {"source": ("Seen in training", "report")}),
            Node("Train", "IXLTrain", (2020, row, 380, 470),
                 {"checkpoint": CHECKPOINT, "images": "/path/to/your/pictures",
                  "name": "my-character"},
                 {"training": ("Preset", "training"), "policy": ("Captions", "policy")}),
            Node("How it went", "PreviewAny", (2020, row + 560, 380, 330), {},
                 {"source": ("Train", "report")}),
            Node("Checkpoint", "IXLLoadCheckpoint", (40, below, 340, 370),
                 {"checkpoint": CHECKPOINT}),
            Node("Your LoRA", "IXLLoadLora", (40, below + 470, 340, 420), {},
                 {"model": MODEL["model"], "clip": MODEL["clip"], "trained": ("Train", "file"),
                  **PROFILE}),
            Node("What to draw", "IXLTagNormalizer", (420, below, 360, 440),
                 {"text": f"1girl, {TRIGGER}, solo, smile, upper body, outdoors, masterpiece"},
                 PROFILE),
            Node("What to avoid", "IXLNegativePrompt", (420, below + 500, 360, 350), {},
                 {"positive": ("What to draw", "text"), **PROFILE}),
            *(encode(title, source, y, 820)._replace(
                links={"clip": ("Your LoRA", "clip"), "text": source})
              for title, source, y in (
                  ("Positive", ("What to draw", "text"), below),
                  ("Negative", ("What to avoid", "text"), below + 430))),
            Node("Size", "IXLResolution", (1200, below + 420, 340, 340), {"area": "1 MP"}, PROFILE),
            Node("Settings", "IXLSamplerDefaults", (1200, below, 340, 330), {},
                 {"model": ("Your LoRA", "model"), **PROFILE}),
            automatic("Sample", (1580, below, 340, 300), 20240930),
            Node("Decode", "VAEDecode", (1580, below + 400, 340, 60), {},
                 {"samples": ("Sample", "LATENT"), "vae": MODEL["vae"]}),
            saved((1960, below, 480, 890), "my-character", ("Decode", "IMAGE")),
            note("Read me", (40, row, 740, 340),
                 "## Train a character LoRA\n1. Put 20 to 100 pictures of the character into one "
                 "folder, and beside each a `.txt` file of the same name with its tags: your "
                 f"trigger word first (here *{TRIGGER}*), then what is to be seen. Leave out what "
                 "always belongs to the character: the trigger word learns it.\n"
                 "2. In **Train** give the full path of that folder, your checkpoint and a name, "
                 "in **Preset** the memory of your card and the number of pictures.\n"
                 "3. Run. Training needs kohya-ss sd-scripts in an environment of its own; the "
                 "help page of **Train** says how. When it has ended, a picture is drawn."),
            note("About captions", (40, row + 370, 740, 230),
                 "### Captions\nEvery time a picture is seen, its caption is varied as in the "
                 "training of Illustrious itself. *never_drop* holds your trigger word. **Seen in "
                 "training** shows what the model will read: give it your folder instead of the "
                 "examples.\n\nThe multi-level dropout is off here: it is for large data sets."),
            note("About training", (40, row + 630, 740, 260),
                 "### Train\n- *when* **wait** draws as soon as the training is done. "
                 "**background** keeps the queue free for other pictures; this workflow is then "
                 "queued again by itself, to draw.\n"
                 "- **Cancel** saves a state. Queue the workflow again and the training goes on "
                 "from there, also after a crash. What is done is not trained twice.\n"
                 "- The LoRA also lies in the folder of your LoRAs, for other workflows."),
        ],
        [
            Group("Read me first", (20, 230, 780, 980), GREEN),
            Group("1. What to train", (800, 230, 400, 980), TEAL),
            Group("2. Captions: look before you train", (1200, 230, 800, 980), BLUE),
            Group("3. Train", (2000, 230, 440, 980), PURPLE),
            Group("4. Load the result", (20, 1280, 380, 980), TEAL),
            Group("5. Prompt", (400, 1280, 780, 980), BLUE),
            Group("6. Draw", (1180, 1280, 1260, 980), AMBER),
        ],
    )  # fmt: skip


LAYOUTS_TRAINING = {"train-a-character-lora": train_a_character_lora}
