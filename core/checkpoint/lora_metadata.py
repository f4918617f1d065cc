"""How a LoRA was trained, by the metadata that trainers write: pictures, tags, trigger words.

Keys: `ss_*` (kohya-ss/sd-scripts, train_network.py), `modelspec.*` (Stability-AI/ModelSpec),
`software` (ostris/ai-toolkit), `ot_*` (Nerogar/OneTrainer), `trained_words` (bghira/SimpleTuner).
Anybody can write anything there: what is malformed counts as absent, nothing raises. Which model a
LoRA was trained on is found in metadata.py.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ..prompt.fields import escape_name
from ..vocabulary.closed import by_pattern, closed_tags
from .findings import one_line

_LONGEST = 8 << 20  # characters of one value that is parsed; of thousands of pictures it is 1 MB
_STATED = (
    "modelspec.trigger_phrase", "trigger_phrase", "trigger_words", "trigger_word",
    "ss_trigger_words", "trained_words", "trainedWords", "activation text", "instance_prompt",
)  # fmt: skip
CAPTIONS = "captions"
_EVERY = 0.95  # of the pictures of a folder: a tag that all its captions have
_MOST_WORDS = 5  # of one folder; more are features of a small or uniform data set
# In nearly every caption of nearly every data set.
_COMMON = {"solo", "looking at viewer", "simple background", "white background"}
_NOTHING = ("", "none", "null")
_CUT = re.compile(r",|\|\|\||\n")  # commas; sections of captions; levels of captions
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class TagCount(NamedTuple):
    """A tag of the captions. share: of the pictures, None where their number is not known."""

    tag: str
    count: int
    share: float | None


class Training(NamedTuple):
    """What the metadata says; "", 0 and () where it says nothing.

    trigger_words: as they go into a prompt. words_from: who says so, a key of the metadata, the
    name of a file beside the LoRA (lora_sidecar.py), or CAPTIONS: then they are the tags that
    nearly all captions of a folder have. pictures: without repeats. shown: with repeats.
    """

    name: str = ""
    trainer: str = ""
    base: str = ""
    alpha: float = 0
    resolutions: tuple[str, ...] = ()
    epoch: int = 0
    epochs: int = 0
    steps: int = 0
    pictures: int = 0
    shown: int = 0
    trigger_words: tuple[str, ...] = ()
    words_from: str = ""
    tags: tuple[TagCount, ...] = ()


class _Folder(NamedTuple):
    """Tag counts of one folder of pictures, and how many there are (0: unknown)."""

    counts: dict[str, int]
    pictures: int


def read_training(metadata: dict[str, str]) -> Training:
    """What can be made of the metadata of a file."""
    value = metadata.get
    folders = _folders(metadata)
    words, source = _stated_words(metadata)
    if not words:
        words, source = tuple(dict.fromkeys(_frequent_words(folders))), CAPTIONS
    numbers = {
        field: int(_number(value(key)))
        for field, key in (
            ("epoch", "ss_epoch"), ("epochs", "ss_num_epochs"), ("steps", "ss_steps"),
            ("shown", "ss_num_train_images"),
        )
    }  # fmt: skip
    return Training(
        name=one_line(value("ss_output_name") or value("modelspec.title") or ""),
        trainer=_trainer(metadata),
        base=one_line(value("ss_sd_model_name", "")),
        alpha=_number(value("ss_network_alpha")),
        resolutions=_resolutions(metadata),
        pictures=sum(folder.pictures for folder in folders) or _pictures(metadata),
        trigger_words=words,
        words_from=source if words else "",
        tags=_tag_counts(folders),
        **numbers,
    )


def _json(text: str | None) -> object:
    """The value that a text stands for, None where it is no JSON; JSON in a text is read again."""
    if text is None or len(text) > _LONGEST:
        return None
    try:
        value = json.loads(text)
        return json.loads(value) if isinstance(value, str) and value[:1] in ("{", "[") else value
    except (ValueError, RecursionError):
        return None


def _table(text: str | None) -> dict:
    value = _json(text)
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float:
    """A number that can be a count or a size, 0 for all else (`Dynamic`, None, NaN, true)."""
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value.strip()) if len(value) < 40 else None
        value = float(found[0]) if found else 0
    if type(value) not in (int, float) or not 0 <= value < 1e12:
        return 0
    return value


def _trainer(metadata: dict[str, str]) -> str:
    module = metadata.get("ss_network_module", "")
    software = _table(metadata.get("software"))
    if isinstance(software.get("name"), str):
        return one_line(f"{software['name']} {_text(software.get('version'))}".strip(), 60)
    if "ot_branch" in metadata or "ot_revision" in metadata:
        return "OneTrainer"
    if "ss_sd_scripts_commit_hash" in metadata or module.startswith(("networks.", "lycoris.")):
        return "sd-scripts" + (" with LyCORIS" if module.startswith("lycoris") else "")
    return "diffusers" if "lora_adapter_metadata" in metadata else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _resolutions(metadata: dict[str, str]) -> tuple[str, ...]:
    """`WIDTHxHEIGHT` in px, each once, the largest first."""
    values = [metadata.get("ss_resolution"), metadata.get("modelspec.resolution")]
    data_sets = _data_sets(metadata)
    sizes = {_size(one.get("resolution")) for one in data_sets} or {_size(v) for v in values}
    known = sorted((size for size in sizes if size), key=math.prod, reverse=True)
    return tuple(f"{width}x{height}" for width, height in known)


def _size(value: object) -> tuple[int, int] | None:
    """`(1024, 1024)`, `1024,768`, `1024x768`, `1024`, [1024, 768] -> (width, height)."""
    found = _NUMBER.findall(str(value)[:40]) if isinstance(value, str | int | list) else []
    sides = [int(float(n)) for n in found if 16 <= float(n) <= 65536]
    return (sides[0], sides[-1]) if 1 <= len(sides) <= 2 else None


def _data_sets(metadata: dict[str, str]) -> list[dict]:
    value = _json(metadata.get("ss_datasets"))
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _folders(metadata: dict[str, str]) -> list[_Folder]:
    """The training folders with their tags, without those of regularisation pictures."""
    tags = _table(metadata.get("ss_tag_frequency"))
    for data_set in _data_sets(metadata) if not tags else ():
        more = data_set.get("tag_frequency")
        tags = {**more, **tags} if isinstance(more, dict) else tags
    if tags and all(_number(count) for count in tags.values()):
        tags = {"": tags}  # without folders
    pictures = _table(metadata.get("ss_dataset_dirs"))
    excluded = _table(metadata.get("ss_reg_dataset_dirs")).keys() | _regularisation(metadata)
    found = []
    for name, table in tags.items():
        if isinstance(table, dict) and name not in excluded:
            told = pictures.get(name)
            number = int(_number(told.get("img_count"))) if isinstance(told, dict) else 0
            counts = _counts(table)
            # folders of one name are counted together, and captions of several levels too
            found.append(_Folder(counts, number))
    return found


def _regularisation(metadata: dict[str, str]) -> set[str]:
    subsets = [
        subset
        for data_set in _data_sets(metadata)
        if isinstance(data_set.get("subsets"), list)
        for subset in data_set["subsets"]
        if isinstance(subset, dict) and subset.get("is_reg") is True
    ]
    return {_text(subset.get("image_dir")) for subset in subsets} - {""}


def _pictures(metadata: dict[str, str]) -> int:
    """The number of pictures of all folders, for files without tags."""
    told = _table(metadata.get("ss_dataset_dirs")).values()
    return sum(int(_number(one.get("img_count"))) for one in told if isinstance(one, dict))


def _counts(table: dict) -> dict[str, int]:
    """{tag: count}; what stands between two commas may hold several tags of our captions."""
    counts: Counter[str] = Counter()
    for name, value in table.items():
        count = int(_number(value))
        for tag in _CUT.split(name) if count else ():
            tag = one_line(tag, 200).lower()
            if tag:
                counts[tag] += count
    return counts


def _tag_counts(folders: list[_Folder]) -> tuple[TagCount, ...]:
    """All tags, the most frequent first; of equal ones the one that came first."""
    total: Counter[str] = Counter()
    for folder in folders:
        total.update(folder.counts)
    known = all(folder.pictures for folder in folders)
    pictures = sum(folder.pictures for folder in folders) if known else 0
    return tuple(
        TagCount(tag, count, min(1.0, count / pictures) if pictures else None)
        for tag, count in sorted(total.items(), key=lambda item: -item[1])
    )


def _stated_words(metadata: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """The words that the author names in the first key that has any, and the key."""
    for key in _STATED:
        text = metadata.get(key, "")[:_LONGEST].strip()
        listed = _json(text) if text.startswith(("[", '"')) else None
        words = words_in(text if listed is None else listed)
        if words:
            return words, key
    return (), ""


def words_in(value: object) -> tuple[str, ...]:
    """The words of a text with commas or of a list of such texts, each once."""
    phrases = value if isinstance(value, list) else [value]
    texts = [phrase for phrase in phrases if isinstance(phrase, str)]
    words = [one_line(word, 200) for text in texts for word in text.split(",")]
    return tuple(dict.fromkeys(word for word in words if word.lower() not in _NOTHING))


def _frequent_words(folders: list[_Folder]) -> Iterator[str]:
    """The tags that nearly all captions of a folder have, as they go into a prompt.

    Where the number of pictures is unknown, that of the most frequent tag stands for it.
    """
    for folder in folders:
        pictures = folder.pictures or max(folder.counts.values(), default=0)
        every = [
            (count, tag)
            for tag, count in folder.counts.items()
            if count >= _EVERY * pictures and not _says_nothing(tag)
        ]
        every.sort(key=lambda one: -one[0])
        yield from (escape_name(tag) for _, tag in every[:_MOST_WORDS])


def _says_nothing(tag: str) -> bool:
    """Whether a tag is of the caption scheme rather than of what was trained."""
    name = tag.replace("_", " ")
    closed = name in closed_tags() or tag in closed_tags() or by_pattern(name)
    return bool(closed) or name in _COMMON
