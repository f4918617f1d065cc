"""What each model family was taught to read: section order, score, year and rating words, data age.

One table; the words themselves, with what they stand for, are in vocabulary/closed.py. Does not
detect models (see core/checkpoint) and does not touch text. User profiles are JSON files with the
same fields; `base` names the profile that supplies the fields left out.

Sources: arXiv 2409.19946 (Illustrious): section 3.1.2, Table 3 (score percentiles), Table 4
(years), appendix A.2.3 (place of the sentence); the Illustrious model cards v0.1 - v2.0; the model
card of Laxhar/noobai-XL-1.0 (order, quality percentiles, date tags, data until 2024-10-23); the
model card of cagliostrolab/animagine-xl-4.0 (order, quality, score, rating and year tags, data
until 2025-01-07).
"""

import json
import logging
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..vocabulary import closed
from ..vocabulary.closed import Word

log = logging.getLogger(__name__)

# Sections a caption can have; the order here is Illustrious'. arXiv 2409.19946, section 3.1.2:
# person count | character | rating | general | artist | score | year. Ours besides those seven:
# - copyright behind character: not in the schema; a series belongs to the subject, and NovelAI,
#   NoobAI and Animagine, whose captions the schema follows, put it there;
# - natural language behind the subject tags and before the rest (appendix A.2.3);
# - meta behind general: the schema has no slot, in the training captions it is what is left over;
# - quality (absurdres, lowres) behind score: the paper's prompts end "..., masterpiece, absurdres"
#   (Figures 10 - 12);
# - network (<lora:...>) last: it is never encoded, so its place has no meaning to the model.
SECTIONS = (
    "person count",
    "character",
    "copyright",
    "natural language",
    "rating",
    "general",
    "meta",
    "artist",
    "score",
    "quality",
    "year",
    "network",
)
# Categories without a section of their own. Framing was trained as a general tag.
SECTION_OF = MappingProxyType({"framing": "general", "unknown": "general"})


class Profile(NamedTuple):
    """What one model family was trained on; see the module docstring for the sources.

    order: sections in caption order; () keeps the order of the source text.
    first_year, last_year: range of trained `year NNNN` tags, (0, 0) for none.
    cut_off: month of the newest training picture, "YYYY-MM", "" if not published.
    rare_below: a name with fewer posts than this is unlikely to be known (rule of thumb).
    """

    id: str
    title: str
    order: tuple[str, ...]
    scores: tuple[Word, ...]
    years: tuple[Word, ...]
    ratings: tuple[str, ...]
    first_year: int
    last_year: int
    cut_off: str
    rare_below: int
    negative: tuple[str, ...]
    source: str


# Card of Illustrious v0.1, short form of its two sample negatives.
_NEGATIVE_V01 = (
    *("worst quality", "comic", "multiple views", "bad quality", "low quality", "lowres"),
    *("displeasing", "very displeasing", "bad anatomy", "bad hands", "scan artifacts"),
    *("monochrome", "greyscale", "twitter username", "jpeg artifacts", "2koma", "4koma"),
    *("extra digits", "fewer digits", "jaggy lines", "unclear"),
)
# Official blog post on v2.0 (2025-03-15), negative of its sample.
_NEGATIVE_V20 = (
    *("worst quality", "low quality", "lowres", "low details", "bad quality", "poorly drawn"),
    *("bad anatomy", "multiple views", "bad hands", "blurry", "artist sign"),
)

_V01 = Profile(
    id="illustrious-v0.1",
    title="Illustrious XL v0.1",
    order=SECTIONS,
    scores=closed.ILLUSTRIOUS_SCORES,
    years=closed.ILLUSTRIOUS_YEARS,
    ratings=closed.ILLUSTRIOUS_RATINGS,
    # A literal `year 2023` stands in the prompt of Figure 11c.
    first_year=2005,
    last_year=2023,
    cut_off="2023-12",  # card: Danbooru2023
    rare_below=100,
    negative=_NEGATIVE_V01,
    source="arXiv 2409.19946, section 3.1.2, Tables 3 and 4; card of v0.1",
)
_NOOBAI = Profile(
    id="noobai-xl",
    title="NoobAI-XL",
    # Card: <count>, <character>, <series>, <artists>, <special tags>, <general tags>, <other tags>,
    # and a prompt prefix "masterpiece, best quality, newest, absurdres, highres, safe".
    order=(
        *("score", "year", "quality", "rating", "person count", "character", "copyright"),
        *("artist", "natural language", "general", "meta", "network"),
    ),
    scores=closed.NOOBAI_SCORES,
    years=closed.NOOBAI_YEARS,
    ratings=closed.NOOBAI_RATINGS,
    first_year=2005,
    last_year=2024,
    cut_off="2024-10",
    rare_below=100,
    negative=(
        *("nsfw", "worst quality", "old", "early", "low quality", "lowres", "signature"),
        *("username", "logo", "bad hands", "mutated hands"),
    ),
    source="card of Laxhar/noobai-XL-1.0",
)
_ANIMAGINE = Profile(
    id="animagine-xl-4",
    title="Animagine XL 4.0",
    # Card: count, character, series, rating, everything else in any order, quality at the end.
    order=(
        *("person count", "character", "copyright", "natural language", "rating", "general"),
        *("meta", "artist", "year", "score", "quality", "network"),
    ),
    scores=closed.ANIMAGINE_SCORES,
    years=(),
    ratings=closed.ANIMAGINE_RATINGS,
    first_year=2005,
    last_year=2025,
    cut_off="2025-01",
    rare_below=100,
    negative=(
        *("lowres", "bad anatomy", "bad hands", "text", "error", "missing finger"),
        *("extra digits", "fewer digits", "cropped", "worst quality", "low quality"),
        *("low score", "bad score", "average score", "signature", "watermark", "username"),
        "blurry",
    ),
    source="card of cagliostrolab/animagine-xl-4.0",
)
_SDXL = Profile(
    id="sdxl",
    title="SDXL (neutral)",
    order=(),
    scores=(),
    years=(),
    ratings=(),
    first_year=0,
    last_year=0,
    cut_off="",
    rare_below=0,
    negative=(),
    source="no tag training: the text keeps its order",
)

PROFILES = MappingProxyType(
    {
        profile.id: profile
        for profile in (
            _V01,
            # Cards of v1.0 and v1.1: knowledge until June and July 2024.
            _V01._replace(
                id="illustrious-v1.0", title="Illustrious XL v1.0", cut_off="2024-06",
                last_year=2024, source="arXiv 2409.19946, section 3.1.2; card of v1.0",
            ),
            _V01._replace(
                id="illustrious-v1.1", title="Illustrious XL v1.1", cut_off="2024-07",
                last_year=2024, source="arXiv 2409.19946, section 3.1.2; card of v1.1",
            ),
            # Trained September 2024 (card of v0.1); a cut-off is not published, so this is the
            # latest that it can be.
            _V01._replace(
                id="illustrious-v2.0", title="Illustrious XL v2.0", cut_off="2024-09",
                last_year=2024, negative=_NEGATIVE_V20,
                source="arXiv 2409.19946, section 3.1.2; card of v2.0; blog post of 2025-03-15",
            ),
            _NOOBAI,
            _ANIMAGINE,
            _SDXL,
        )
    }
)  # fmt: skip
DEFAULT_PROFILE = "illustrious-v2.0"


@lru_cache(maxsize=64)
def get_profile(name: str | Profile) -> Profile:
    """The profile of an id, or of a user's JSON file. Raises ValueError with the ids allowed."""
    if isinstance(name, Profile):
        return name
    if name in PROFILES:
        return PROFILES[name]
    raise ValueError(
        f"Profile {name!r} is not known; choose one of {', '.join(PROFILES)}, or load your own "
        "profile from its JSON file."
    )


def load_profiles(folder: Path) -> dict[str, Profile]:
    """The profiles of this pack, then those of the `*.json` files of a user's folder, by id.

    A file that is no profile, or that takes an id again, is left out with one warning.
    """
    found = dict(PROFILES)
    for path in sorted(folder.glob("*.json")):
        try:
            profile = load_profile(path)
            if profile.id in found:
                raise ValueError(f"Profile file {path}: the id {profile.id!r} is taken; change it.")
            found[profile.id] = profile
        except ValueError as error:
            _warn(f"{error} The file is left out.")
    return found


@lru_cache(maxsize=256)
def _warn(message: str) -> None:
    """Log a warning once per process."""
    log.warning(message)


def load_profile(path: str | Path) -> Profile:
    """A user profile from a JSON file: fields of Profile, plus `base` (default illustrious-v2.0).

    Raises ValueError with one sentence when the file is not a profile.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"Profile file {path} cannot be read as JSON: {error}.") from None
    if not isinstance(data, dict) or not isinstance(data.get("id"), str) or not data["id"]:
        raise ValueError(f'Profile file {path} must hold an object such as {{"id": "mine"}}.')
    base = data.pop("base", DEFAULT_PROFILE)
    if not isinstance(base, str) or base not in PROFILES:
        allowed = ", ".join(PROFILES)
        raise ValueError(f"Profile file {path}: base is {base!r}; it must be one of {allowed}.")
    fields = {field: _field(path, field, value) for field, value in data.items()}
    return PROFILES[base]._replace(**fields)


def _field(path: str | Path, field: str, value: object) -> object:
    """One field of a user profile, checked and made immutable."""
    bad = ValueError(f"Profile file {path}: the field {field!r} has the value {value!r}")
    if field in ("scores", "years"):
        try:
            return tuple(Word(str(name), float(low), float(high)) for name, low, high in value)
        except (TypeError, ValueError):
            raise ValueError(f"{bad}; it must be a list of [word, low, high].") from None
    if field in ("order", "ratings", "negative"):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{bad}; it must be a list of strings.")
        if field == "order" and value and sorted(value) != sorted(SECTIONS):
            raise ValueError(f"{bad}; it must be empty or name each of {', '.join(SECTIONS)} once.")
        return tuple(value)
    if field in ("first_year", "last_year", "rare_below"):
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{bad}; it must be a whole number.")
        return value
    if field in ("id", "title", "cut_off", "source"):
        if not isinstance(value, str):
            raise ValueError(f"{bad}; it must be a string.")
        return value
    raise ValueError(f"{bad}; the fields allowed are base, {', '.join(Profile._fields)}.")


def section_of(category: str) -> str:
    """The section that holds a category."""
    section = SECTION_OF.get(category, category)
    return section if section in SECTIONS else "general"
