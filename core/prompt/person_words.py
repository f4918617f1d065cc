"""Words for composed sentences about what persons are, have and wear.

Tables for phrases; the common tags of each kind. Tags that are not here go through the rules in
phrases, or are left unsaid.
"""

from .english import words

LENGTHS = ("very short", "short", "medium", "long", "very long", "absurdly long")
COLORS = words(
    """black, blonde, blue, brown, green, grey, orange, pink, purple, red, white, silver, aqua,
    yellow, gold, beige, light brown, light blue, dark blue, light purple, dark green, light
    green, platinum blonde, rainbow, strawberry blonde, amber, hazel, violet, cyan, turquoise,
    teal, crimson, magenta, golden, dark brown, dark red"""
)
# Say that there are several colors, which is clear once they are named.
SEVERAL_COLORS = words("multicolored, two-tone, gradient, streaked, split-color, mismatched")
HAIR_SHAPES = words(
    """wavy, curly, straight, messy, spiked, braided, layered, fluffy, shiny, glowing, flaming,
    translucent, parted, asymmetrical, pointy, flipped, big, wet, slicked-back, floating, loose"""
)
EYE_SHAPES = words("glowing, sparkling, empty, narrowed, slit-pupil, shiny, bloodshot, tired")
# How hair is worn: "long hair in twintails". A noun phrase, or a tag that is none -> its words.
TIED = {
    **{name: name for name in ("twintails", "low twintails", "short twintails", "twin braids")},
    **{name: name for name in ("dreadlocks", "cornrows", "ringlets", "drills", "low twin braids")},
    **{name: f"a {name}" for name in ("ponytail", "high ponytail", "side ponytail", "topknot")},
    **{name: f"a {name}" for name in ("low ponytail", "braid", "single braid", "side braid")},
    **{name: f"a {name}" for name in ("french braid", "braided ponytail", "split ponytail")},
    **{name: f"a {name}" for name in ("bob cut", "hime cut", "pixie cut", "bowl cut")},
    **{name: f"a {name}" for name in ("braided bun", "mullet", "mohawk", "wolf cut")},
    **{name: f"a {name}" for name in ("crown braid", "front braid", "side drill")},
    **{name: f"a {name}" for name in ("short ponytail", "pompadour", "buzz cut", "half up braid")},
    **{"hair bun": "a bun", "single hair bun": "a bun", "double bun": "two buns"},
    **{"drill hair": "drill curls", "twin drills": "twin drill curls", "afro": "an afro"},
    **{"half updo": "a half updo", "updo": "an updo", "inverted bob": "an inverted bob"},
    **{"two side up": "two side tails", "one side up": "a side tail"},
}  # fmt: skip
HAIR_TAILS = {
    "hair over one eye": "falling over one eye",
    "hair between eyes": "falling between {their} eyes",
    "hair over eyes": "falling over {their} eyes",
    "hair over shoulder": "over one shoulder",
    "hair behind ear": "tucked behind an ear",
    "hair pulled back": "pulled back",
    "hair slicked back": "slicked back",
    "hair down": "worn down",
    "low-tied long hair": "tied low",
    "colored inner hair": "with a colored inner layer",
    "short hair with long locks": "with long locks",
    "eyes visible through hair": "over {their} eyes",
    "hair flowing over": "flowing over {their} shoulders",
    "hair spread out": "spread out",
    "hair up": "worn up",
}
# Last words of what a person has, after "with".
FEATURES = words(
    """ears, tail, tails, wings, wing, horns, horn, antlers, halo, fang, fangs, freckles, mole,
    scar, scars, skin, tattoo, tattoos, breasts, muscles, abs, beard, mustache, goatee, stubble,
    eyebrows, eyelashes, claws, scales, bangs, ahoge, sidelocks, heterochromia, pupils, sclera,
    feathers, nails, fingernails, bandaid, bandaids, facepaint, makeup, lipstick, eyeshadow,
    eyeliner, fur, antennae, gills, hooves, paws, lips, whiskers, dimples, wrinkles, hips,
    shoulders, waist, legs, thighs, arms, prosthesis, cowlick, sideburns, forehead, nose,
    markings, piercing, piercings, stitches, tusks, bandages, tanlines, polish, chest, eyebrow,
    biceps"""
)
BODY = {
    "midriff": "a bare midriff",
    "navel": "a bare navel",
    "stomach": "a bare stomach",
    "armpits": "bare armpits",
    "back": "a bare back",
    "toes": "bare toes",
    "collarbone": "a bare collarbone",
    "thighs": "bare thighs",
    "zettai ryouiki": "bare thighs above long socks",
    "dark-skinned female": "dark skin",
    "dark-skinned male": "dark skin",
    "tan": "tanned skin",
    "very dark skin": "very dark skin",
    "bald": "a bald head",
    "feet": "bare feet",
    "soles": "bare soles",
    "mole under eye": "a mole under one eye",
    "mole under mouth": "a mole under the mouth",
    "scar across eye": "a scar across one eye",
    "scar on face": "a scar on the face",
    "blood on face": "blood on the face",
    "facial mark": "a mark on the face",
    "facial hair": "facial hair",
    "food on face": "food on the face",
    "single bare shoulder": "one bare shoulder",
    "lips": "full lips",
}
# Adjectives before a noun: "a tall girl".
ADJECTIVES = {
    **{name: name for name in ("tall", "muscular", "slim", "petite", "curvy", "plump", "skinny")},
    **{name: name for name in ("toned", "albino", "androgynous", "faceless", "giant", "fat")},
    **{"muscular female": "muscular", "muscular male": "muscular", "tall female": "tall"},
    **{"tall male": "tall", "toned female": "toned", "toned male": "toned"},
    **{"mature female": "mature", "mature male": "mature", "pregnant": "pregnant"},
}
# After "is".
STATES = {
    **{name: name for name in ("barefoot", "wet", "nude", "topless", "invisible", "dirty")},
    **{name: name for name in ("injured", "transparent", "sweaty", "very sweaty", "soaked")},
    **{"injury": "injured", "glowing": "glowing", "sweat": "sweating", "furry": "furry"},
    **{"completely nude": "nude", "back-to-back": "back to back", "side-by-side": "side by side"},
}
# What a person is. Species stand before "girl" or "boy", as in "an elf girl".
SPECIES = words(
    """elf, dark elf, vampire, angel, fallen angel, demon, oni, ghost, zombie, android, cyborg,
    goblin, orc, dwarf, alien, kitsune, tengu, draph, miqo'te"""
)
# These say by themselves that it is a woman or a man, or nothing that is either.
PERSON_NOUNS = words(
    """princess, queen, prince, king, witch, wizard, maid, nun, miko, priest, butler, waitress,
    waiter, mermaid, fairy, magical girl, office lady, policewoman, bride, groom, shrine maiden,
    old man, old woman, monk, cowboy, geisha, succubus, race queen, gyaru, tomboy, centaur, harpy,
    lamia, werewolf, dullahan, dryad, mecha, robot, child, baby, toddler"""
)
# Callings of either sex: "a female knight".
ROLES = words(
    """knight, soldier, samurai, ninja, pirate, student, teacher, chef, detective, dancer,
    scientist, adventurer, warrior, pilot, mecha pilot, police officer, office worker, idol,
    singer, mechanic, doctor, nurse, cheerleader, athlete, archer, mage, mercenary, assassin,
    bartender, barista, firefighter, farmer, fisherman, magician, clown, jester, conductor,
    ballerina, gunslinger, construction worker, delinquent, shinigami, vampire hunter, flight
    attendant, astronaut"""
)
# Worn as an outfit although the tag names a person or a fashion: "a maid outfit".
OUTFITS = {
    **{name: f"{name} outfit" for name in (*PERSON_NOUNS, *ROLES, *SPECIES)},
    **{name: f"{name} outfit" for name in ("gothic lolita", "sweet lolita", "punk", "steampunk")},
    **{name: f"{name} outfit" for name in ("cyberpunk", "playboy bunny", "lolita", "gothic")},
    **{name: f"{name} outfit" for name in ("cowboy western", "jirai kei", "wa maid", "santa")},
    **{"hood up": "raised hood", "hood down": "lowered hood", "tied shirt": "tied shirt"},
    **{"sleeves rolled up": "rolled-up sleeves", "shirt tucked in": "tucked-in shirt"},
    **{"pants rolled up": "rolled-up pants", "sleeves pushed up": "pushed-up sleeves"},
    **{"lolita fashion": "lolita outfit", "goth fashion": "gothic outfit"},
    **{"fashion": "fashionable outfit", "victorian": "Victorian outfit"},
    **{"cosplay": "cosplay outfit", "tribal": "tribal outfit"},
    **{"casual": "casual clothes", "contemporary": "contemporary clothes"},
    **{"alternate costume": "different outfit", "official alternate costume": "different outfit"},
    **{"sleeveless": "sleeveless clothes", "strapless": "strapless clothes"},
    **{"see-through": "see-through clothes", "off shoulder": "off-shoulder clothes"},
    **{"layered clothes": "layers of clothes", "matching outfits": "matching outfits"},
    **{"partially unbuttoned": "partly unbuttoned clothes", "kigurumi": "kigurumi"},
    **{"japanese clothes": "Japanese clothes", "chinese clothes": "Chinese clothes"},
    **{"korean clothes": "Korean clothes", "formal": "formal clothes"},
}  # fmt: skip
# Last words of what is seen of clothes and is no piece of clothing.
DETAILS = words(
    """print, cutout, trim, slit, opening, frills, lace, buttons, zipper, embroidery, tassel,
    pattern, polka dot, tab, writing, neckline, cutouts, tassels, seams, buckle, strap, straps,
    fabric, lapels"""
)
# Last words of what a person has along and does not wear.
CARRIED = words(
    """umbrella, parasol, bag, handbag, suitcase, briefcase, basket, sack, fan, cane, crutch,
    wallet, purse, handkerchief, case, sheath, scabbard, quiver, satchel, pouch, lantern"""
)
# Last words of what a person wears.
CLOTHES = words(
    """dress, sundress, shirt, t-shirt, blouse, skirt, miniskirt, shorts, pants, jeans, leggings,
    jacket, coat, hoodie, sweater, cardigan, vest, suit, tuxedo, uniform, serafuku, kimono, yukata,
    hakama, haori, robe, cape, cloak, capelet, apron, armor, swimsuit, bikini, leotard, bodysuit,
    thighhighs, kneehighs, socks, pantyhose, stockings, boots, shoes, sandals, sneakers, heels,
    loafers, gloves, mittens, hat, cap, beret, helmet, hood, crown, tiara, headband, hairband,
    headdress, headphones, ribbon, bow, bowtie, necktie, scarf, choker, collar, necklace, pendant,
    earring, earrings, ring, bracelet, glasses, sunglasses, goggles, monocle, eyepatch, mask, belt,
    bag, backpack, hairclip, ornament, scrunchie, veil, garter, sash, obi, watch, wristband, top,
    crop top, sleeves, gauntlets, cheongsam, gown, overalls, blazer, raincoat, trench coat, clothes,
    clothing, outfit, costume, attire, sportswear, swimwear, headwear, footwear, legwear, eyewear,
    blindfold, pajamas, bra, panties, underwear, lingerie, corset, hairpin, earphones, headset"""
)
# What several persons are to each other: "They are twins."
RELATIONS = {
    **{name: name for name in ("twins", "triplets", "siblings", "sisters", "brothers", "cousins")},
    **{name: name for name in ("friends", "rivals", "brother and sister", "husband and wife")},
    **{name: name for name in ("mother and daughter", "mother and son", "father and son")},
    **{name: name for name in ("father and daughter", "teacher and student")},
    "couple": "a couple",
    "family": "a family",
}
