"""A model in TIPO's file form: a real SentencePiece tokenizer and a LLaMA with little in its head.

It has read two thousand lists of the names below for some seconds, which is enough to write such
lists and nothing else. Needs torch, transformers and sentencepiece.
"""

import io
import json
import random
from pathlib import Path

GENERAL = (
    *("long hair", "blue eyes", "smile", "looking at viewer", "outdoors", "sky", "cloud", "hat"),
    *("dress", "white shirt", "sitting", "standing", "school uniform", "blush", "open mouth"),
    *("flower", "tree", "night", "rain", "umbrella", "window", "book", "chair", "table", "river"),
    *("bag", "shoes", "gloves", "ribbon", "scarf", "coat", "jacket", "skirt", "belt", "mountain"),
)
REFUSED = ("2girls", "hatsune miku", "wlop", "nude", "explicit", "masterpiece", "highres")
SENTENCES = ("A girl stands by the river.", "She looks at the sky.", "It rains in the night.")
ADDED = ("<|empty|>", "<|very_short|>", "<|short|>", "<|long|>", "<|very_long|>")
TASKS = ("<|tag_to_long|>", "<|short_to_tag|>", "<|short_to_tag_to_long|>")


def _texts(number: int) -> list[str]:
    """Training texts in TIPO's form, end of text not included."""
    rng = random.Random(11)
    texts = []
    for _ in range(number):
        names = rng.sample(GENERAL + REFUSED, rng.randrange(6, 12))
        tags = ", ".join(["1girl", *names])
        if rng.random() < 0.4:
            said = " ".join(rng.sample(SENTENCES, 2))
            target = "<|short|> <|tag_to_long|>"
            texts.append(f"rating: safe\ntarget: {target}\ntag: {tags}\nlong: {said}")
        else:
            texts.append(f"rating: safe\ntarget: <|short|>\ntag: {tags}")
    return texts


def write_tokenizer(folder: Path, legacy: bool = True) -> None:
    """tokenizer.model, tokenizer_config.json and added_tokens.json as TIPO's repositories have."""
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    lines = [line for text in _texts(300) for line in text.split("\n")]
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=written, vocab_size=512, model_type="bpe",
        byte_fallback=True, hard_vocab_limit=False, minloglevel=2,
        normalization_rule_name="identity", remove_extra_whitespaces=False,
    )  # fmt: skip
    (folder / "tokenizer.model").write_bytes(written.getvalue())
    pieces = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    added = {text: pieces.vocab_size() + n for n, text in enumerate((*ADDED, *TASKS))}
    config = {
        "tokenizer_class": "LlamaTokenizer",
        "legacy": legacy,
        **{"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
        **{"add_bos_token": True, "add_eos_token": False},
        "added_tokens_decoder": {
            str(number): {
                **{"content": text, "lstrip": False, "rstrip": False, "normalized": False},
                **{"single_word": False, "special": True},
            }
            for text, number in added.items()
        },
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "added_tokens.json").write_text(json.dumps(added))


def write_model(folder: Path, steps: int = 120) -> Path:
    """The whole model; steps=0 leaves it random."""
    import torch
    from ixl.core.tipo.tokenizer import open_tokenizer
    from transformers import LlamaConfig, LlamaForCausalLM

    write_tokenizer(folder)
    tokenizer = open_tokenizer(folder)
    rows = [[*tokenizer.encode(text), tokenizer.end] for text in _texts(2000)]
    config = LlamaConfig(
        vocab_size=1 + max(json.loads((folder / "added_tokens.json").read_text()).values()),
        hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=1024, bos_token_id=1, eos_token_id=tokenizer.end,
    )  # fmt: skip
    with torch.random.fork_rng(), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(5)
        model = LlamaForCausalLM(config)
        best = torch.optim.AdamW(model.parameters(), lr=4e-3)
        for step in range(steps):
            batch = [torch.tensor(row) for row in rows[8 * step % 2000 :][:8]]
            ids = torch.nn.utils.rnn.pad_sequence(batch, batch_first=True, padding_value=-100)
            loss = model(input_ids=ids.clamp(min=0), labels=ids).loss
            best.zero_grad()
            loss.backward()
            best.step()
    model.save_pretrained(folder)
    return folder
