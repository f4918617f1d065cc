"""Generated prompts for property tests, and an interpreter of brackets with no code of ours."""

from hypothesis import strategies as st
from prompt_vocabulary import VOCABULARY

_SHAPES = r"""
1girl|2girls|1boy|no humans|masterpiece|best quality|very aesthetic|general|safe|newest|year 2023
long_hair|smile|red dress|hatsune miku|Hatsune Miku|hatsune miku (append)|hatsune miku \(append\)
wlop|by wlop|artist:wlop|2b (nier:automata)|is the order a rabbit?|love live!|score_9|my_lora_v2
(|)|((|))|[|]|{|}|:1.2)|:0.5]|:1.2|:0.8|1.2::|::|\|\(|\)|\\|:3|x:3|2|.|<|>|"|#|/
(smile:1.2)|(1girl, smile:0.9)|[blush]|{{hat}}|1.3::sky::|((rain, masterpiece:1.1), 1boy)
[a:b:0.3]|[smile:0.2]|[x::0.5]|__wild__|__artist__|embedding:foo_bar|<lora:x_y:0.8>|<lora:
 BREAK | AND | CAT | COUPLE(0 0.5) |MASK(0 1, 0 1)| AVG(0.5) |STYLE(A1111)
# note|// off|/* off */|/* open|^_^|o_o|:)|:(|:d|(o)_(o)|\o/|!?|...
A girl stands in the rain.|a girl with a hat in the rain|She smiles.|and a smile.|wearing a red hat
少女が雨の中に立っている。|长发|一个女孩站在雨中。|비 속에 서 있는 소녀가 웃고 있다.|女の子
"0": "|",
"""
_GLUE = [", "] * 6 + [",", " ", "  ", "\n", "\n\n", "，", "、", "|||", " ||| ", "", ",,", "|"]
_GLUE += [",\u200b ", "\u200b, ", "\ufeff, "]  # what web pages leave
FRAGMENTS = [f for line in _SHAPES.strip("\n").split("\n") for f in line.split("|") if f] + [
    "|_|",
    "{smile|blush}",
    "{1girl|1boy}",
    "[smile|blush]",
    "long\u200b hair",
    "(rain\u2060:1.2\u200b)",
    "artist:ask (askzy)",
    "[wlop|ask (askzy)]",
]

pasted = st.lists(st.tuples(st.sampled_from(FRAGMENTS), st.sampled_from(_GLUE)), max_size=14).map(
    lambda pairs: "".join(fragment + glue for fragment, glue in pairs)
)
any_text = st.text(st.characters(exclude_categories=()), max_size=60)
punctuation = st.text("()[]{}<>|:,. \n\\#/*_\"'aB1。，、", max_size=60)
anything = st.one_of(pasted, any_text, punctuation)

NAMES = [name for name in VOCABULARY.tags if name.replace(" ", "").isalnum()]
NAMES += ["1girl", "1boy", "masterpiece", "best quality", "general", "newest", "unknown thing"]
plain_caption = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(["{}", " {}", "{} ", "  {}"]),
        st.booleans(),
    ).map(lambda t: t[1].format(t[0].replace(" ", "_") if t[2] else t[0])),
    max_size=40,
).map(",".join)

_weight = st.integers(1, 300).map(lambda n: n / 100)


@st.composite
def weighted_prompts(draw) -> tuple[str, dict[str, float]]:
    """A well-formed prompt with nested brackets, and the weight that each of its tags has."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=10, unique=True))
    weights: dict[str, float] = {}
    text, rest = _draw_group(draw, names, 1.0, weights, 0)
    while rest:
        more, rest = _draw_group(draw, rest, 1.0, weights, 0)
        text += ", " + more
    return text, weights


def _draw_group(draw, names, weight, weights, depth) -> tuple[str, list[str]]:
    """Some of the names as comma-separated items, some of them in brackets; and those left over."""
    items = []
    for _ in range(draw(st.integers(1, 3))):
        if not names:
            break
        if depth < 3 and draw(st.booleans()):
            number = draw(_weight)
            opening, closing, factor = draw(
                st.sampled_from(
                    [("(", ")", 1.1), ("[", "]", 1 / 1.1), ("(", f":{number:g})", number)]
                )
            )
            inner, names = _draw_group(draw, names, weight * factor, weights, depth + 1)
            items.append(opening + inner + closing)
        else:
            weights[names[0]] = weight
            items.append(names[0])
            names = names[1:]
    return ", ".join(items), names


def bracket_weights(text: str) -> dict[str, float]:
    r"""Weight of each comma-separated name by the A1111 wiki's rules, read character by character.

    ( ) multiplies by 1.1, [ ] divides by 1.1, (name:1.5) multiplies by the number, \( is a letter.
    Only for well-formed text.
    """
    found: dict[str, float] = {}
    stack: list[int] = []
    names: list[list] = [["", 1.0]]
    position = 0
    while position < len(text):
        char = text[position]
        if char == "\\" and text[position + 1 : position + 2] in "()":
            names[-1][0] += text[position + 1]
            position += 2
            continue
        if char in "([":
            stack.append(len(names) - 1)
        elif char in ")]":
            first = stack.pop()
            factor = 1.1 if char == ")" else 1 / 1.1
            head, colon, tail = names[-1][0].rpartition(":")
            if char == ")" and colon and tail.replace(".", "", 1).strip().isdigit():
                names[-1][0], factor = head, float(tail)
            for name in names[first:]:
                name[1] *= factor
        elif char == ",":
            names.append(["", 1.0])
        else:
            names[-1][0] += char
        position += 1
    for name, weight in names:
        if name.strip():
            found[name.strip()] = weight
    return found
