import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createWatcher } from "../../js/model/watcher.js";

const RUNNING = { hash: { state: "running", done: 1, total: 2 } };
const KNOWN = { hash: { state: "known" } };

/** A server that gives its answers in turn, the last for ever; `asked` counts. */
function serving(...answers) {
    const asked = [];
    const ask = (question, signal) => {
        asked.push({ question, signal });
        const answer = answers[Math.min(asked.length, answers.length) - 1];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    return { ask, asked };
}

test("asks again while the hash is being computed, then rests", async () => {
    const { ask, asked } = serving(RUNNING, RUNNING, KNOWN);
    const seen = [];
    const stop = createWatcher(ask, 5).watch({ name: "a" }, (state) => seen.push(state.answer));
    while (seen.length < 3) await sleep(5); // as slow as the machine is
    await sleep(30);
    assert.deepEqual(seen, [RUNNING, RUNNING, KNOWN]);
    assert.equal(asked.length, 3);
    stop();
});

test("several that show the same file share the requests", async () => {
    const { ask, asked } = serving(KNOWN);
    const watcher = createWatcher(ask, 5);
    const seen = [];
    const stops = [0, 1].map((n) => watcher.watch({ name: "a" }, () => seen.push(n)));
    await sleep(10);
    assert.equal(asked.length, 1);
    assert.deepEqual(seen, [0, 1]);
    watcher.watch({ name: "a" }, ({ answer }) => seen.push(answer)); // what is known, at once
    assert.deepEqual(seen, [0, 1, KNOWN]);
    watcher.watch({ name: "a", profile: "sdxl" }, () => {});
    assert.equal(asked.length, 2);
    stops.forEach((stop) => stop());
});

test("what nobody shows any more is not asked and not told", async () => {
    const { ask, asked } = serving(RUNNING);
    const watcher = createWatcher(ask, 5);
    const seen = [];
    watcher.watch({ name: "a" }, () => seen.push(1))();
    assert.ok(asked[0].signal.aborted);
    await sleep(30);
    assert.deepEqual([seen, asked.length], [[], 1]);
    const stop = watcher.watch({ name: "a" }, () => seen.push(2));
    await sleep(3);
    stop();
    const before = asked.length;
    await sleep(30);
    assert.equal(asked.length, before);
    watcher.refresh();
    assert.equal(asked.length, before);
});

test("an error is a sentence; a refresh asks anew", async () => {
    const { ask } = serving(new Error("not there"), KNOWN);
    const watcher = createWatcher(ask, 5);
    const seen = [];
    watcher.watch({ name: "a" }, (state) => seen.push(state));
    await sleep(10);
    assert.deepEqual(seen, [{ answer: null, error: "not there" }]);
    watcher.refresh();
    await sleep(10);
    assert.deepEqual(seen.at(-1), { answer: KNOWN, error: "" });
});

test("a late answer to an old request is not told", async () => {
    const waiting = [];
    const watcher = createWatcher(() => new Promise((done) => waiting.push(done)), 5);
    const seen = [];
    watcher.watch({ name: "a" }, ({ answer }) => seen.push(answer));
    watcher.refresh();
    waiting[1](KNOWN);
    waiting[0](RUNNING);
    await sleep(5);
    assert.deepEqual(seen, [KNOWN]);
});
