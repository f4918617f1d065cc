// All facts about a model file, in a dialog of the browser: it keeps the focus inside, closes by
// Escape and gives the focus back. Draws anew while the hash is being computed.
import { element } from "../editor/element.js";
import { t } from "../editor/strings.js";
import { fileRows, hashRows, hashShare, problemOf, settingRows, titleOf, webAddress } from "../lib/facts.js";
import { copyText } from "./copy.js";

/** file: its name. watch(then) -> what ends watching. */
export function openDialog(file, watch) {
    const heading = element("h2", { id: "ixl-dialog-title" });
    const close = element("button", { type: "button", class: "ixl-close", text: "✕" });
    close.setAttribute("aria-label", t("Close"));
    const body = element("div", { class: "ixl-body", tabindex: "0" });
    const dialog = element("dialog", { class: "ixl-dialog", "aria-labelledby": heading.id },
        element("header", {}, element("div", {}, heading, element("p", { text: file })), close),
        body);
    const stop = watch(createDrawing(heading, body, file));
    if (!heading.textContent) heading.textContent = t("Looking at the file…");
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => {
        if (event.target === dialog) dialog.close(); // beside it
    });
    dialog.addEventListener("close", () => {
        stop();
        dialog.remove();
    });
    dialog.addEventListener("keydown", (event) => {
        event.stopPropagation(); // the canvas has shortcuts of its own: Delete, R, Ctrl+Enter
        if (event.key === "Tab") turnAtTheEnd(dialog, event);
    });
    for (const kind of ["copy", "cut", "paste", "pointerdown", "wheel", "contextmenu"]) {
        dialog.addEventListener(kind, (event) => event.stopPropagation());
    }
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
}

/** Tab goes round inside; the browser's own bars are reached by its own keys. */
function turnAtTheEnd(dialog, event) {
    const stops = [...dialog.querySelectorAll("button:not(:disabled), a[href], [tabindex='0']")];
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (document.activeElement !== from) return;
    event.preventDefault();
    to.focus();
}

/** draw(state): as little anew as possible, so that a selection and the place in the text stay. */
function createDrawing(heading, body, file) {
    let drawn = "";

    return ({ answer, error }) => {
        const share = hashShare(answer);
        const content = JSON.stringify([error, { ...answer, hash: [share === null, answer?.hash.why] }]);
        if (content === drawn) return showProgress(body, share);
        drawn = content;
        const { scrollTop } = body;
        const key = body.contains(document.activeElement) && document.activeElement.dataset.ixlKey;
        heading.textContent = answer ? titleOf(answer, t) || file : t("Not known");
        body.replaceChildren(...(answer ? sections(answer) : [sentence(error)]));
        showProgress(body, share);
        body.scrollTop = scrollTop;
        if (key) body.querySelector(`[data-ixl-key="${key}"]`)?.focus();
    };
}

function showProgress(body, share) {
    if (share === null) return;
    const percent = Math.floor(100 * share);
    body.querySelector("progress").value = percent;
    body.querySelector(".ixl-percent").textContent = t("{percent} %", { percent });
}

function sections(answer) {
    const problem = problemOf(answer);
    if (!answer.ok && !answer.findings.length) return [sentence(problem)];
    return [
        problem && sentence(problem),
        answer.warnings.length && section(t("Warnings"), list(answer.warnings, "ixl-warned")),
        section(t("The file"), table(fileRows(answer, t))),
        section(t("What tells"), evidence(answer.findings)),
        answer.settings && settingsOf(answer),
        answer.ok && section(t("Hashes"), ...hashes(answer)),
        answer.settings && section(t("Licence"), ...licence(answer)),
    ].filter(Boolean);
}

function sentence(text) {
    return element("p", { class: "ixl-problem", role: "alert", text });
}

function section(title, ...content) {
    return element("section", {}, element("h3", { text: title }), ...content);
}

function list(texts, kind) {
    return element("ul", { class: kind }, ...texts.map((text) => element("li", { text })));
}

/** Rows of [label, value, source]; a source is {text, links}. */
function table(rows) {
    return element("table", {}, element("tbody", {}, ...rows.map(([label, value, source]) =>
        element("tr", {},
            element("th", { scope: "row", text: label }),
            element("td", { text: value, colspan: source?.text ? 1 : 2 }),
            ...(source?.text ? [element("td", { class: "ixl-source" }, ...sourceParts(source))] : [])))));
}

function sourceParts({ text, links }) {
    const arrows = links.filter(webAddress).flatMap((address) => [" ", link(address, "↗", address)]);
    return [text, ...arrows];
}

function settingsOf(answer) {
    const { settings } = answer;
    const by = settings.id === answer.profile ? "" : t("Chosen on the node.");
    const note = by && element("p", { class: "ixl-note", text: by });
    const title = t("Settings of {name}", { name: settings.label });
    const reasons = list(answer.reasons, "ixl-note");
    return section(title, ...(note ? [note] : []), reasons, table(settingRows(settings, t)));
}

function evidence(findings) {
    return element("ul", { class: "ixl-evidence" }, ...findings.map((found) => element("li", {},
        element("span", { class: "ixl-sure", "data-tone": found.certainty, text: t(found.certainty) }),
        element("b", { text: t(found.layer) }),
        element("span", { text: found.text }))));
}

function hashes(answer) {
    const known = hashRows(answer).map(([label, digest]) => element("div", { class: "ixl-hash" },
        element("b", { text: label }), element("code", { text: digest }), copyButton(label, digest)));
    if (hashShare(answer) !== null) return [...known, progress()];
    return known.length ? known : [element("p", { class: "ixl-note", text: answer.hash.why || t("none") })];
}

function progress() {
    return element("div", { class: "ixl-hash" },
        element("b", { text: "SHA-256" }),
        element("progress", { max: "100", "aria-label": "SHA-256" }),
        element("span", { class: "ixl-percent" }));
}

function copyButton(label, digest) {
    const button = element("button", { type: "button", text: t("Copy"), "aria-live": "polite" });
    button.dataset.ixlKey = label;
    button.setAttribute("aria-label", t("Copy {what}", { what: label }));
    button.addEventListener("click", async () => {
        const done = await copyText(digest, button);
        button.textContent = done ? t("Copied") : t("Not copied");
        setTimeout(() => (button.textContent = t("Copy")), 1500);
    });
    return button;
}

function licence(answer) {
    const { licence: name, licence_url: url } = answer.settings;
    const shown = webAddress(url) ? link(url, `${name} ↗`, url, "licence") : name;
    const merge = t("A merge can have another one; see the page that you have it from.");
    return [
        element("p", {}, shown),
        ...(answer.certainty === "certain" && answer.sha256
            ? [] : [element("p", { class: "ixl-note", text: merge })]),
    ];
}

function link(address, text, title, key) {
    const made = element("a", { href: address, target: "_blank", rel: "noopener noreferrer", text, title });
    if (key) made.dataset.ixlKey = key;
    return made;
}
