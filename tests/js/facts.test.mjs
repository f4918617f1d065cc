import assert from "node:assert/strict";
import { test } from "node:test";
import {
    fileRows, hashRows, hashShare, problemOf, settingRows, settingsLine, titleOf, webAddress,
} from "../../js/lib/facts.js";
import { holderOf } from "../../js/lib/origin.js";

const plain = (english, values = {}) => english.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const source = { text: "card of v0.1", links: [] };
const SETTINGS = {
    id: "illustrious-v0.1", label: "Illustrious XL v0.1", objective: "epsilon",
    zero_terminal_snr: false, minimum_area: 589824, native_area: 1048576, native_side: 1024,
    native_sizes: [[832, 1216], [1024, 1024], [1216, 832]], maximum_area: 1572864,
    maximum_side: 1216, sampler: "euler_ancestral", scheduler: "normal", steps: 28, cfg: 6,
    cfg_range: [5, 7.5], cfg_rescale: 0.2, prompt_profile: "illustrious-v0.1", negative: "comic",
    licence: "Fair", licence_url: "https://a.b/c",
    sources: Object.fromEntries(["objective", "zero_terminal_snr", "minimum_area", "native_area", "maximum_area",
        "sampler", "scheduler", "steps", "cfg", "cfg_range", "cfg_rescale", "prompt_profile",
        "negative"].map((name) => [name, source])),
};
const ANSWER = {
    ok: true, problem: "", not_loadable: "", family: "illustrious", version: "v0.1",
    name: "Illustrious XL v0.1", model: "SDXL", kind: "checkpoint", certainty: "guess",
    objective: "epsilon", zero_terminal_snr: false, number_types: { all: "fp16" },
    size: 6938040760, sha256: "", autov2: "", autov3: "", profile: "illustrious-v0.1",
    settings: SETTINGS, hash: { state: "known" },
};

test("how far the hash is, and that nothing is going on", () => {
    assert.equal(hashShare({ hash: { state: "running", done: 25, total: 100 } }), 0.25);
    assert.equal(hashShare({ hash: { state: "running", done: 0, total: 0 } }), 0);
    assert.equal(hashShare({ hash: { state: "waiting" } }), 0);
    for (const none of [null, {}, { hash: { state: "known" } }, { hash: { state: "none" } }]) {
        assert.equal(hashShare(none), null);
    }
});

test("a family without a version says so; other models have none", () => {
    assert.equal(titleOf(ANSWER, plain), "Illustrious XL v0.1");
    const merge = { ...ANSWER, version: "", name: "Illustrious XL" };
    assert.equal(titleOf(merge, plain), "Illustrious XL, version unknown");
    const other = { ...ANSWER, version: "", family: "sdxl", name: "SDXL" };
    assert.equal(titleOf(other, plain), "SDXL");
});

test("the line of settings names a version chosen by hand", () => {
    const line = "epsilon · 1024×1024 · euler_ancestral · 28 steps · CFG 6";
    assert.equal(settingsLine(ANSWER, plain), line);
    assert.equal(settingsLine({ ...ANSWER, profile: "sdxl" }, plain), `→ Illustrious XL v0.1 · ${line}`);
    const zero = { ...SETTINGS, objective: "v-prediction", zero_terminal_snr: true };
    assert.match(settingsLine({ ...ANSWER, settings: zero }, plain), /^v-prediction, ZSNR · /);
    assert.equal(settingsLine({ ...ANSWER, settings: null }, plain), "");
});

test("every setting has a row with its source", () => {
    const rows = settingRows(SETTINGS, plain);
    assert.ok(rows.every(([label, value]) => label && value));
    const without = rows.filter(([, , from]) => from !== source).map(([label]) => label);
    assert.deepEqual(without, ["Sizes of that area"]);
    const values = Object.fromEntries(rows);
    assert.equal(values["Native size"], "1024×1024 (1.05 MP)");
    assert.equal(values["Sizes of that area"], "832×1216, 1024×1024");
    assert.equal(values["Smallest size"], "0.59 MP");
    assert.equal(values["CFG range"], "5 – 7.5");
    assert.equal(values["CFG rescale"], "0.2");
    assert.equal(values["Negative prompt"], "comic");
    assert.equal(settingRows({ ...SETTINGS, negative: "" }, plain).length, rows.length - 1);
});

test("rows of the file and of its hashes", () => {
    const rows = Object.fromEntries(fileRows(ANSWER, plain));
    assert.equal(rows.Architecture, "SDXL, checkpoint");
    assert.equal(rows.Precision, "fp16");
    assert.equal(rows["File size"], "6.94 GB");
    assert.match(rows["How sure"], /^guess: /);
    const parts = { ...ANSWER, number_types: { unet: "fp8", vae: "fp32" }, certainty: "none", size: 1.4e6 };
    const others = Object.fromEntries(fileRows(parts, plain));
    assert.deepEqual([others.Precision, others["File size"], others["How sure"]],
        ["unet fp8, vae fp32", "1.40 MB", "nothing tells"]);
    assert.deepEqual(hashRows(ANSWER), []);
    assert.deepEqual(hashRows({ sha256: "ab", autov2: "A", autov3: "" }),
        [["SHA-256", "ab"], ["AutoV2", "A"]]);
});

test("a problem of the file, or that it is no checkpoint", () => {
    assert.equal(problemOf(ANSWER), "");
    assert.equal(problemOf({ ...ANSWER, problem: "cut off" }), "cut off");
    assert.equal(problemOf({ ...ANSWER, not_loadable: "a LoRA" }), "a LoRA");
});

test("only addresses of the web become links", () => {
    assert.equal(webAddress("https://a.b/c?d=1"), "https://a.b/c?d=1");
    for (const other of ["javascript:alert(1)", "data:text/html,x", "", "https://a b", " https://a"]) {
        assert.equal(webAddress(other), "");
    }
});

/** A graph of plain objects: nodes by id, links {id: [origin id, slot, target]}. */
function graphOf(nodes, links, more = {}) {
    const graph = {
        nodes, getNodeById: (id) => nodes.find((node) => node.id === id),
        getLink: (id) => links[id] && { origin_id: links[id][0], origin_slot: links[id][1] }, ...more,
    };
    nodes.forEach((node) => Object.assign(node, { graph }));
    return graph;
}

test("the widget that holds a value: the own one, the promoted one, or none", () => {
    const own = { name: "checkpoint" };
    const loader = {
        id: 1, widgets: [own], inputs: [{ name: "checkpoint", widget: { name: "checkpoint" }, link: null }],
    };
    const inner = graphOf([loader], { 7: [-10, 0] });
    assert.equal(holderOf(loader, "checkpoint"), own);
    assert.equal(holderOf(loader, "nothing"), null);

    const outside = { name: "file" };
    const host = { id: 5, subgraph: inner, widgets: [outside], inputs: [{ name: "file", link: null }] };
    inner.rootGraph = graphOf([host], { 9: [8, 0] });
    loader.inputs[0].link = 7;
    assert.equal(holderOf(loader, "checkpoint"), outside);

    host.inputs[0].link = 9; // a node outside makes the value
    inner.rootGraph.nodes.push({ id: 8 });
    assert.equal(holderOf(loader, "checkpoint"), null);
});
