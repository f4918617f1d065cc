// What a chosen checkpoint is: a card on the nodes that choose one, and a dialog with all facts. Only
// shows; nothing of it is stored in a workflow or sent to a run.
import {
    addPanel, chain, fixHeight, linkedTitle, onGraphShown, onReconnected, onValue, registerExtension,
    replaceFormer, request, setting, showSoon, translations, widgetKey,
} from "./host.js";
import { AUTOMATIC, LOADERS, learn } from "./editor/profile.js";
import { t, useTranslations } from "./editor/strings.js";
import { holderOf } from "./lib/origin.js";
import { createCard } from "./model/card.js";
import { openDialog } from "./model/dialog.js";
import { createReport } from "./model/report.js";
import { addStyles } from "./model/styles.js";
import { createWatcher } from "./model/watcher.js";

const CARDS = "ixl.model.card";
const INFO = "IXLCheckpointInfo";
const FILE = { ...LOADERS, [INFO]: "checkpoint" }; // node -> its widget that names a file
const PROFILE_ALONE = "profile alone"; // the choice of Checkpoint Info that names no file
// widgets of loaders that decide what is made of a file, and their values that leave it alone
const SWITCHES = {
    profile: AUTOMATIC, objective: AUTOMATIC, zero_terminal_snr: AUTOMATIC, cfg_rescale: -1,
};
// heights in the classic canvas, with its margin of 10 px on each side; styles.js has the same
const CARD_PX = 66;
const REPORT_PX = 100;

const watcher = createWatcher((question, signal) =>
    request(`/ixl/checkpoint?${new URLSearchParams(question)}`, { signal }));
const cards = new Set();

function addCard(node) {
    const open = () => openDialog(question.name, (then) => watcher.watch(question, then));
    const card = createCard(open);
    let question = null;
    let stop = () => {};
    const heard = new WeakSet(); // widgets whose changes are told: the node's own, and outer ones

    /** Which file, with which switches; draws what is known of it. */
    function update() {
        const next = questionOf(node);
        if (JSON.stringify(next) === JSON.stringify(question) && next) return;
        stop();
        stop = () => {};
        question = next;
        card.element.disabled = !question;
        if (!question) return card.drawWords(whyNone(node));
        card.draw(null);
        stop = watcher.watch(question, (state) => {
            card.draw(state);
            teach(next, state.answer);
        });
    }

    function hear() {
        for (const name of [FILE[node.comfyClass], ...Object.keys(SWITCHES)]) {
            const widget = holderOf(node, name);
            if (!widget || heard.has(widget)) continue;
            heard.add(widget);
            onValue(widget, update);
        }
        update();
    }

    card.element.dataset.ixlPanel = "card";
    fixHeight(addPanel(node, "ixl_card", "ixl-card", card.element, () => CARD_PX), CARD_PX);
    const shown = {
        show: () => {
            replaceFormer(node, card.element);
            hear(); // a value that a script set tells nobody
        },
        hear,
    };
    cards.add(shown);
    chain(node, "onConnectionsChange", hear);
    chain(node, "onConfigure", hear);
    chain(node, "onRemoved", () => {
        cards.delete(shown);
        stop();
    });
    hear();
    showSoon([shown]);
}

/** The tag editor explains with the profile that the file leads to, also before a run. */
function teach({ name, profile }, answer) {
    if (answer?.settings) learn(name, profile ?? AUTOMATIC, answer.settings.prompt_profile);
}

/** What the route is asked: {name, folder, and the switches that are set}, null without a file. */
function questionOf(node) {
    const widget = FILE[node.comfyClass];
    const name = holderOf(node, widget)?.value;
    if (!name || typeof name !== "string" || name === PROFILE_ALONE) return null;
    const question = { name, folder: folderOf(widget, name) };
    for (const [name, unset] of Object.entries(SWITCHES)) {
        const value = holderOf(node, name)?.value;
        if (value != null && value !== unset) question[name] = String(value);
    }
    return question;
}

/** ComfyUI's name of the folder that a file lies in. */
function folderOf(widget, name) {
    if (widget === "checkpoint") return "checkpoints";
    return name.endsWith("/") ? "diffusers" : "diffusion_models";
}

function whyNone(node) {
    const title = linkedTitle(node, FILE[node.comfyClass]);
    if (title) return t("“{title}” chooses the file when it runs.", { title });
    if (title === "") return t("The file is chosen outside this subgraph.");
    return t("No file is chosen.");
}

function addReport(node) {
    const report = createReport(() => widgetKey(node, "report"));
    report.element.dataset.ixlPanel = "report";
    addPanel(node, "ixl_report", "ixl-report", report.element, () => REPORT_PX);
    const shown = {
        show: () => {
            replaceFormer(node, report.element);
            report.draw();
        },
        hear: () => {},
    };
    cards.add(shown);
    chain(node, "onExecuted", (output) => output?.text && report.show([output.text].flat().join("")));
    chain(node, "onConfigure", report.draw);
    chain(node, "onRemoved", () => cards.delete(shown));
    showSoon([shown]);
}

registerExtension({
    name: "ixl.model",
    settings: [
        {
            id: "ixl.model.card", name: "Show what is known of a checkpoint on its node",
            type: "boolean", defaultValue: true, category: ["Illustrious XL", "Model", "card"],
            tooltip: "Takes effect on nodes that are added or loaded from now on.",
        },
    ],
    async setup() {
        addStyles();
        onReconnected(watcher.refresh);
        onGraphShown(() => {
            for (const shown of cards) shown.hear();
            showSoon([...cards]);
        });
        useTranslations(await translations());
    },
    refreshComboInNodes: watcher.refresh, // the lists were read anew: files may be others
    nodeCreated(node) {
        if (!FILE[node.comfyClass]) return;
        if (setting(CARDS, true)) addCard(node);
        if (node.comfyClass === INFO) addReport(node);
    },
});
