"""IXLPromptBuilder: a prompt from fields and characters, as tags, with sentences, or as prose."""

from comfy_api.latest import io

from ..core.prompt.choices import LEVELS
from ..core.prompt.profiles import DEFAULT_PROFILE, PROFILES
from ._characters import Characters
from ._characters import Picture as PictureType
from ._profile import profile_inputs

NONE = "none"
RATINGS = PROFILES[DEFAULT_PROFILE].ratings
SCORES = tuple(word.name for word in PROFILES[DEFAULT_PROFILE].scores)
YEARS = tuple(word.name for word in PROFILES[DEFAULT_PROFILE].years)


def _text(name: str, meaning: str, default: str = "", lines: bool = False) -> io.String.Input:
    return io.String.Input(
        name, default=default, multiline=lines, dynamic_prompts=False, tooltip=meaning
    )


def _choice(name: str, words: tuple[str, ...], default: str, meaning: str) -> io.Combo.Input:
    return io.Combo.Input(name, options=[NONE, *words], default=default, tooltip=meaning)


class IXLPromptBuilder(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLPromptBuilder",
            display_name="Build Prompt (Illustrious)",
            category="Illustrious XL/prompt",
            description="Makes a prompt of what you fill in, in the section order of the captions "
            "that the model was trained on: tags, tags with a sentence or a description that is "
            "written from them, or prose alone. Empty fields are left out.",
            inputs=[
                io.Combo.Input(
                    "level", options=list(LEVELS), default="tags",
                    tooltip="tags; sentence: one sentence besides the tags; description: several "
                    "sentences besides the tags; prose: sentences without tags (v1.1 and later).",
                ),
                io.String.Input(
                    "person_count", default="", placeholder="1girl", dynamic_prompts=False,
                    tooltip="Who is there besides connected characters, who are counted: "
                    "1girl, 2boys, no humans.",
                ),
                _text("character", "More characters by their tags: hatsune miku."),
                _text("series", "The series they are from: vocaloid."),
                _text("general", "Everything that is seen: hair, clothing, pose, place, light.",
                      "looking at viewer, smile, upper body, outdoors", lines=True),
                _text("scene", "Where and when: classroom, night, rain."),
                _text("camera", "Framing and view: cowboy shot, from above."),
                _text("style", "Medium and style: watercolor (medium), lineart."),
                _text("text", "Free text: sentences and tags of your own.", lines=True),
                _text("artist", "Artists by their tags."),
                _choice("rating", RATINGS, "general",
                        "How safe the picture is. general also keeps surprises away."),
                _choice("score", SCORES, "masterpiece",
                        "Trained quality words of Illustrious, by score percentile. Other profiles "
                        "get their nearest word."),
                _choice("year", YEARS, NONE,
                        "Drawing style of a period: oldest up to 2017, newest 2023 and later."),
                *profile_inputs(),
                Characters.Input(
                    "characters", optional=True, tooltip="From Character (Illustrious)."
                ),
            ],
            outputs=[
                io.String.Output("prompt", display_name="text"),
                io.String.Output(
                    "sentences", tooltip="The sentences alone, for a text encoder of its own."
                ),
                PictureType.Output("picture", tooltip="For Character Regions (Illustrious)."),
                io.String.Output("notes", tooltip="What the level leaves out, and why."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, level: str, person_count: str, profile: str, model_profile=None, characters=None,
        **fields: str,
    ) -> io.NodeOutput:  # fmt: skip
        from ..core.prompt.given import picture_of
        from ..core.prompt.levels import compose
        from ._profile import chosen_profile
        from ._vocabulary import full_vocabulary

        given = {name: text for name, text in fields.items() if text != NONE}
        picture = picture_of({"cards": characters, "persons": person_count, **given})
        made = compose(picture, level, chosen_profile(profile, model_profile), full_vocabulary())
        return io.NodeOutput(made.text, made.natural_language, picture, "\n".join(made.notes))


NODES = [IXLPromptBuilder]
