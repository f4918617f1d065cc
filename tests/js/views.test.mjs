import assert from "node:assert/strict";
import { test } from "node:test";
import { sameChip } from "../../js/lib/chips.js";
import { completeItem, isWholeItem } from "../../js/lib/entry.js";
import { dropPlace, rowAbove, rowBelow } from "../../js/lib/grid.js";
import { meterText } from "../../js/lib/meter.js";
import { mergeOff, readOff, switchOff, withoutOff, withoutPresent } from "../../js/lib/off.js";
import { fromCodePoints } from "../../js/lib/offsets.js";

const plain = (english, values = {}) => english.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const box = (left, top) => ({ left, right: left + 50, top, bottom: top + 20, height: 20 });
// two lines of three and two boxes
const RECTS = [box(0, 0), box(60, 0), box(120, 0), box(0, 30), box(60, 30)];

test("positions of Python are positions of JavaScript, past emoji and rare characters", () => {
    for (const text of ["plain", "a😀b𠮷c", "𠮷"]) {
        const at = fromCodePoints(text);
        const characters = [...text];
        characters.forEach((_, n) => {
            assert.equal(text.slice(0, at(n)), characters.slice(0, n).join(""));
        });
        assert.equal(at(characters.length), text.length);
    }
});

test("a drop goes in front of the box whose middle is right of it", () => {
    assert.equal(dropPlace(RECTS, 10, 10), 0);
    assert.equal(dropPlace(RECTS, 40, 10), 1);
    assert.equal(dropPlace(RECTS, 300, 10), 3);
    assert.equal(dropPlace(RECTS, 10, 40), 3);
    assert.equal(dropPlace(RECTS, 300, 40), 5);
    assert.equal(dropPlace(RECTS, 10, 500), 5);
    assert.equal(dropPlace([], 10, 10), 0);
});

test("up and down keep the column", () => {
    assert.equal(rowBelow(RECTS, 1), 4);
    assert.equal(rowAbove(RECTS, 4), 1);
    assert.equal(rowBelow(RECTS, 2), 4);
    assert.equal(rowAbove(RECTS, 0), 0);
    assert.equal(rowBelow(RECTS, 4), 4);
});

test("the meter says counts and cuts", () => {
    const one = { limit: 75, chunks: [{ tokens: 34, cut: null }] };
    const two = { limit: 75, chunks: [{ tokens: 75, cut: { text: "long hair" } }, { tokens: 3 }] };
    assert.equal(meterText(one, plain), "34 / 75 tokens");
    assert.equal(meterText(two, plain), "75 + 3 tokens in 2 chunks; cut: long hair");
});

test("an item is whole when its brackets are closed", () => {
    assert.deepEqual(["a", "(a:1.2)", "(a, b", "a \\(", "{a|b", "[a]"].map(isWholeItem),
        [true, true, false, true, false, true]);
});

test("completing an item leaves out the comma", () => {
    assert.equal(completeItem("blue ha", 7, "blue hair"), "blue hair");
    assert.equal(completeItem("(blue ha:1.2)", 8, "blue hair"), "(blue hair:1.2)");
});

const chip = (name, number) => ({ name, number });
const names = (chips, off) => mergeOff(chips, off).map((r) => r.chip?.name ?? `-${r.off.text}`);

test("switched-off tags stand where they stood", () => {
    const chips = ["a", "c", "d"].map(chip);
    assert.deepEqual(names(chips, [{ text: "b", after: "a" }]), ["a", "-b", "c", "d"]);
    assert.deepEqual(names(chips, [{ text: "x", after: "" }]), ["-x", "a", "c", "d"]);
    assert.deepEqual(names(chips, [{ text: "x", after: "gone" }]), ["a", "c", "d", "-x"]);
});

test("switching off several neighbours keeps their order, whichever comes first", () => {
    const [a, b, c] = ["a", "b", "c"].map(chip);
    const first = switchOff(switchOff([], b, "b", a), c, "c", a);
    assert.deepEqual(names([a], first), ["a", "-b", "-c"]);
    const second = switchOff(switchOff([], c, "c", b), b, "b", a);
    assert.deepEqual(names([a], second), ["a", "-b", "-c"]);
    assert.deepEqual(names([a], withoutOff(second, 0)), ["a", "-c"]);
});

test("a property that somebody else wrote does no harm", () => {
    for (const odd of [undefined, null, "x", {}, [1], [{}], [{ text: 3 }], [null]]) {
        assert.deepEqual(readOff(odd), []);
    }
    assert.deepEqual(readOff([{ text: "a" }]), [{ text: "a", after: "" }]);
});

test("a tag that is in the text again is on", () => {
    const off = [{ text: "a", after: "" }, { text: "(b:1.2)", after: "" }, { text: "c", after: "" }];
    const chips = [{ text: "a" }, { text: "b" }];
    assert.deepEqual(withoutPresent(off, chips).map((entry) => entry.text), ["c"]);
});

test("a chip is found again in a text that changed meanwhile", () => {
    const list = (...texts) => texts.map((text, number) => ({ text, number }));
    const before = list("a", "b", "a", "c");
    const after = list("c", "a", "x", "a");
    assert.equal(sameChip(before, before[0], after).number, 1);
    assert.equal(sameChip(before, before[2], after).number, 3);
    assert.equal(sameChip(before, before[3], after).number, 0);
    assert.equal(sameChip(before, before[1], after), null);
});
