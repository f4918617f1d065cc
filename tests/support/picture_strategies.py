"""Generated texts, records and graphs for the metadata tests."""

from hypothesis import strategies as st
from ixl.core.metadata.record import Pass, Record, Resource

# Every character that a file can hold: all but halves of surrogate pairs.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)
tricky = st.lists(
    st.sampled_from(
        ["1girl", ", ", "\n", "\r\n", '"', "'", "\\", ":", "{", "}", "[", "Steps: 20", "(a:1.2)",
         "Negative prompt: x", "<lora:a b:0.8>", "Seed: 1, Size: 1x1, Model: m", " ", "\t", "\0",
         "<!--", "]]>", "&amp;", "\u2028", "日本語", "🙂", "é", "embedding:bad", "BREAK", "\x1b"]
    ),
    max_size=14,
).map("".join)  # fmt: skip
prompts = texts | tricky
_names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(
    lambda name: f"{name}.safetensors"
)
_hex = st.text("0123456789abcdef", min_size=64, max_size=64)
_cfg = st.integers(1, 300).map(lambda n: n / 10)
_share = st.integers(0, 100).map(lambda n: n / 100)
_strength = st.none() | st.integers(-300, 300).map(lambda n: n / 100)
passes = st.builds(
    Pass,
    st.none() | st.integers(0, 2**64 - 1),
    st.none() | st.integers(1, 10000),
    st.none() | _cfg,
    st.sampled_from(["", "euler", "euler_ancestral", "dpmpp_2m", "uni_pc_bh2", "my sampler"]),
    st.sampled_from(["", "normal", "karras", "sgm_uniform", "simple", "my_scheduler"]),
    st.none() | _share,
)
resources = st.builds(
    Resource, st.sampled_from(["model", "lora", "vae", "embedding"]), _names, st.just("") | _hex,
    st.just("") | _hex, _strength, _strength,
)  # fmt: skip
sections = st.fixed_dictionaries({"name": texts, "items": st.lists(texts, max_size=3)})
records = st.builds(
    Record,
    positive=prompts,
    negative=prompts,
    width=st.integers(0, 20000),
    height=st.integers(0, 20000),
    picture=st.tuples(st.integers(1, 20000), st.integers(1, 20000)),
    passes=st.lists(passes, max_size=3).map(tuple),
    resources=st.lists(resources, max_size=4).map(tuple),
    clip_skip=st.integers(0, 12),
    batch=st.tuples(st.integers(0, 63), st.integers(1, 64)),
    profile=texts,
    sections=st.lists(sections, max_size=2).map(tuple),
    made_with=texts,
)
