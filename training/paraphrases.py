"""Other words for closed-class tags: one of them is written now and then, so that both are learned.

arXiv 2409.19946, section 3.2, fifth item: count tags and their like are rewritten as words. Which
groups are covered follows the authors' trainer (aria1th/sd-scripts, commits 606ddff to 67b317a:
counts, framing, solo, line art, resolution, time of day, grey pictures, ratings, quality); the
wordings are ours. Exact names only.
"""

from types import MappingProxyType

PARAPHRASES = MappingProxyType(
    {
        "1girl": ("one girl", "a girl", "single girl"),
        "2girls": ("two girls", "a pair of girls"),
        "3girls": ("three girls", "trio of girls"),
        "1boy": ("one boy", "a boy", "single boy"),
        "2boys": ("two boys", "a pair of boys"),
        "3boys": ("three boys", "trio of boys"),
        "multiple girls": ("several girls", "many girls"),
        "multiple boys": ("several boys", "many boys"),
        "no humans": ("nobody", "without people"),
        "solo": ("alone", "single person"),
        "upper body": ("from the waist up", "half body"),
        "full body": ("whole body", "head to toe"),
        "cowboy shot": ("from the thighs up", "three-quarter shot"),
        "portrait": ("head and shoulders", "bust shot"),
        "close-up": ("close view", "extreme close shot"),
        "from above": ("seen from above", "high angle"),
        "from below": ("seen from below", "low angle"),
        "from behind": ("seen from behind", "back view"),
        "from side": ("seen from the side", "side view"),
        "looking at viewer": ("facing the viewer", "eye contact with the viewer"),
        "lineart": ("line art", "line drawing"),
        "lowres": ("low resolution", "low-res"),
        "highres": ("high resolution", "high-res"),
        "day": ("daytime", "daylight hours"),
        "night": ("nighttime", "at night"),
        "monochrome": ("single-color", "one color only"),
        "greyscale": ("grayscale", "shades of grey"),
        "general": ("safe", "sfw", "safe for work"),
        "sensitive": ("mildly suggestive", "slightly suggestive"),
        "questionable": ("nsfw", "not safe for work"),
        "explicit": ("very nsfw", "adults only"),
        "masterpiece": ("amazing quality", "outstanding quality"),
        "best quality": ("very high quality", "top quality"),
        "bad quality": ("low quality", "poor quality"),
        "worst quality": ("terrible quality", "very low quality"),
    }
)
