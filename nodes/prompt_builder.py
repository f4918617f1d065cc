"""IXLPromptBuilder: a prompt from separate fields, in the section order of the model's captions."""

from comfy_api.latest import io

from ..core.prompt.build import build
from ..core.prompt.profiles import DEFAULT_PROFILE, PROFILES
from ._profile import chosen_profile, profile_inputs

NONE = "none"
RATINGS = PROFILES[DEFAULT_PROFILE].ratings
SCORES = tuple(word.name for word in PROFILES[DEFAULT_PROFILE].scores)
YEARS = tuple(word.name for word in PROFILES[DEFAULT_PROFILE].years)


def _tags(name: str, example: str, default: str = "", lines: bool = False) -> io.String.Input:
    return io.String.Input(
        name, default=default, multiline=lines, dynamic_prompts=False, tooltip=example
    )


class IXLPromptBuilder(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLPromptBuilder",
            display_name="Build Prompt (Illustrious)",
            category="Illustrious XL/prompt",
            description="Joins what you fill in to a prompt in the section order of the captions "
            "that the model was trained on. Empty fields are left out.",
            inputs=[
                _tags("person_count", "Who is there: 1girl, solo, 2boys, no humans.", "1girl"),
                _tags("character", "Characters by their tags: hatsune miku."),
                _tags("series", "The series the characters are from: vocaloid."),
                _tags(
                    "general", "Everything that is seen: hair, clothing, pose, place, light.",
                    "looking at viewer, smile, upper body, outdoors", lines=True,
                ),
                _tags("sentence", "Sentences, for v1.1 and later; may stay empty.", lines=True),
                _tags("artist", "Artists by their tags."),
                io.Combo.Input(
                    "rating", options=[NONE, *RATINGS], default="general",
                    tooltip="How safe the picture is. general also keeps surprises away.",
                ),
                io.Combo.Input(
                    "score", options=[NONE, *SCORES], default="masterpiece",
                    tooltip="Trained quality words of Illustrious, by score percentile.",
                ),
                io.Combo.Input(
                    "year", options=[NONE, *YEARS], default=NONE,
                    tooltip="Drawing style of a period: oldest up to 2017, newest 2023 and later.",
                ),
                *profile_inputs(),
            ],
            outputs=[io.String.Output("text")],
        )  # fmt: skip

    @classmethod
    def execute(
        cls, person_count: str, character: str, series: str, general: str, sentence: str,
        artist: str, rating: str, score: str, year: str, profile: str, model_profile=None,
    ) -> io.NodeOutput:  # fmt: skip
        fields = {
            "person count": person_count,
            "character": character,
            "copyright": series,
            "natural language": sentence,
            "rating": rating,
            "general": general,
            "artist": artist,
            "score": score,
            "year": year,
        }
        given = {name: text for name, text in fields.items() if text != NONE}
        return io.NodeOutput(build(given, chosen_profile(profile, model_profile)))


NODES = [IXLPromptBuilder]
