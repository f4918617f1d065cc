// What opens below the chips: warnings, the explanation of the order, the token meter.
import { meterText } from "../lib/meter.js";
import { element } from "./element.js";
import { t } from "./strings.js";

/** A line per warning, with its reason and remedy. */
export function drawWarnings(target, answer, onShow) {
    const rows = answer.warnings.map((w) => element(
        "li", {},
        element("button", { type: "button", text: w.tag, onclick: () => onShow(w.tag) }),
        element("span", { class: "ixl-why", text: `${w.why}; ${w.remedy}.` }),
    ));
    target.replaceChildren(element("ul", {}, ...rows));
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

/** A bar per chunk of 75 tokens, and in words what is cut. */
export function drawMeter(target, counted, note) {
    const bars = counted.chunks.slice(0, 12).map((chunk) => {
        const fill = element("i");
        fill.style.width = `${Math.min(100, (100 * chunk.tokens) / counted.limit)}%`;
        const bar = element("span", { class: chunk.cut ? "ixl-chunk ixl-cut" : "ixl-chunk" }, fill);
        bar.title = `${chunk.tokens} / ${counted.limit}`;
        return bar;
    });
    const said = meterText(counted, t);
    const words = element("span", { class: "ixl-said", text: said });
    words.title = `${said}\n${note}`;
    target.replaceChildren(...bars, words);
    target.setAttribute("role", "img");
    target.setAttribute("aria-label", said);
}
