"""Composing captions: rates in their binomial intervals, protection, order, reproducibility."""

import math
import pickle
from collections import Counter
from random import Random

import captions
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ixl.training.choices import READINGS
from ixl.training.compose import compose, random_for
from ixl.training.expected import expected_loss, expected_shares, flexible_tags
from ixl.training.plan import Level, Plan
from ixl.training.policy import (
    FEWEST_FOR_DROPOUT,
    STAGE_NAMES,
    Policy,
    Rule,
    stage_shares,
    with_reading,
)
from ixl.training.preview import Tally

PLAIN = Policy(no_dropout=(), token_limit=0)
SIGMAS = 4.5  # two-sided, 7e-6: some 40 figures are compared per run


def many(plan: Plan, policy: Policy, number: int):
    for visit in range(number):
        yield compose(plan, policy, random_for(policy.seed, plan.key, 0, visit))


def assert_binomial(count: int, trials: int, probability: float, what: object) -> None:
    spread = math.sqrt(trials * probability * (1 - probability))
    assert abs(count - trials * probability) <= SIGMAS * spread + 0.5, (
        f"{what}: {count} of {trials}, expected {probability:.4f}"
    )


# paper.md 3.2: conditional 30/20/10/4 are 30/14/5.6/2.0 % and 48.4 % for the branch behind them.
SHARES = {
    "authors-code": {
        "keep-30": 0.30, "keep-40": 0.14, "keep-6": 0.056, "keep-4": 0.02016, "linear": 0.48384,
        "full": 0.0,
    },
    "paper": {
        "keep-30": 0.30, "keep-40": 0.20, "keep-6": 0.10, "keep-4": 0.04, "linear": 0.0,
        "full": 0.36,
    },
}  # fmt: skip


@pytest.mark.parametrize("reading", READINGS)
def test_both_readings_have_the_shares_of_the_published_and_of_the_real_trainer(reading):
    shares = stage_shares(with_reading(PLAIN, reading))
    assert shares == pytest.approx(SHARES[reading])
    assert tuple(shares) == STAGE_NAMES


def check_rates(policy: Policy, plan: Plan, number: int) -> None:
    """Stages and losses of every category within their binomial intervals."""
    level = plan.levels[0]
    stages, lost, drawn = Counter(), Counter(), 0
    for made in many(plan, policy, number):
        if made.stage:
            drawn += 1
            stages[made.stage] += 1
        lost.update(item.name for item in made.dropped)
    assert_binomial(number - drawn, number, policy.caption_dropout, "caption dropout")
    for name, share in expected_shares(level, policy).items():
        assert_binomial(stages[name], drawn, share, name)
    for item in level.items:
        assert_binomial(lost[item.name], number, expected_loss(item, level, policy), item.name)


POLICIES = {
    "stages": PLAIN,
    "linear": PLAIN._replace(tag_dropout=0.5),
    "rates": PLAIN._replace(
        rates=(("general", 0.2), ("artist", 0.1), ("year", 0.5)), caption_dropout=0.1
    ),
    "protected": Policy(token_limit=0, weak=("tag 3",), tag_dropout=0.1, caption_dropout=0.05),
    "no stages": PLAIN._replace(stages=(), tag_dropout=0.3, fewest_for_dropout=0),
}


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("general", [3, 20, 45])
def test_rates_are_those_that_are_configured(reading, name, general):
    policy = POLICIES[name]
    if policy.stages:
        policy = with_reading(policy, reading)
    check_rates(policy, captions.plan(general), 2_000)


@pytest.mark.prove
@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("name", ["rates", "protected"])
def test_a_quarter_million_captions_have_the_configured_rates(reading, name):
    """One million in all, level by level and category by category."""
    check_rates(with_reading(POLICIES[name], reading), captions.plan(30), 250_000)


def test_twenty_thousand_captions_in_the_preview_have_the_configured_rates():
    policy = with_reading(POLICIES["rates"], "authors-code")
    plans = [captions.plan(general, f"p{general}") for general in (2, 12, 25, 40)]
    tally = Tally(policy)
    for visit in range(5_000):
        for plan in plans:
            tally.add(compose(plan, policy, random_for(1, plan.key, 0, visit)))
    report = tally.as_dict()
    drawn = sum(tally.stages.values())
    for stage in report["stages"]:
        assert_binomial(tally.stages[stage["name"]], drawn, stage["configured"], stage["name"])
        assert stage["realised"] == pytest.approx(tally.stages[stage["name"]] / drawn, abs=1e-5)
    for category in report["categories"]:
        # losses inside one caption go together: the spread of whole captions is the upper bound
        spread = math.sqrt(0.25 / report["captions"])
        off = category["realised_drop"] - category["configured_drop"]
        assert abs(off) <= SIGMAS * spread, category


@pytest.mark.parametrize(
    ("stage", "tags", "number"),
    [
        ("keep-30", 8, 8), ("keep-30", 20, 10), ("keep-30", 60, 18), ("keep-40", 30, 15),
        ("keep-40", 60, 24), ("keep-6", 60, 6), ("keep-6", 4, 4), ("keep-4", 60, 4),
    ],
)  # fmt: skip
def test_each_stage_keeps_the_number_of_the_paper(stage, tags, number):
    policy = with_reading(PLAIN, "paper")._replace(weak_categories=())
    level = captions.tags_level(tags - 4)
    level = Level("tags", tuple(i for i in level.items if i.category != "rating"))
    assert flexible_tags(level, policy) == tags
    only = policy._replace(
        stages=tuple(s._replace(probability=float(s.name == stage)) for s in policy.stages)
    )
    for made in many(Plan("p", (level,)), only, 50):
        assert made.stage == stage
        assert len([i for i in made.kept if i.section != "person count"]) == number


def test_the_authors_last_stage_draws_one_to_five():
    policy = with_reading(PLAIN, "authors-code")
    last = policy.stages[-1]._replace(probability=1.0)
    sizes = Counter(
        len(made.kept) - 1
        for made in many(captions.plan(30), policy._replace(stages=(last,)), 2_000)
    )
    assert set(sizes) == {1, 2, 3, 4, 5}
    for size, count in sizes.items():
        assert_binomial(count, 2_000, 0.2, size)


def test_short_captions_lose_nothing_in_the_authors_reading():
    short = captions.plan(FEWEST_FOR_DROPOUT - 6)
    policy = PLAIN._replace(tag_dropout=0.5)
    assert all(made.stage == "full" and not made.dropped for made in many(short, policy, 200))


def test_no_dropout_tags_survive_everything():
    policy = Policy(
        no_dropout=("tag 1", "masterpiece"), no_dropout_categories=("year",), caption_dropout=0.5,
        rates=(("general", 1.0), ("score", 1.0)), tag_dropout=1.0, token_limit=75,
        rules=(Rule("1girl", ("tag 1", "score")),),
    )  # fmt: skip
    for made in (
        compose(captions.plan(30), policy, random_for(0, "x", 0, n), lambda text: 20)
        for n in range(500)
    ):
        assert {"tag 1", "masterpiece", "newest"} <= {item.name for item in made.kept}


def test_weak_names_survive_all_stages_but_the_last():
    policy = with_reading(PLAIN, "authors-code")
    lost = Counter()
    for made in many(captions.plan(40), policy, 5_000):
        lost.update((made.stage, i.category) for i in made.dropped)
    assert {stage for stage, category in lost if category in ("character", "artist")} == {"keep-4"}


def test_protection_is_by_whole_names():
    level = Level("tags", tuple(captions.item(n) for n in ("male", "female", "mother", "other")))
    policy = PLAIN._replace(
        no_dropout=("male", "other"), rates=(("general", 1.0),), weak_categories=()
    )
    made = compose(Plan("p", (level,)), policy, Random(1))
    assert [item.name for item in made.kept if item.name in ("female", "mother")] == []
    assert {item.name for item in made.kept} == {"male", "other"}


def test_sections_keep_their_order_and_sentences_theirs():
    level = captions.tags_level(20, "sentence", prose=3)
    orders = set()
    for made in many(Plan("p", (level,)), PLAIN._replace(tag_dropout=0.3), 300):
        sections = [item.section for item in made.kept]
        assert sections == sorted(sections, key=[i.section for i in level.items].index)
        prose = [item.name for item in made.kept if item.section == captions.PROSE]
        assert prose == [f"Sentence number {n}." for n in range(3)]
        assert made.text.startswith("1girl")
        assert "Sentence number 0. Sentence number 1. Sentence number 2., " in made.text
        orders.add(tuple(item.name for item in made.kept if item.category == "general"))
    assert len(orders) > 250


def test_no_item_is_invented_lost_without_a_word_or_doubled():
    policy = Policy(
        rates=(("general", 0.2),), rules=(Rule("character", ("year",), 0.5),), token_limit=75,
        caption_dropout=0.1,
    )  # fmt: skip
    plan = captions.plan(40)
    for visit in range(500):
        made = compose(plan, policy, random_for(0, "k", 0, visit), lambda text: len(text.split()))
        everything = (*made.kept, *made.dropped, *made.ruled, *made.cut)
        assert Counter(everything) == Counter(plan.levels[0].items)


def test_the_token_limit_takes_general_tags_first_and_never_cuts_the_tail():
    policy = PLAIN._replace(stages=(), token_limit=75)

    def count(text: str) -> int:
        return len(text.replace(",", " , ").split())

    for visit in range(100):
        made = compose(captions.plan(60), policy, random_for(0, "k", 0, visit), count)
        assert count(made.text) <= 75
        assert {item.category for item in made.cut} == {"general"}
        assert {"wlop", "masterpiece", "newest"} <= set(made.text.split(", "))
        assert 75 - count(made.text) < 6  # and no more than needed: a tag has three tokens here


def test_rules_take_the_looks_when_the_character_is_named():
    items = (
        captions.item("hatsune miku", "character"), captions.item("aqua hair", group="hair"),
        captions.item("aqua eyes", group="eyes"), captions.item("smile", group="expression"),
    )  # fmt: skip
    rule = Rule("character", ("hair", "eyes"), 0.4)
    policy = PLAIN._replace(stages=(), rules=(rule,))
    gone = 0
    for made in many(Plan("p", (Level("tags", items),)), policy, 2_000):
        names = {item.name for item in made.ruled}
        assert names in (set(), {"aqua hair", "aqua eyes"})
        gone += bool(names)
    assert_binomial(gone, 2_000, 0.4, "rule")
    without = Plan("p", (Level("tags", items[1:]),))
    assert not any(made.ruled for made in many(without, policy, 50))


def test_levels_come_by_their_weights():
    levels = (
        captions.tags_level(5), captions.tags_level(5, "sentence", 1),
        captions.tags_level(5, "description", 3),
        Level("prose", (captions.item("A girl waits.", captions.PROSE),)),
    )  # fmt: skip
    weights = (("tags", 5.0), ("sentence", 3.0), ("description", 2.0), ("prose", 0.0))
    policy = PLAIN._replace(levels=weights)
    drawn = Counter(made.level.id for made in many(Plan("p", levels), policy, 3_000))
    for level, weight in weights:
        assert_binomial(drawn[level], 3_000, weight / 10, level)
    only = Plan("p", levels[:2])
    drawn = Counter(made.level.id for made in many(only, policy, 3_000))
    assert_binomial(drawn["tags"], 3_000, 5 / 8, "of two levels")


@pytest.mark.parametrize(
    ("joiners", "weights"),
    [
        (((", ", 0.5), (" ", 0.125), (",", 0.375)), (0.5, 0.125, 0.375)),  # commit 3d1f2dd
        (((", ", 0.5), (" ", 0.025), (",", 0.475)), (0.5, 0.025, 0.475)),  # commit 1cd66e0
    ],
)
def test_joiners_registers_and_hints_come_as_often_as_they_should(joiners, weights):
    policy = PLAIN._replace(joiners=joiners, registers=0.42, hints=True)
    plan, drawn, registers, hints = captions.plan(3), Counter(), 0, Counter()
    for made in many(plan, policy, 3_000):
        tail = made.text.removeprefix("1girl")
        drawn[", " if tail.startswith(", ") else tail[0]] += 1
        known = [extra for extra in made.extras if extra.endswith("caption")]
        hints.update(known)
        random_part = [extra for extra in made.extras if extra not in known]
        registers += len(random_part)
        assert all(5 <= len(r) <= 10 and r.isalnum() and r.isascii() for r in random_part)
        assert made.text.endswith(tuple(made.extras) or "")
    for (joiner, _), weight in zip(joiners, weights, strict=True):
        assert_binomial(drawn[joiner], 3_000, weight, repr(joiner))
    assert_binomial(registers, 3_000, 0.42, "registers")
    assert_binomial(hints["extremely simple caption"], 3_000, 0.25, "hint of a short caption")


def test_case_underscores_and_paraphrases_touch_the_share_that_they_should():
    level = Level("tags", (captions.item("a_b-c"), captions.item("1girl", "person count")))
    policy = PLAIN._replace(stages=(), paraphrases=0.3, underscore_jitter=0.5)
    rewritten, forms = 0, Counter()
    for made in many(Plan("p", (level,)), policy, 2_000):
        forms[made.text.split(", ")[0]] += 1
        rewritten += made.text.split(", ")[1] != "1girl"
    assert set(forms) == {"a_b-c", "a b-c", "a_b c", "a b c"}
    for form, count in forms.items():
        assert_binomial(count, 2_000, 0.25, form)
    assert_binomial(rewritten, 2_000, 0.3, "paraphrases")
    jitter = PLAIN._replace(stages=(), case_jitter=0.1)
    names = Plan("p", (Level("tags", (captions.item("Red Hat"),)),))
    cases = Counter(made.text for made in many(names, jitter, 5_000))
    assert_binomial(cases["Red hat"], 5_000, 0.01, "capitalised")
    assert_binomial(cases["red hat"], 5_000, 0.09, "lower case")


def test_the_same_visit_is_the_same_caption_in_any_process():
    policy = POLICIES["rates"]._replace(registers=0.5, case_jitter=0.2)
    plan, again = captions.plan(30), pickle.loads(pickle.dumps(captions.plan(30)))
    for visit in range(50):
        texts = {
            compose(one, policy, random_for(3, one.key, 2, visit)).text for one in (plan, again)
        }
        assert len(texts) == 1
    different = {
        compose(plan, policy, random_for(seed, key, epoch, visit)).text
        for seed in (1, 2) for key in ("a", "b") for epoch in (0, 1) for visit in (0, 1)
    }  # fmt: skip
    assert len(different) == 16


def test_a_picture_without_captions_gets_an_empty_one():
    assert compose(Plan("p", ()), PLAIN, Random(0)).text == ""


shares = st.floats(0, 1)


@given(
    general=st.integers(0, 60),
    changed=st.fixed_dictionaries(
        {
            "reading": st.sampled_from(READINGS),
            "tag_dropout": shares,
            "caption_dropout": shares,
            "registers": shares,
            "hints": st.booleans(),
            "paraphrases": shares,
            "case_jitter": shares,
            "token_limit": st.sampled_from([0, 75, 225]),
            "rates": st.tuples(st.tuples(st.just("general"), shares)),
        }
    ),
    seed=st.integers(0, 2**32),
)
def test_any_policy_gives_a_caption_of_its_items(general, changed, seed):
    plan, policy = captions.plan(general), Policy(no_dropout=("tag 0", "masterpiece"))
    policy = policy._replace(**changed)
    made = compose(plan, policy, Random(seed), lambda text: len(text.split()))
    everything = (*made.kept, *made.dropped, *made.ruled, *made.cut)
    assert Counter(everything) == Counter(plan.levels[0].items)
    assert {"masterpiece"} <= {item.name for item in made.kept}
