import assert from "node:assert/strict";
import { test } from "node:test";
import { newHistory, record, redo, undo } from "../../js/lib/history.js";

test("undo and redo walk the same way back and forth", () => {
    const history = newHistory("a");
    record(history, "b");
    record(history, "c");
    assert.deepEqual([undo(history), undo(history), undo(history)], ["b", "a", null]);
    assert.deepEqual([redo(history), redo(history), redo(history)], ["b", "c", null]);
});

test("an edit after undo forgets what was undone", () => {
    const history = newHistory("a");
    record(history, "b");
    undo(history);
    record(history, "c");
    assert.equal(redo(history), null);
    assert.equal(undo(history), "a");
});

test("a burst of typing is one step, a pause starts the next", () => {
    const history = newHistory("");
    for (const [text, now] of [["b", 0], ["bl", 100], ["blu", 200], ["blue", 5000]]) {
        record(history, text, { typing: true, now });
    }
    assert.equal(undo(history), "blu");
    assert.equal(undo(history), "");
});

test("the same state is no step", () => {
    const history = newHistory({ text: "a", off: [] });
    assert.equal(record(history, { text: "a", off: [] }), false);
    assert.equal(undo(history), null);
});

test("old steps are dropped", () => {
    const history = newHistory(0);
    for (let n = 1; n <= 1000; n++) record(history, n);
    let steps = 0;
    while (undo(history) !== null) steps++;
    assert.ok(steps <= 200);
});
