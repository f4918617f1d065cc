import assert from "node:assert/strict";
import { test } from "node:test";
import { completion, escapeName, matches, segmentAt, shortCount, unescapeName }
    from "../../js/lib/segment.js";

/** The text with | for the caret: what is typed there, or null. */
function typed(marked) {
    const caret = marked.indexOf("|");
    return segmentAt(marked.replace("|", ""), caret)?.typed ?? null;
}

/** The marked text after accepting `name`, with | for the caret. */
function accepted(marked, name, options) {
    const caret = marked.indexOf("|");
    const text = marked.replace("|", "");
    const done = completion(text, segmentAt(text, caret), name, options);
    const after = text.slice(0, done.start) + done.insert + text.slice(done.end);
    return `${after.slice(0, done.caret)}|${after.slice(done.caret)}`;
}

for (const [marked, expected] of [
    ["blue ha|", "blue ha"],
    ["1girl, blue ha|, smile", "blue ha"],
    ["1girl,\nblue ha|", "blue ha"],
    ["(blue ha|", "blue ha"],
    ["((blue ha|:1.2))", "blue ha"],
    ["[[blue ha|", "blue ha"],
    ["{red|", "red"],
    ["BREAK blue ha|", "blue ha"],
    ["hatsune_mi|", "hatsune_mi"],
    ["miku \\(voc|", "miku (voc"],
    ["miku_(voc|", "miku_(voc"],
    ["1girl、青い|", "青い"],
    ["1girl，蓝|", "蓝"],
    ["青|", "青"],
    ["re:ze|", "re:ze"],
    [":d|", ":d"],
    ["a|", null], // one letter is no question
    ["1girl, |", null],
    ["(smile:1.|", null],
    ["(smile:|", null],
    ["<lora:abc|", null],
    ["", null],
]) {
    test(`typed at ${JSON.stringify(marked)}`, () => {
        assert.equal(marked ? typed(marked) : segmentAt("", 0), expected);
    });
}

for (const [marked, name, expected] of [
    ["blue ha|", "blue hair", "blue hair, |"],
    ["1girl, blue ha|, smile", "blue hair", "1girl, blue hair|, smile"],
    ["1girl, blue ha|ir, smile", "blue hair", "1girl, blue hair|, smile"],
    ["(blue ha|:1.2), smile", "blue hair", "(blue hair|:1.2), smile"],
    ["(blue ha|), smile", "blue hair", "(blue hair|), smile"],
    ["blue e| 1girl", "blue eyes", "blue eyes, |1girl"],
    ["miku \\(voc|", "miku (vocaloid)", "miku \\(vocaloid\\), |"],
    ["1girl、青い|", "blue hair", "1girl、blue hair, |"],
    ["blue ha|\nsmile", "blue hair", "blue hair, |\nsmile"],
]) {
    test(`accepting ${name} at ${JSON.stringify(marked)}`, () => {
        assert.equal(accepted(marked, name), expected);
    });
}

test("captions keep brackets as they are", () => {
    assert.equal(accepted("miku|", "miku (x)", { escape: false }), "miku (x), |");
});

test("escaping is undone by unescaping", () => {
    for (const name of ["a (b) (c)", ":d", "a_b", "(o)_(o)"]) {
        assert.equal(unescapeName(escapeName(name)), name);
    }
});

test("a text of 20,000 characters without commas is read quickly", () => {
    const text = "word ".repeat(4000);
    const start = performance.now();
    segmentAt(text, text.length);
    assert.ok(performance.now() - start < 16);
});

test("counts are short", () => {
    assert.deepEqual([null, 0, 950, 12_300, 1_400_000].map(shortCount),
        ["", "0", "950", "12k", "1.4M"]);
});

test("what is shown is narrowed as the server would", () => {
    const tag = { name: "hatsune miku (cosplay)", alias: "" };
    for (const typed of ["hats", "miku hat", "cosplay", "HATSUNE_MI", "miku (cos"]) {
        assert.ok(matches(tag, typed), typed);
    }
    for (const typed of ["atsune", "miku x", "kumi"]) assert.ok(!matches(tag, typed), typed);
    assert.ok(matches({ name: "blue eyes", alias: "\u9752\u3044\u76ee" }, "\u9752"));
    assert.ok(matches({ name: ":d", alias: "" }, ":"));
    assert.ok(!matches({ name: ":d", alias: "" }, ":("));
});
