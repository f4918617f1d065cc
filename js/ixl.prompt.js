// The tag editor on our own prompt nodes: completion in their text boxes, and a panel with chips,
// warnings, order and tokens below their widgets. The text box's string stays the stored value.
import {
    addPanel, captureState, linkedTitle, onGraphShown, onValue, ownerOf, redraw,
    registerExtension, replaceFormer, request, setValue, setting, translations, widgetKey,
} from "./host.js";
import { createCompleter } from "./editor/completer.js";
import { createPanel } from "./editor/panel.js";
import { t, useTranslations } from "./editor/strings.js";
import { addStyles } from "./editor/styles.js";
import { watchTextBoxes } from "./editor/textboxes.js";

// node class -> its prompt widgets. meter: count the tokens of the normalized text ("result") or of
// the widget's text alone ("field").
const FIELDS = {
    IXLTagNormalizer: { text: { meter: "result" } },
    IXLPromptBuilder: { general: { meter: "field" } },
};
const OPTIONS = {
    completion: "ixl.tags.autocomplete",
    chips: "ixl.tags.chips",
    tokens: "ixl.tags.tokens",
};
// heights in the classic canvas, with its margin of 10 px on each side
const CLOSED_PX = 48;
const OPEN_PX = 190;
const RESULTS = 20;

const service = {
    normalize: (text, profile, signal) =>
        request("/ixl/prompt/normalize", { body: { text, profile }, signal }),
    tokens: (text, profile) => request("/ixl/prompt/tokens", { body: { text, profile } }),
};

async function searchTags(typed, signal) {
    const query = new URLSearchParams({ q: typed, limit: RESULTS });
    return (await request(`/ixl/tags?${query}`, { signal })).tags;
}

const completionOn = () => setting(OPTIONS.completion, true);
const panels = new Set();
const completer = createCompleter(searchTags);

function addEditor(node, name, { meter }) {
    const widget = node.widgets?.find((w) => w.name === name);
    if (!widget) return;
    const profileWidget = node.widgets.find((w) => w.name === "profile");
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
        title: texts > 1 ? label : "", // several text boxes: say which one this is
        getText: () => String(widget.value ?? ""),
        setText: (text) => setValue(node, widget, text),
        getOff: () => node.properties[property("off")],
        setOff: (off) => set("off", off, !off.length),
        getFolded: () => node.properties[property("folded")] === true,
        setFolded: (folded) => set("folded", folded, !folded),
        profile: () => profileWidget?.value ?? "illustrious-v2.0",
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
    follow(node, widget, profileWidget, {
        ...panel, show: () => replaceFormer(node, panel.element),
    });
}

/** Keeps a panel up to date for as long as its node lives. */
function follow(node, widget, profileWidget, panel) {
    panels.add(panel);
    onValue(widget, panel.changed);
    if (profileWidget) onValue(profileWidget, panel.changed);
    chain(node, "onConnectionsChange", panel.changed);
    chain(node, "onConfigure", panel.changed);
    chain(node, "onRemoved", () => {
        panels.delete(panel);
        panel.destroy();
    });
    panel.changed();
    showSoon([panel]);
}

/** The page is drawn some frames after the graph changed; how many differs by front end. */
function showSoon(some) {
    for (const ms of [0, 60, 400]) setTimeout(() => some.forEach((panel) => panel.show()), ms);
}

function chain(object, name, then) {
    const before = object[name];
    object[name] = function (...values) {
        const result = before?.apply(this, values);
        then();
        return result;
    };
}

/** What completion needs to know of a text box, or null when it is not one of our prompts. */
function ownsBox(box) {
    const owner = ownerOf(box);
    const field = owner && FIELDS[owner.source.nodeClass]?.[owner.source.widgetName];
    return field ? { escape: true } : null;
}

const refreshAll = () => panels.forEach((panel) => panel.refresh());

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
        watchTextBoxes(completer, ownsBox, completionOn);
        useTranslations(await translations());
    },
    nodeCreated(node) {
        const fields = FIELDS[node.comfyClass];
        if (!fields || !setting(OPTIONS.chips, true)) return;
        for (const [name, options] of Object.entries(fields)) addEditor(node, name, options);
    },
});
