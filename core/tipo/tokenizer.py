"""TIPO's text as numbers, with the libraries that ComfyUI itself requires.

TIPO is published with a SentencePiece file. transformers reads such a file only where protobuf is
installed (5.23.0; without it, it looks for tiktoken), which ComfyUI does not bring; sentencepiece
itself does without. A tokenizer.json is read with `tokenizers`.
"""

import json
import re
from pathlib import Path

_START = "\n"  # a piece of its own: what follows it gets no space put before it


def open_tokenizer(folder: Path):
    """The tokenizer of a model folder: `encode(text)`, `decode(ids)`, `end` (the id, or -1).

    Raises ValueError with one sentence when its file cannot be read.
    """
    whole = folder / "tokenizer.json"
    try:
        return _Json(whole) if whole.is_file() else _SentencePiece(folder)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise ValueError(
            f"The tokenizer in {folder} cannot be read ({error}); download the model again."
        ) from error


class _SentencePiece:
    """tokenizer.model and the tokens that added_tokens.json or tokenizer_config.json add to it."""

    def __init__(self, folder: Path):
        from sentencepiece import SentencePieceProcessor

        self._pieces = SentencePieceProcessor(model_proto=(folder / "tokenizer.model").read_bytes())
        if not self._pieces.vocab_size():
            raise ValueError("tokenizer.model is empty")
        config = _json(folder / "tokenizer_config.json")
        added = dict(_json(folder / "added_tokens.json"))
        for number, token in config.get("added_tokens_decoder", {}).items():
            added.setdefault(token["content"], int(number))
        size = self._pieces.vocab_size()
        self._added = {text: number for text, number in added.items() if number >= size}
        self._names = {number: text for text, number in self._added.items()}
        self._cut = re.compile("|".join(map(re.escape, sorted(self._added, key=len, reverse=True))))
        # True where not said: transformers' default when TIPO was trained (4.x).
        self._legacy = config.get("legacy", True) is not False
        self.end = self._pieces.eos_id()

    def encode(self, text: str) -> list[int]:
        """Begins with the start token."""
        ids = [self._pieces.bos_id()]
        at = 0
        for found in self._cut.finditer(text) if self._added else ():
            ids += self._encode(text[at : found.start()], first=at == 0)
            ids.append(self._added[found.group()])
            at = found.end()
        return ids + self._encode(text[at:], first=at == 0)

    def _encode(self, text: str, first: bool) -> list[int]:
        """Text between two added tokens. The file's own rule puts a space before every text; since
        `legacy` ended, only before the first one (transformers pull request 24565).
        """
        if not text:
            return []
        if text[0] == " " and self._legacy and not first:
            text = text[1:]  # the space that is put before it
        if first or self._legacy:
            return self._pieces.encode(text) if text else self._pieces.piece_to_id(["▁"])
        return self._pieces.encode(_START + text)[len(self._pieces.encode(_START)) :]

    def decode(self, ids: list[int]) -> str:
        """Text of ids, added tokens written out; ids that no token has say nothing."""
        out, run, size = [], [], self._pieces.vocab_size()
        for number in ids:
            if number < size:
                run.append(number)
            elif number in self._names:
                out += [self._decode(run), self._names[number]]
                run = []
        return "".join((*out, self._decode(run)))

    def _decode(self, run: list[int]) -> str:
        """Pieces as text, with the space before the first one, which the library leaves out."""
        space = " " if run and self._pieces.id_to_piece(run[0]).startswith("▁") else ""
        return space + self._pieces.decode(run)


class _Json:
    """tokenizer.json."""

    def __init__(self, path: Path):
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(path))
        ids = (self._tokenizer.token_to_id(name) for name in ("</s>", "<|endoftext|>"))
        self.end = next((number for number in ids if number is not None), -1)

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(text).ids

    def decode(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=False)


def _json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
