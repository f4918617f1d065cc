import assert from "node:assert/strict";
import { test } from "node:test";
import {
    addEvents, bounds, emptyCurve, nearest, secondsPerStep, smooth, smoothingWeight, thin, ticks,
} from "../../js/lib/curve.js";
import { duration, fileSize, progress, runLine, settingLines, small, speed, stateOf } from "../../js/lib/runs.js";

const plain = (english, values = {}) => english.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const step = (n, more = {}) => ({ event: "step", step: n, time: 10 * n, loss: 1 / n, rate: 1e-4, ...more });
const steps = (curve) => curve.points.map((point) => point.step);

test("a crash's undone steps leave the curve, whether events come at once or in pieces", () => {
    const events = [
        { event: "start", step: 0, time: 0 }, step(1), step(2), { event: "state", step: 2 }, step(3), step(4),
        { event: "validation", step: 4, loss: 0.5 },
        { event: "start", step: 2, time: 100 }, step(3, { loss: 9 }), { event: "sample", step: 3 },
    ];
    const once = addEvents(emptyCurve(), events);
    assert.deepEqual(steps(once), [1, 2, 3]);
    assert.equal(once.points.at(-1).loss, 9);
    assert.deepEqual([once.saves, once.samples, once.validation, once.part], [[2], [3], [], 2]);
    const pieces = events.reduce((curve, event) => addEvents(curve, [event]), emptyCurve());
    assert.deepEqual(pieces, once);
});

test("speed is that of the newest part alone", () => {
    const first = [{ event: "start", step: 0 }, ...[1, 2, 3].map((n) => step(n))];
    const curve = addEvents(emptyCurve(), first);
    assert.equal(secondsPerStep(curve.points), 10);
    const resumed = addEvents(curve, [{ event: "start", step: 3 }, step(4, { time: 5000 })]);
    assert.equal(secondsPerStep(resumed.points), null);
    const on = addEvents(resumed, [step(6, { time: 5004 })]); // a step that was not told between
    assert.equal(secondsPerStep(on.points), 2);
    assert.equal(secondsPerStep([]), null);
});

test("a smooth line has no pull of its start, keeps a constant and follows a change", () => {
    const constant = [1, 2, 3, 4].map((n) => [n, 5]);
    for (const weight of [0, 0.5, 0.999]) {
        for (const [, value] of smooth(constant, weight)) assert.ok(Math.abs(value - 5) < 1e-9);
    }
    const raw = [[1, 0], [2, 1], [3, 0]];
    assert.deepEqual(smooth(raw, 0), raw);
    assert.ok(Math.abs(smooth(raw, 0.5)[1][1] - 2 / 3) < 1e-12); // (0.25 * 0 + 0.5 * 1) / 0.75
    assert.equal(smoothingWeight(0, 1000), 0);
    assert.ok(smoothingWeight(1, 1000) < 1 && smoothingWeight(1, 1000) > smoothingWeight(0.5, 1000));
});

test("thinning keeps the order, both ends of every piece, and so every peak", () => {
    const pairs = Array.from({ length: 10_000 }, (_, n) => [n, n === 7777 ? 50 : Math.sin(n)]);
    const kept = thin(pairs, 400);
    assert.ok(kept.length <= 400);
    assert.ok(kept.some(([n, value]) => n === 7777 && value === 50));
    assert.deepEqual(kept, [...kept].sort((a, b) => a[0] - b[0]));
    assert.equal(thin(pairs.slice(0, 10), 400).length, 10);
});

test("nearest by halving is nearest by looking at all", () => {
    const pairs = [1, 4, 5, 9, 20].map((x) => [x, 0]);
    for (let x = -3; x < 30; x += 0.5) {
        const best = pairs.reduce((a, [p], i) => (Math.abs(p - x) < Math.abs(pairs[a][0] - x) ? i : a), 0);
        assert.equal(nearest(pairs, x), best, String(x));
    }
    assert.equal(nearest([], 3), -1);
    assert.equal(nearest([[7, 1]], 100), 0);
});

test("ticks are round and inside", () => {
    assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
    assert.deepEqual(ticks(0.031, 0.152, 3), [0.05, 0.1, 0.15]);
    assert.deepEqual(ticks(1e-5, 1e-4, 2), [5e-5, 1e-4]);
    assert.deepEqual(ticks(3, 3, 5), [3]);
});

test("one spike does not flatten a curve, and nothing lies outside otherwise", () => {
    const values = Array.from({ length: 500 }, (_, n) => 0.1 + 0.01 * Math.sin(n));
    const [low, high] = bounds([...values, 80], { robust: true });
    assert.ok(high < 0.2 && low < 0.09);
    const [all, top] = bounds([...values, 80]);
    assert.ok(top > 80 && all >= 0);
    assert.deepEqual(bounds([NaN]), [0, 1]);
    assert.ok(bounds([3])[1] > 3);
});

test("numbers and times are short", () => {
    assert.deepEqual([0.08123, 1e-4, 3.5e-5, 12.34, 0, null, NaN].map(small),
        ["0.0812", "1e-4", "3.5e-5", "12.3", "0", "–", "–"]);
    assert.deepEqual([8, 59.6, 750, 3900, 360_000].map((s) => duration(s, plain)),
        ["8 s", "1:00 min", "12:30 min", "1:05 h", "100:00 h"]);
    assert.deepEqual([2, 0.25, null, 0].map((s) => speed(s, plain)),
        ["2.00 s per step", "4.0 steps per s", "", ""]);
    assert.deepEqual([1500, 85e6, 6.5e9].map(fileSize), ["2 kB", "85.0 MB", "6.50 GB"]);
});

test("states and settings are words, also unknown ones", () => {
    assert.deepEqual(stateOf("failed", plain), ["Failed", "bad"]);
    assert.deepEqual(stateOf("new thing", plain), ["new thing", "quiet"]);
    assert.equal(progress({ step: 5, total: 0 }), 0);
    assert.equal(progress({ step: 15, total: 10 }), 1);
    assert.equal(runLine({ status: "queued", step: 0, total: 9 }, plain), "9 steps");
    const lines = Object.fromEntries(settingLines({
        method: "lora", checkpoint: "C:\\models\\a.safetensors", folders: [["/data/girl", 3]], rank: 8,
        alpha: 4, size: 1024, batch: 2, accumulation: 1, gpus: 1, unet_lr: 1e-4, text_encoder_lr: 0,
        optimizer: "adamw", precision: "bf16", seed: 0,
    }, plain));
    assert.deepEqual([lines.Model, lines.Pictures, lines.Method, lines["Learning rate"]],
        ["a.safetensors", "girl × 3", "LoRA, rank 8, alpha 4", "1e-4, text encoders frozen"]);
    assert.equal(settingLines(null, plain).some(([, value]) => value.includes("{")), false);
});
