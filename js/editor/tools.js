// The small bar of handles that follows the pointer from chip to chip.
import { canWeigh, formatWeight } from "../lib/chips.js";
import { element } from "./element.js";
import { t } from "./strings.js";

const DELAY_MS = 350; // a pointer that only passes by opens nothing

export function createTools(flow, on) {
    let row = null;
    let timer = 0;
    const weight = element("span");
    const lighter = tool("−", t("Less weight"), () => on.onWeigh(row, -1));
    const heavier = tool("+", t("More weight"), () => on.onWeigh(row, 1));
    const toggle = tool("◐", t("On or off"), () => on.onToggle(row));
    const edit = tool("✎", t("Edit"), () => on.onEdit(row));
    const remove = tool("✕", t("Delete"), () => on.onRemove(row));
    const bar = element("div", { class: "ixl-tools" },
        lighter, weight, heavier, toggle, edit, remove);

    function tool(text, label, run) {
        const made = element("button", { type: "button", text, title: label, tabindex: "-1" });
        made.setAttribute("aria-label", label);
        made.addEventListener("pointerdown", (event) => event.preventDefault());
        made.addEventListener("click", (event) => {
            event.stopPropagation();
            run();
        });
        return made;
    }

    function show(next, item) {
        clearTimeout(timer);
        if (bar.isConnected && next === row) return;
        timer = setTimeout(() => place(next, item), bar.isConnected ? 120 : DELAY_MS);
    }

    function place(next, item) {
        row = next;
        const weighable = Boolean(row.chip && canWeigh(row.chip));
        for (const part of [lighter, weight, heavier]) part.hidden = !weighable;
        weight.textContent = row.chip ? formatWeight(row.chip.weight) : "";
        if (bar.parentElement !== flow) flow.append(bar); // moved under a press, the click is lost
        const most = flow.clientWidth - bar.offsetWidth - 2;
        bar.style.left = `${Math.max(2, Math.min(item.offsetLeft, most))}px`;
        bar.style.top = `${item.offsetTop + item.offsetHeight - 1}px`;
    }

    /** After the rows were drawn anew: stay with the same chip, or go. */
    function follow(rows, items) {
        if (!bar.isConnected) return;
        const same = (r) => (row.chip ? r.chip?.number === row.chip.number && r.chip.name === row.chip.name
            : r.off?.text === row.off.text);
        const index = rows.findIndex(same);
        if (index < 0) hide();
        else place(rows[index], items[index]);
    }

    function hide() {
        clearTimeout(timer);
        bar.remove();
    }

    return { show, hide, follow };
}
