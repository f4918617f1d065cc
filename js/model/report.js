// What a run of Checkpoint Info said, on the node.
import { element, keepEvents } from "../editor/element.js";
import { t } from "../editor/strings.js";

const texts = new Map(); // by key of the node: outlives the node object (tabs, undo, renderer)

export function createReport(key) {
    const root = element("pre", { class: "ixl-told", tabindex: "0", "aria-label": t("Report") });
    keepEvents(root);
    root.dataset.captureWheel = "true"; // Nodes 2.0: the wheel is ours while the focus is
    root.addEventListener("wheel", (event) => {
        const scrolls = root.scrollHeight > root.clientHeight;
        if (scrolls && !event.ctrlKey) event.stopPropagation();
    }, { passive: true });

    function show(text) {
        texts.set(key(), text);
        draw();
    }

    function draw() {
        const text = texts.get(key());
        root.textContent = text ?? t("The report is shown here after a run.");
        root.classList.toggle("ixl-empty", text === undefined);
    }

    return { element: root, show, draw };
}
