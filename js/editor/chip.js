// One chip: what a row ({chip} or {off, index}) looks like.
import { formatWeight } from "../lib/chips.js";
import { element } from "./element.js";
import { t } from "./strings.js";

const drawn = new WeakMap(); // element -> what it shows, so that 500 chips are not drawn for one

export function newChip(id) {
    return element("span", { class: "ixl-chip", role: "option", id },
        element("span", { class: "ixl-label" }), element("span", { class: "ixl-weight" }));
}

/** Makes an element show a row. warned: names with a warning -> its words. */
export function drawChip(item, row, warned) {
    const look = lookOf(row, warned);
    const key = JSON.stringify(look);
    if (drawn.get(item) === key) return;
    drawn.set(item, key);
    item.className = look.className;
    item.firstChild.textContent = look.label;
    item.lastChild.textContent = look.weight;
    item.lastChild.hidden = !look.weight;
    item.dataset.section = look.section;
    item.dataset.category = look.category;
    item.dataset.kind = look.kind;
    item.title = look.title;
    item.setAttribute("aria-label", look.said);
}

/** What a row looks like, as plain data. */
function lookOf(row, warned) {
    if (row.off) {
        return {
            className: "ixl-chip ixl-off", label: row.off.text, weight: "", section: "off",
            category: "off", kind: "off", title: t("Switched off: not part of the text"),
            said: t("{tag}, switched off", { tag: row.off.text }),
        };
    }
    const { chip } = row;
    const weight = Math.abs(chip.weight - 1) < 0.0005 ? "" : formatWeight(chip.weight);
    const warning = warned.get(chip.name);
    const about = `${t(chip.section)}: ${chip.why}`;
    return {
        className: warning ? "ixl-chip ixl-warned" : "ixl-chip",
        label: chip.text.replace(/\\([()])/g, "$1"),
        weight,
        section: chip.section,
        category: chip.category,
        kind: chip.kind,
        title: [about, warning].filter(Boolean).join("\n"),
        said: [chip.text, t(chip.section), weight && t("weight {weight}", { weight }), warning]
            .filter(Boolean).join(", "),
    };
}
