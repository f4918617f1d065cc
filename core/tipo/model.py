"""Loads a TIPO model (plain LLaMA) and lets it go on with a text, token by token.

Samples by itself rather than by `generate` of transformers: every token can be cancelled, the
numbers come from a generator of its own (torch's global ones are not touched), and they are drawn
on the CPU, so that a seed means the same on every device but for rounding. KGen's own runner is not
used: it keeps one model in module variables, seeds Python and torch globally, prints, and reads
16 MB of lists and makes a folder beside itself when it is imported.
"""

import json
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .tokenizer import open_tokenizer

MOST_TOKENS = 512  # KGen 0.3.1, executor/tipo.py: max_new_tokens
# KGen 0.3.1, generate.py; the method: arXiv 1909.05858, section 4.1.
REPETITION_PENALTY = 1.17
_LEAST_ROOM = 32  # tokens; less is not worth asking


class Sampling(NamedTuple):
    """How tokens are drawn; the defaults are those of KGen 0.3.1 for TIPO (executor/tipo.py)."""

    temperature: float = 0.35
    top_p: float = 0.95
    min_p: float = 0.1
    top_k: int = 60


DEFAULTS = Sampling()


class Language(NamedTuple):
    """A loaded model: a LlamaForCausalLM and its tokenizer."""

    model: Any
    tokenizer: Any


def load(folder: Path) -> Language:
    """The model of a folder, in float32 on the CPU. Raises ValueError when it cannot be used."""
    import torch
    from safetensors import SafetensorError
    from transformers import LlamaForCausalLM

    kind = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    if kind != "llama":
        raise ValueError(
            f"{folder.name} is a model of the type {kind!r}; this node reads 'llama' models: take "
            "one of the TIPO 100M, 200M and 500M models."
        )
    tokenizer = open_tokenizer(folder)
    try:
        with torch.random.fork_rng(devices=()), _quiet():
            model = LlamaForCausalLM.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True
            )
    except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        raise ValueError(
            f"The model in {folder} cannot be loaded ({error}); download it again."
        ) from error
    return Language(model.float().eval().requires_grad_(False), tokenizer)


@contextmanager
def _quiet():
    """Without transformers' progress bars and advice; what was set before comes back."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def continue_text(
    language: Language,
    text: str,
    seed: int,
    sampling: Sampling = DEFAULTS,
    on_step: Callable[[int, int], None] = lambda done, total: None,
    most: int = MOST_TOKENS,
) -> str:
    """What the model writes behind `text`, to the end of its line. `on_step` may raise to cancel.

    Raises ValueError when the text leaves no room in the model's window.
    """
    import torch

    model, tokenizer = language
    ids = tokenizer.encode(text)
    window = model.config.max_position_embeddings
    if window - len(ids) < _LEAST_ROOM:
        raise ValueError(
            f"The prompt has {len(ids)} tokens and the model reads {window} with its answer; "
            "expand a shorter prompt."
        )
    generator = torch.Generator().manual_seed(seed % 2**64)
    device, total = next(model.parameters()).device, min(most, window - len(ids))
    feed, cache, new, answer = ids, None, [], ""
    with torch.inference_mode():
        for done in range(total):
            on_step(done, total)
            batch = torch.tensor([feed], device=device)
            out = model(input_ids=batch, past_key_values=cache, use_cache=True)
            logits, cache = out.logits[0, -1].float().cpu(), out.past_key_values
            token = draw(logits, [*ids, *new], sampling, generator)
            if token == tokenizer.end:
                break
            new.append(token)
            answer, feed = tokenizer.decode(new), [token]
            if "\n" in answer:
                break
        on_step(total, total)
    return answer.partition("\n")[0]


def draw(logits, seen: list[int], sampling: Sampling, generator) -> int:
    """One token id from logits [V] on the CPU.

    The order of the steps is that of transformers: penalty, temperature, top k, top p, min p.
    """
    import torch

    before = torch.tensor(sorted(set(seen)))
    scores = logits[before]
    logits = logits.clone()
    logits[before] = torch.where(
        scores < 0, scores * REPETITION_PENALTY, scores / REPETITION_PENALTY
    )
    values, tokens = torch.sort(logits / sampling.temperature, descending=True, stable=True)
    if sampling.top_k:
        values, tokens = values[: sampling.top_k], tokens[: sampling.top_k]
    chances = torch.softmax(values, dim=0)
    # A token stays when those before it do not reach top_p yet: the first one always stays.
    kept = torch.cumsum(chances, dim=0) - chances < sampling.top_p
    kept &= chances >= sampling.min_p * chances[0]
    chances = chances * kept
    return int(tokens[torch.multinomial(chances, 1, generator=generator)])
