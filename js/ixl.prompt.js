// The tag editor on our own prompt nodes: completion in their text boxes, and a panel with chips,
// warnings, order and tokens below their widgets. The text box's string stays the stored value.
import {
    addPanel, captureState, chain, linkedTitle, makeRoom, onGraphShown, onOutput, onValue, onValueOf,
    ownerOf, redraw, registerExtension, replaceFormer, request, setValue, setting, showSoon,
    translations, widgetKey,
} from "./host.js";
import { createCompleter } from "./editor/completer.js";
import { FIELDS, preferred } from "./editor/fields.js";
import { createPanel } from "./editor/panel.js";
import { LOADERS, learn, onLearned, profileOf } from "./editor/profile.js";
import { t, useTranslations } from "./editor/strings.js";
import { addStyles } from "./editor/styles.js";
import { watchTextBoxes } from "./editor/textboxes.js";

const OPTIONS = {
    completion: "ixl.tags.autocomplete",
    chips: "ixl.tags.chips",
    tokens: "ixl.tags.tokens",
};
// heights in the classic canvas, with its margin of 10 px on each side; styles.js has the same
// heights for Nodes 2.0
const CLOSED_PX = 48;
const OPEN_PX = 124;
// a new node gets more than the least, so that some lines of chips and words are seen
const COMFORT = { width: 400, more: 140 };
const RESULTS = 20;
const SORTED_RESULTS = 50; // most that /ixl/tags gives

const service = {
    normalize: (text, profile, signal) =>
        request("/ixl/prompt/normalize", { body: { text, profile }, signal }),
    tokens: (text, profile, signal) =>
        request("/ixl/prompt/tokens", { body: { text, profile }, signal }),
};

async function searchTags(typed, { categories = [], first }, signal) {
    const query = new URLSearchParams({ q: typed, limit: first ? SORTED_RESULTS : RESULTS });
    if (categories.length) query.set("category", categories.join(","));
    const { tags } = await request(`/ixl/tags?${query}`, { signal });
    return first ? preferred(tags, first).slice(0, RESULTS) : tags;
}

const completionOn = () => setting(OPTIONS.completion, true);
const panels = new Set();
const completer = createCompleter(searchTags);

function addEditor(node, name, { meter, checks }) {
    const widget = node.widgets?.find((w) => w.name === name);
    if (!widget) return;
    const property = (what) => `ixl.tags.${what}.${name}`;
    // a property once set stays: the front end's undo restores properties but removes none
    const set = (what, value, empty) => {
        if (empty && !(property(what) in node.properties)) return;
        node.properties[property(what)] = value;
        captureState();
    };
    const label = widget.label || name;
    const texts = node.widgets.filter((w) => w.type === widget.type).length;
    const field = {
        label,
        checks,
        title: texts > 1 ? label : "", // several text boxes: say which one this is
        getText: () => String(widget.value ?? ""),
        setText: (text) => setValue(node, widget, text),
        getOff: () => node.properties[property("off")],
        setOff: (off) => set("off", off, !off.length),
        getFolded: () => node.properties[property("folded")] === true,
        setFolded: (folded) => set("folded", folded, !folded),
        profile: () => profileOf(node),
        linkedTitle: () => linkedTitle(node, name),
        key: () => widgetKey(node, name),
        changed: () => redraw(node),
        meterOf: (answer) => (meter === "result" ? answer.text : answer.source.text),
        meterNote: meter === "result"
            ? t("Tokens of the normalized text; both text encoders count alike.")
            : t("Tokens of this field alone; both text encoders count alike."),
    };
    const panel = createPanel(field, service, completer, {
        tokens: () => setting(OPTIONS.tokens, true),
        weightStep: () => setting("Comfy.EditAttention.Delta", 0.05),
        completion: completionOn,
    });
    const closed = () => field.getFolded() || field.linkedTitle() !== null;
    const height = () => (closed() ? CLOSED_PX : OPEN_PX);
    panel.element.dataset.ixlPanel = name;
    addPanel(node, `ixl_tags_${name}`, "ixl-tags", panel.element, height);
    follow(node, widget, { ...panel, show: () => replaceFormer(node, panel.element) });
    makeRoom(node, COMFORT);
}

/** Keeps a panel up to date for as long as its node lives. */
function follow(node, widget, panel) {
    panels.add(panel);
    onValue(widget, panel.changed);
    onValueOf(node, "profile", panel.changed);
    chain(node, "onConnectionsChange", panel.changed);
    chain(node, "onConfigure", panel.changed);
    chain(node, "onRemoved", () => {
        panels.delete(panel);
        panel.destroy();
    });
    panel.changed();
    showSoon([panel]);
}

/** What completion needs to know of a text box, or null when it is not one of our prompts. */
function ownsBox(box) {
    const owner = ownerOf(box);
    const field = owner && FIELDS[owner.source.nodeClass]?.[owner.source.widgetName];
    // in a single line mostly one name is wanted: a comma behind it would be in the way
    return field ? { ...field, comma: box.tagName === "TEXTAREA" } : null;
}

const refreshAll = () => panels.forEach((panel) => panel.refresh());

/** A loader decides the profile of the prompt nodes behind it. */
function watchLoader(node) {
    const names = [LOADERS[node.comfyClass], "profile"];
    for (const name of names) onValueOf(node, name, refreshAll);
    chain(node, "onConfigure", refreshAll);
    chain(node, "onConnectionsChange", refreshAll);
}

registerExtension({
    name: "ixl.prompt",
    settings: [
        {
            id: OPTIONS.completion, name: "Complete tags while typing", type: "boolean",
            defaultValue: true, category: ["Illustrious XL", "Tags", "autocomplete"],
            tooltip: "In the prompt boxes of this pack's nodes only.",
        },
        {
            id: OPTIONS.chips, name: "Show tags as chips below prompt boxes", type: "boolean",
            defaultValue: true, category: ["Illustrious XL", "Tags", "chips"],
            tooltip: "Takes effect on nodes that are added or loaded from now on.",
        },
        {
            id: OPTIONS.tokens, name: "Count tokens", type: "boolean",
            defaultValue: true, category: ["Illustrious XL", "Tags", "tokens"],
            tooltip: "Per chunk of 75, with ComfyUI's own tokenizer.",
            onChange: () => setTimeout(refreshAll), // the front end stores the value after this
        },
    ],
    async setup() {
        addStyles();
        onGraphShown(() => showSoon([...panels]));
        onLearned(refreshAll);
        onOutput("ixl_profile", (values) => learn(...values));
        watchTextBoxes(completer, ownsBox, completionOn);
        useTranslations(await translations());
    },
    nodeCreated(node) {
        if (LOADERS[node.comfyClass]) watchLoader(node);
        if (!setting(OPTIONS.chips, true)) return;
        for (const [name, { chips }] of Object.entries(FIELDS[node.comfyClass] ?? {})) {
            if (chips) addEditor(node, name, chips);
        }
    },
});
