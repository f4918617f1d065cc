"""One bar over parts: it ends at its end and never moves back, whatever the parts say."""

from hypothesis import given
from hypothesis import strategies as st
from ixl.core.progress import STEPS, Scale

parts = st.lists(st.floats(0, 1e6), min_size=1, max_size=6).filter(any)
told = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12), st.integers(0, 10)), max_size=30)


@given(parts, told)
def test_the_bar_never_moves_back_and_ends_at_its_end(shares, told):
    seen = []
    scale = Scale(dict(enumerate(shares)), lambda done, total: seen.append((done, total)))
    for part, done, total in told:
        if part < len(shares):
            scale.part(part)(done, total)
    scale.end()
    values = [done for done, _ in seen]
    assert values == sorted(values) and values[-1] == STEPS and values[0] >= 0
    assert {total for _, total in seen} == {STEPS}


def test_parts_take_their_share_and_what_is_shown_goes_on():
    seen = []
    scale = Scale({"a": 1.0, "left out": 1.0, "b": 2.0}, lambda *told: seen.append(told))
    scale.part("a")(1, 2)
    scale.part("b")(1, 4, "preview")
    scale.part("b")(4, 4)
    assert seen == [(125, 1000), (625, 1000, "preview"), (1000, 1000)]
