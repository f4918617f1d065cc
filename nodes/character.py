"""IXLCharacter: one character of a picture, as a card; cards are chained."""

from comfy_api.latest import io

from ..core.prompt.choices import PERSONS, POSITIONS
from ._characters import Characters


def _text(name: str, meaning: str, lines: bool = False) -> io.String.Input:
    return io.String.Input(
        name, default="", multiline=lines, dynamic_prompts=False, tooltip=meaning
    )


class IXLCharacter(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="IXLCharacter",
            display_name="Character (Illustrious)",
            category="Illustrious XL/prompt",
            description="One character: who it is, how it looks, where it is and what it does. "
            "Chain several and connect the last to Build Prompt.",
            inputs=[
                Characters.Input(
                    "characters", optional=True,
                    tooltip="The characters before this one: from another Character node.",
                ),
                _text("name", "The character's tag, or empty for nobody known: hatsune miku."),
                _text("series", "The series that the character is from: vocaloid."),
                io.Combo.Input(
                    "person", options=list(PERSONS), default="girl",
                    tooltip="Counted for 1girl, 2boys and so on.",
                ),
                _text("tags", "What belongs to the character: hair, eyes, body.", lines=True),
                _text("clothing", "What the character wears: school uniform, hat."),
                _text("action", "What the character does: sitting, holding book."),
                _text("emotion", "How the character feels: smile, blush."),
                io.Combo.Input(
                    "position", options=list(POSITIONS), default="automatic",
                    tooltip="Where in the picture; for sentences and regions. automatic: the "
                    "characters share the picture from left to right, and no sentence says where.",
                ),
            ],
            outputs=[Characters.Output("all_characters", display_name="characters")],
        )  # fmt: skip

    @classmethod
    def execute(cls, position: str, characters=None, **fields: str) -> io.NodeOutput:
        from ..core.prompt.given import with_card

        return io.NodeOutput(with_card(characters, position=POSITIONS[position], **fields))


NODES = [IXLCharacter]
