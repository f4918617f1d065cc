"""Words for composed sentences: which tags are hair, features, clothes, moods, places, views.

Tables for phrases; the common tags of each kind, in wording that follows "with", "is" or "drawn".
Tags that are not here go through the rules in phrases, or are left unsaid.
"""


def _words(text: str) -> frozenset[str]:
    """The words or phrases of a comma-separated list."""
    return frozenset(" ".join(word.split()) for word in text.split(","))


LENGTHS = ("very short", "short", "medium", "long", "very long", "absurdly long")
COLORS = _words(
    """black, blonde, blue, brown, green, grey, orange, pink, purple, red, white, silver, aqua,
    yellow, gold, beige, light brown, light blue, dark blue, light purple, dark green, light green,
    platinum blonde, multicolored, two-tone, gradient, streaked, rainbow, split-color, strawberry
    blonde, amber, hazel, violet"""
)
HAIR_SHAPES = _words(
    """wavy, curly, straight, messy, spiked, drill, braided, layered, fluffy, shiny, glowing,
    translucent, parted, asymmetrical, pointy, flipped, big, tied, wet, slicked-back, feathered"""
)
EYE_SHAPES = _words("glowing, sparkling, empty, narrowed, multicolored, slit-pupil")
TIED = _words(
    """twintails, low twintails, short twintails, ponytail, high ponytail, braid, side ponytail,
    low ponytail, twin braids, single braid, side braid, french braid, braided ponytail,
    double bun, single hair bun, hair bun, front braid, split ponytail, dreadlocks, low-tied"""
)
# Last words of what a person has, after "with".
FEATURES = _words(
    """ears, tail, tails, wings, wing, horns, horn, halo, fang, fangs, freckles, mole, scar, scars,
    skin, tattoo, tattoos, breasts, muscles, abs, beard, mustache, stubble, eyebrows, eyelashes,
    claws, scales, bangs, ahoge, sidelocks, cut, heterochromia, pupils, sclera, feathers, nails,
    bandaid, bandaids, facepaint, makeup, lipstick, eyeshadow, afro, antennae, gills, hooves,
    paws"""
)
# Last words of what a person wears.
CLOTHES = _words(
    """dress, sundress, shirt, t-shirt, blouse, skirt, miniskirt, shorts, pants, jeans, leggings,
    jacket, coat, hoodie, sweater, cardigan, vest, suit, tuxedo, uniform, serafuku, kimono, yukata,
    hakama, haori, robe, cape, cloak, capelet, apron, armor, swimsuit, bikini, leotard, bodysuit,
    thighhighs, kneehighs, socks, pantyhose, stockings, boots, shoes, sandals, sneakers, heels,
    loafers, gloves, mittens, hat, cap, beret, helmet, hood, crown, tiara, headband, hairband,
    headdress, headphones, ribbon, bow, bowtie, necktie, scarf, choker, collar, necklace, pendant,
    earring, earrings, ring, bracelet, glasses, sunglasses, goggles, monocle, eyepatch, mask, belt,
    bag, backpack, hairclip, ornament, scrunchie, veil, garter, sash, obi, watch, wristband, top,
    crop top, sleeves, gauntlets, cheongsam, gown, overalls, blazer, raincoat, trench coat,
    clothes, clothing, outfit, costume, attire, sportswear, swimwear, headwear, footwear, legwear"""
)
STATES = {
    **{name: name for name in ("barefoot", "wet", "tall", "muscular", "slim", "petite", "curvy")},
    **{"dark skin": "with dark skin", "dark-skinned female": "with dark skin", "tan": "tanned"},
    **{"dark-skinned male": "with dark skin", "mature female": "of mature age"},
    **{"mature male": "of mature age", "floating hair": "with floating hair"},
}
KINDS = _words(
    """maid, nurse, knight, princess, prince, queen, king, witch, wizard, elf, vampire, angel,
    demon, idol, ninja, samurai, soldier, pirate, miko, nun, fairy, mermaid, android, robot,
    student, teacher, chef, waitress, cheerleader, detective, butler, priest, dancer, adventurer,
    warrior, mecha pilot, police officer, office worker, race queen, magical girl"""
)
# Adjectives that follow "looking".
FEELINGS = _words(
    """happy, sad, angry, annoyed, bored, confused, worried, nervous, shy, embarrassed, surprised,
    scared, serious, sleepy, tired, drunk, excited, dazed, determined, lonely, thoughtful, smug,
    depressed, disgusted, flustered, jealous, proud, relaxed, sick, upset, bashful, horrified,
    panicking, exhausted, concerned, curious, gloomy, joyful, melancholic, mischievous"""
)
# Last words of a look on a face, after "with".
FACE_WORDS = _words(
    """mouth, eyes, teeth, face, lips, eye, eyebrow, eyebrows, smile, glance, expression, look,
    stare, grin, frown, blush, breath, tongue, cheeks"""
)
# Last words of things that stand in a scene.
OBJECTS = _words(
    """fountain, fence, gate, lamp, lamppost, lantern, tree, flower, bush, chair, table, desk, door,
    wall, mirror, pillow, curtain, curtains, rock, torii, bicycle, car, train, bus, cat, dog, bird,
    butterfly, balloon, boat, tower, statue, clock, candle, cup, book, bottle, vase, rug, sign,
    piano, campfire, fireplace, bonfire, petals, leaves, stars, fireworks, lights, books, flowers,
    trees, birds, balloons, snowman, swing, tombstone, pillar, arch, rainbow, waterfall, cake"""
)
BODY_SPOTS = _words(
    """leg, arm, chest, hand, face, cheek, nose, neck, eye, mouth, head, stomach, shoulder, back,
    knee, chin, hip, hips, ear, forehead"""
)
POSITIONS = {
    "left": "on the left",
    "right": "on the right",
    "center": "in the center",
    "middle": "in the center",
    "foreground": "in the foreground",
    "background": "in the background",
    "top": "at the top",
    "bottom": "at the bottom",
    "front": "in front",
    "back": "in the back",
}
ACTIONS = {
    "v": "making a v sign",
    "peace sign": "making a peace sign",
    "salute": "saluting",
    "selfie": "taking a selfie",
    "hug": "hugging",
    "wave": "waving",
    "fighting stance": "in a fighting stance",
    "battoujutsu stance": "in a drawing stance",
    "seiza": "sitting in seiza",
    "wariza": "sitting with legs to the sides",
    "indian style": "sitting cross-legged",
    "crossed legs": "with crossed legs",
    "crossed arms": "with crossed arms",
    "on back": "lying on {their} back",
    "on side": "lying on {their} side",
    "on stomach": "lying on {their} stomach",
    "all fours": "on all fours",
    "yoga": "doing yoga",
    "against wall": "leaning against a wall",
    "head tilt": "tilting {their} head",
    "outstretched arm": "with an outstretched arm",
    "outstretched arms": "with outstretched arms",
    "contrapposto": "standing in contrapposto",
    "profile": "in profile",
    "facing viewer": "facing the viewer",
}
MOODS = {
    "smile": "smiling",
    "light smile": "smiling slightly",
    "grin": "grinning",
    "smirk": "smirking",
    "evil smile": "smiling wickedly",
    "sad smile": "smiling sadly",
    "blush": "blushing",
    "light blush": "blushing slightly",
    "frown": "frowning",
    "pout": "pouting",
    "wink": "winking",
    "tears": "in tears",
    "expressionless": "without expression",
    "one eye closed": "with one eye closed",
    "closed eyes": "with closed eyes",
    "open mouth": "with an open mouth",
    "closed mouth": "with a closed mouth",
    "parted lips": "with parted lips",
    "clenched teeth": "with clenched teeth",
    "tongue out": "with the tongue out",
    ":d": "smiling with an open mouth",
    ":)": "smiling",
    ":o": "with a surprised look",
    ":3": "with a cat-like smile",
    ":p": "sticking out the tongue",
    "^_^": "smiling with closed eyes",
    ">_<": "with tightly closed eyes",
    "half-closed eyes": "with half-closed eyes",
    "wide-eyed": "wide-eyed",
    "sweatdrop": "with a drop of sweat",
}
SCENES = {
    "outdoors": "outdoors",
    "indoors": "indoors",
    "underwater": "underwater",
    "day": "by day",
    "night": "at night",
    "sunset": "at sunset",
    "sunrise": "at sunrise",
    "dusk": "at dusk",
    "dawn": "at dawn",
    "evening": "in the evening",
    "twilight": "at twilight",
    "morning": "in the morning",
    "rain": "in the rain",
    "snow": "in the snow",
    "wind": "in the wind",
    "snowing": "in falling snow",
    "fog": "in fog",
    "storm": "in a storm",
    "sky": "under the sky",
    "cloud": "under clouds",
    "clouds": "under clouds",
    "moon": "under the moon",
    "space": "in space",
    "full moon": "under a full moon",
    "sun": "under the sun",
    "beach": "on a beach",
    "ocean": "by the ocean",
    "sea": "by the sea",
    "river": "by a river",
    "lake": "by a lake",
    "mountain": "in the mountains",
    "field": "in a field",
    "flower field": "in a field of flowers",
    "street": "on a street",
    "road": "on a road",
    "rooftop": "on a rooftop",
    "bridge": "on a bridge",
    "balcony": "on a balcony",
    "stairs": "on stairs",
    "bed": "on a bed",
    "couch": "on a couch",
    "bench": "on a bench",
    "stage": "on a stage",
    "ship": "on a ship",
    "window": "by a window",
    "train interior": "inside a train",
    "car interior": "inside a car",
    "ruins": "among ruins",
    "cherry blossoms": "among cherry blossoms",
    "tree": "by a tree",
    "trees": "among trees",
    "school": "at a school",
    "grass": "on grass",
    "summer": "in summer",
    "winter": "in winter",
    "autumn": "in autumn",
    "spring (season)": "in spring",
    "starry sky": "under a starry sky",
    "water": "by the water",
    "poolside": "by a pool",
    "countryside": "in the countryside",
    "wasteland": "in a wasteland",
}
# Last words of places one is "in".
PLACES = _words(
    """room, classroom, bedroom, bathroom, living room, ballroom, forest, city, house, shop, store,
    garden, park, hall, station, hospital, restaurant, cave, temple, shrine, stadium, market,
    village, town, desert, jungle, museum, theater, gym, pool, office, kitchen, library, cafe, bar,
    castle, church, alley, cemetery, laboratory, greenhouse, tent, cockpit, meadow, onsen, arena,
    palace, hallway, hangar, aquarium, cityscape, infirmary, bakery, dungeon, harbor, barn, prison,
    workshop, tavern, factory, warehouse, attic, basement, canyon, valley, swamp, savannah"""
)
VIEWS = {
    "from above": "seen from above",
    "from below": "seen from below",
    "from side": "seen from the side",
    "from behind": "seen from behind",
    "from outside": "seen from outside",
    "portrait": "shown as a portrait",
    "upper body": "shown from the waist up",
    "lower body": "shown from the waist down",
    "cowboy shot": "shown from the thighs up",
    "full body": "shown from head to toe",
    "close-up": "shown in close-up",
    "wide shot": "shown in a wide shot",
    "very wide shot": "shown in a very wide shot",
    "dutch angle": "shown at a tilted angle",
    "pov": "seen through the eyes of another person",
    "profile": "seen in profile",
    "lens flare": "with lens flare",
    "silhouette": "shown in silhouette",
    "depth of field": "with a shallow depth of field",
    "blurry background": "with a blurred background",
    "fisheye": "seen through a fisheye lens",
    "backlighting": "lit from behind",
    "sunlight": "lit by sunlight",
    "moonlight": "lit by moonlight",
    "dark": "dimly lit",
}
STYLES = {
    "watercolor": "in watercolor",
    "sketch": "as a sketch",
    "lineart": "as line art",
    "monochrome": "in a single color",
    "greyscale": "in shades of grey",
    "pixel art": "as pixel art",
    "flat color": "in flat colors",
    "oil painting": "as an oil painting",
    "painting": "as a painting",
    "traditional media": "in traditional media",
    "photorealistic": "photorealistically",
    "realistic": "realistically",
    "limited palette": "with a limited palette",
    "pastel colors": "in pastel colors",
    "spot color": "with a spot of color",
    "comic": "as a comic",
    "game cg": "as game artwork",
    "official art": "as official artwork",
    "chibi": "in chibi style",
    "halftone": "with halftones",
    "silhouette": "as a silhouette",
    "poster": "as a poster",
    "science fiction": "as science fiction",
    "fantasy": "as fantasy art",
    "anime coloring": "with anime coloring",
    "anime screenshot": "as a scene from an anime",
}
