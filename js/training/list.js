// The list of runs: one button each, with state and progress. Draws as little anew as possible, so
// that the focus stays.
import { element } from "../editor/element.js";
import { t } from "../editor/strings.js";
import { percent, progress, runLine, stateOf } from "../lib/runs.js";

export function createList(onOpen) {
    const items = element("div", { class: "ixl-runs", role: "list" });
    const empty = element("div", { class: "ixl-none", hidden: "" });
    const root = element("div", {}, items, empty);
    const rows = new Map(); // run -> row

    /** found: the answer of /ixl/runs. */
    function draw({ runs, home }) {
        empty.hidden = runs.length > 0;
        empty.replaceChildren(
            element("p", { text: t("No training run yet.") }),
            element("p", { text: t("Run the node Train (Illustrious), or “train start” on the command line. Runs are kept in {folder}.", { folder: home }) }));
        const names = new Set(runs.map((run) => run.run));
        for (const [name, row] of rows) {
            if (names.has(name)) continue;
            row.element.remove();
            rows.delete(name);
        }
        runs.forEach((run, index) => {
            const row = rows.get(run.run) ?? rows.set(run.run, createRow(run.run, onOpen)).get(run.run);
            row.draw(run);
            if (items.children[index] !== row.element) items.insertBefore(row.element, items.children[index]);
        });
    }

    return { element: root, draw };
}

function createRow(name, onOpen) {
    const badge = element("span", { class: "ixl-badge" });
    const line = element("span", { class: "ixl-dim" });
    const share = element("span", { class: "ixl-dim ixl-share" });
    const message = element("span", { class: "ixl-message" });
    const bar = element("i");
    const root = element("button", { type: "button", class: "ixl-run", onclick: () => onOpen(name) },
        element("span", { class: "ixl-top" }, element("b", { text: name, title: name }), badge),
        element("span", { class: "ixl-track" }, bar),
        element("span", { class: "ixl-top" }, line, share),
        message);
    const shell = element("div", { role: "listitem" }, root);

    function draw(run) {
        const [label, tone] = stateOf(run.status, t);
        badge.textContent = label;
        root.dataset.tone = tone;
        bar.style.width = `${100 * progress(run)}%`;
        line.textContent = runLine(run, t);
        share.textContent = run.total ? percent(progress(run), 0) : "";
        message.textContent = run.message;
        message.hidden = !run.message;
    }

    return { element: shell, draw };
}
