"""SHA-256 of the official Illustrious files.

Source: file listings of the OnomaAIResearch repositories; each hash is agreed on by at least two
independent records.
"""

from typing import NamedTuple


class OfficialFile(NamedTuple):
    """One published file; `profile` is an id of `profiles.PROFILES`."""

    name: str
    version: str
    profile: str
    size: int | None


OFFICIAL_FILES: dict[str, OfficialFile] = {
    "3e15ba00387db678ab4a099f75771c4f5ac67fda9e7100a01d263eaf30145aa9": OfficialFile(
        "Illustrious-XL-v0.1.safetensors", "v0.1", "illustrious-v0.1", 6_938_040_760
    ),
    "e3d12d0f76d61aa31d2668a2217e5b642592193f2946842c44d7056ea5469cce": OfficialFile(
        "Illustrious-XL-v0.1-GUIDED.safetensors", "v0.1-GUIDED", "illustrious-v0.1-guided", None
    ),
    "735cf3fefcbdc4f7817f53247e38b836ffd27c7641af6d8daa21d245242cb4bd": OfficialFile(
        "Illustrious-XL-v1.0.safetensors", "v1.0", "illustrious-v1.0", 6_938_040_736
    ),
    "536863e9f0c13b0ce834e2f8a19ada425ee4f722c0ad3d0051ec7e6adaa8156c": OfficialFile(
        "Illustrious-XL-v1.1.safetensors", "v1.1", "illustrious-v1.1", 6_938_040_728
    ),
    "c2a1a3eaa13d4c107dc7e00c3fe830cab427aa026362740ea094745b3422a331": OfficialFile(
        "Illustrious-XL-v2.0.safetensors", "v2.0", "illustrious-v2.0", 6_938_040_674
    ),
}
