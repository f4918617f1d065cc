"""Tagged pictures of a coloured shape on a ground; how well a model tells right tags from wrong.

For the proof that training teaches something. The model is ComfyUI's, as loaded by
`comfy_in_process`; right and wrong tags are judged on the same noise. Needs Pillow and torch.
"""

import random
from pathlib import Path
from typing import NamedTuple

SIDE = 64  # px; 8 x 8 latents
COLOURS = {"red": (225, 30, 30), "green": (50, 215, 50), "blue": (40, 60, 235),
           "pink": (250, 140, 210)}  # fmt: skip
GROUNDS = {"night": (20, 20, 40), "snow": (240, 240, 245), "sand": (205, 170, 105),
           "fog": (125, 135, 145)}  # fmt: skip
SHAPES = ("circle", "cross", "frame", "stripes")
GROUPS = {"colour": tuple(COLOURS), "ground": tuple(GROUNDS)}
SIGMAS = (1.0, 2.0, 4.0, 8.0)  # where a picture cannot be guessed from its noised latents alone


class Picture(NamedTuple):
    """tags: by group; the shape has one as well."""

    tags: dict[str, str]
    image: object

    def caption(self, **changes: str) -> str:
        return ", ".join({**self.tags, **changes}.values())


def picture(draw: random.Random, colour: str, ground: str) -> Picture:
    """A shape near the middle; its colour and the ground's vary a little."""
    from PIL import Image, ImageDraw

    def tint(value: tuple[int, int, int]) -> tuple[int, ...]:
        return tuple(min(255, max(0, one + draw.randrange(-20, 21))) for one in value)

    shape = draw.choice(SHAPES)
    image = Image.new("RGB", (SIDE, SIDE), tint(GROUNDS[ground]))
    pen, (x, y) = ImageDraw.Draw(image), (draw.randrange(-4, 5) for _ in "xy")
    _draw_shape(pen, shape, x, y, tint(COLOURS[colour]))
    return Picture({"colour": colour, "ground": ground, "shape": shape}, image)


def _draw_shape(pen, shape: str, x: int, y: int, fill: tuple[int, ...]) -> None:
    if shape == "circle":
        pen.ellipse((x + 12, y + 12, x + 51, y + 51), fill=fill)
    elif shape == "cross":
        pen.rectangle((x + 24, 0, x + 39, SIDE), fill=fill)
        pen.rectangle((0, y + 24, SIDE, y + 39), fill=fill)
    elif shape == "frame":
        pen.rectangle((0, 0, SIDE - 1, SIDE - 1), outline=fill, width=14 + x // 2)
    else:
        for top in range(y % 32 - 32, SIDE, 32):
            pen.rectangle((0, top, SIDE, top + 15), fill=fill)


def pictures(number: int, seed: int) -> list[Picture]:
    """Every pair of tags equally often."""
    draw = random.Random(seed)
    pairs = [(colour, ground) for colour in COLOURS for ground in GROUNDS]
    return [picture(draw, *pairs[n % len(pairs)]) for n in range(number)]


def write(folder: Path, made: list[Picture]) -> Path:
    """The pictures, each with its tags in a caption file."""
    folder.mkdir(parents=True)
    for n, one in enumerate(made):
        one.image.save(folder / f"{n:03d}.png")
        (folder / f"{n:03d}.txt").write_text(one.caption() + "\n")
    return folder


class Judge:
    """Losses of one model on the same noise. models: `comfy_in_process.Models`."""

    def __init__(self, models):
        import comfy.model_management

        comfy.model_management.load_models_gpu([models.model])
        self.models, self.inner, self.encoded = models, models.model.model, {}

    def gap(self, one: Picture, group: str, seed: int) -> float:
        """By how many percent the loss is larger with wrong tags of the group than with the right.

        Mean over the wrong tags and over SIGMAS.
        """
        others = [tag for tag in GROUPS[group] if tag != one.tags[group]]
        captions = [one.caption(), *(one.caption(**{group: tag}) for tag in others)]
        losses = self.losses(one, captions, seed)
        wrong = losses[1:].mean(0)
        return float((100 * (wrong - losses[0]) / losses[0]).mean())

    def losses(self, one: Picture, captions: list[str], seed: int):
        """[captions, SIGMAS]: mean squared error of the noise that the model tells."""
        import torch

        noise = torch.Generator().manual_seed(seed)
        number, sigma = len(captions), torch.tensor(SIGMAS)
        with torch.inference_mode():
            clean = self.inner.process_latent_in(self._latent(one))
            eps = torch.randn((len(SIGMAS), *clean.shape[1:]), generator=noise)
            wide = sigma.view(-1, 1, 1, 1)
            noised = clean + wide * eps
            told = [self._encode(text) for text in captions]
            cross, adm = (
                torch.cat(parts).repeat_interleave(len(SIGMAS), 0)
                for parts in zip(*told, strict=True)
            )
            denoised = self.inner.apply_model(
                noised.repeat(number, 1, 1, 1), sigma.repeat(number), c_crossattn=cross, y=adm
            )
            error = (noised - denoised.view(number, *noised.shape)) / wide - eps
            return (error**2).mean((2, 3, 4))

    def _latent(self, one: Picture):
        import numpy
        import torch

        pixels = torch.from_numpy(numpy.asarray(one.image, dtype=numpy.float32) / 255)[None]
        return self.models.vae.encode(pixels)

    def _encode(self, text: str):
        """(text for the cross attention, label embedding) of a caption."""
        import comfy_in_process

        if text not in self.encoded:
            ((cross, told),) = comfy_in_process.encode(self.models.clip, text)
            adm = self.inner.encode_adm(
                device=cross.device, width=SIDE, height=SIDE, pooled_output=told["pooled_output"]
            )
            self.encoded[text] = cross, adm
        return self.encoded[text]
