// The card on a node: what the chosen file is, in two lines; a button that opens the dialog.
import { element, keepEvents } from "../editor/element.js";
import { t } from "../editor/strings.js";
import { hashShare, problemOf, settingsLine, titleOf } from "../lib/facts.js";

export function createCard(onOpen) {
    const title = element("span", { class: "ixl-title" });
    const warnings = element("span", { class: "ixl-warnings" });
    const sure = element("span", { class: "ixl-sure" });
    const line = element("span", { class: "ixl-line" });
    const bar = element("i");
    const progress = element("span", { class: "ixl-hashing", hidden: "" }, bar);
    const head = element("span", { class: "ixl-head" }, title, warnings, sure);
    const root = element("button", {
        type: "button", class: "ixl-card", "aria-haspopup": "dialog", onclick: onOpen,
    }, head, line, progress);
    keepEvents(root);
    let hashing = "";

    /** state: {answer, error} of the watcher, or null while nothing is known. */
    function draw(state) {
        const answer = state?.answer;
        if (!answer) return drawWords(state?.error || t("Looking at the file…"), Boolean(state), !state);
        const problem = problemOf(answer);
        if (problem) return drawWords(problem, true);
        const certainty = answer.certainty;
        root.dataset.tone = certainty;
        title.textContent = titleOf(answer, t);
        warnings.textContent = answer.warnings.length ? `⚠ ${answer.warnings.length}` : "";
        sure.textContent = t(certainty);
        line.textContent = settingsLine(answer, t);
        drawHash(hashShare(answer));
        finish();
    }

    /** A sentence instead of facts. */
    function drawWords(text, bad, busy = false) {
        root.dataset.tone = bad ? "bad" : "quiet";
        title.textContent = warnings.textContent = sure.textContent = "";
        line.textContent = text;
        drawHash(null);
        finish(busy);
    }

    function drawHash(share) {
        progress.hidden = share === null;
        hashing = "";
        if (share === null) return;
        const percent = Math.floor(100 * share);
        bar.style.width = `${percent}%`;
        sure.textContent += ` · ${percent} %`;
        hashing = t("Computing the SHA-256, which tells official files for certain: {percent} %", {
            percent,
        });
    }

    /** The whole text on hover: narrow nodes cut the lines. */
    function finish(busy = false) {
        root.setAttribute("aria-busy", String(busy));
        const head = [title, warnings, sure].map((part) => part.textContent);
        const lines = [head.filter(Boolean).join(" · "), line.textContent, hashing];
        root.title = lines.filter(Boolean).join("\n");
    }

    return { element: root, draw, drawWords };
}
