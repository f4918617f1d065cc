// What opens below the chips: warnings, and the explanation of the order.
import { element } from "./element.js";
import { t } from "./strings.js";

/** A line per warning, with its reason and remedy. */
export function drawWarnings(target, answer, onShow) {
    const rows = answer.warnings.map((w) => element(
        "li", {},
        element("button", { type: "button", text: w.tag, onclick: () => onShow(w.tag) }),
        element("span", { class: "ixl-why", text: reason(w) }),
    ));
    target.replaceChildren(element("ul", {}, ...rows));
}

/** Why, and what to do, as one sentence. */
export function reason({ why, remedy }) {
    const said = `${why}; ${remedy}`;
    return /[.?!]$/.test(said) ? said : `${said}.`;
}

/** What the normalizer would change and why, with one button that does it. */
export function drawOrder(target, answer, onApply) {
    if (!answer.changes.length) {
        target.replaceChildren(element("div", { text: t("Already in the trained order.") }));
        return;
    }
    const apply = element("button", {
        type: "button", class: "ixl-apply", text: t("Apply order"), onclick: onApply,
    });
    apply.title = t("Replaces the text; Undo brings it back");
    const said = t("Changes: {n}", { n: answer.changes.length });
    const head = element("div", { class: "ixl-head" }, element("span", { text: said }), apply);
    const preview = element("div", { class: "ixl-preview", text: answer.text });
    const rows = answer.changes.map((c) => element(
        "li", {},
        element("span", { class: "ixl-kind", text: `${t(c.kind)}: ` }),
        element("b", { text: c.from || t("nothing") }),
        ...(c.from === c.to ? [] : [` → ${c.to || t("removed")}`]),
        element("span", { class: "ixl-why", text: c.why }),
    ));
    target.replaceChildren(head, preview, element("ul", {}, ...rows));
}
