// The LoRA loader on the canvas: shows the places in use and one more, and below them what a run
// told of the LoRAs. Without this script all places are there and the report is an output.
import {
    addPanel, chain, hideWidget, keepRoom, makeRoom, onValue, registerExtension, replaceFormer,
} from "./host.js";
import { element } from "./editor/element.js";
import { t } from "./editor/strings.js";
import { isLinked } from "./lib/origin.js";
import { shownSlots } from "./lib/slots.js";

const NODE = "IXLLoadLora";
const NONE = "none";
const REPORT_PX = 110; // least height of the report
const STYLE = `
    height: 100%; min-height: ${REPORT_PX - 20}px; box-sizing: border-box; overflow: auto;
    contain: size; white-space: pre-wrap; overflow-wrap: anywhere; user-select: text; padding: 6px;
    font: 11px/1.4 var(--font-inter, Inter, Arial, sans-serif); color: var(--input-text, #ddd);
    background: var(--comfy-input-bg, #222); border-radius: 8px;
`;

/** The three widgets of each place: file, model strength, clip strength. */
function placesOf(node) {
    const widget = (name) => node.widgets?.find((w) => w.name === name);
    const places = [];
    for (let n = 1; widget(`lora_${n}`); n++) {
        const names = [`lora_${n}`, `strength_model_${n}`, `strength_clip_${n}`];
        places.push({ names, widgets: names.map(widget) });
    }
    return places;
}

function isUsed(node, { names, widgets }) {
    return widgets[0].value !== NONE || names.some((name) => isLinked(node, name));
}

function showPlaces(node) {
    const places = placesOf(node);
    const shown = shownSlots(places.map((place) => isUsed(node, place)));
    places.forEach(({ widgets }, i) => widgets.forEach((w) => hideWidget(w, i >= shown)));
}

function addReport(node) {
    const told = t("After a run: base model, trigger words, keys and warnings of each LoRA.");
    const panel = element("div", { style: STYLE, text: told, tabindex: "0", class: "ixl-report" });
    panel.dataset.ixlPanel = "report";
    panel.dataset.captureWheel = "true"; // Nodes 2.0: the wheel is ours while the focus is
    // text can be marked and scrolled without moving the node or the canvas
    panel.addEventListener("pointerdown", (event) => event.stopPropagation());
    panel.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && panel.scrollHeight > panel.clientHeight) event.stopPropagation();
    });
    addPanel(node, "ixl_report", "ixl-report", panel, () => REPORT_PX);
    chain(node, "onExecuted", (output) => {
        if (!output?.text) return;
        panel.textContent = [output.text].flat().join("\n");
        replaceFormer(node, panel);
    });
}

registerExtension({
    name: "ixl.loras",
    nodeCreated(node) {
        if (node.comfyClass !== NODE) return;
        const update = () => keepRoom(node, () => showPlaces(node));
        for (const { widgets } of placesOf(node)) onValue(widgets[0], update);
        chain(node, "onConnectionsChange", update);
        // a saved node has its own size already
        chain(node, "onConfigure", () => showPlaces(node));
        addReport(node);
        update();
        makeRoom(node, { width: 340, more: 60 });
    },
});
