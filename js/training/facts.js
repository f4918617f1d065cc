// What a run was asked, what it wrote and where, and the end of its log.
import { element } from "../editor/element.js";
import { t } from "../editor/strings.js";
import { fileSize, settingLines } from "../lib/runs.js";
import { copyText } from "../model/copy.js";

export function createFacts() {
    const files = element("ul", { class: "ixl-files" });
    const written = element("section", { hidden: "" }, element("h3", { text: t("Files") }), files);
    const place = element("code");
    const folder = element("section", {},
        element("h3", { text: t("Folder") }),
        element("div", { class: "ixl-path" }, place, copyButton(() => place.textContent, t("Copy the path of the folder"))));
    const settings = element("tbody");
    const asked = element("details", {}, element("summary", { text: t("Settings") }), element("table", {}, settings));
    const log = element("pre", { tabindex: "0", "aria-label": t("Log") });
    const logged = element("details", { class: "ixl-log" }, element("summary", { text: t("End of the log") }), log);
    const root = element("div", {}, written, folder, asked, logged);
    let drawn = "";
    let status = "";

    function draw(run) {
        if (run.status === "failed" && status !== "failed") logged.open = true;
        status = run.status;
        const content = JSON.stringify([run.files, run.folder, run.settings, run.log]);
        if (content === drawn) return;
        drawn = content;
        written.hidden = !run.files.length;
        files.replaceChildren(...run.files.map((file) => element("li", {},
            element("span", { text: file.name, title: file.path }),
            element("span", { class: "ixl-dim", text: fileSize(file.bytes) }),
            copyButton(() => file.path, t("Copy the path of {name}", { name: file.name })))));
        place.textContent = run.folder;
        settings.replaceChildren(...settingLines(run.settings, t).map(([label, value]) => element("tr", {},
            element("th", { scope: "row", text: label }), element("td", { text: value }))));
        logged.hidden = !run.log;
        const atEnd = log.scrollTop + log.clientHeight > log.scrollHeight - 8;
        log.textContent = run.log;
        if (atEnd) log.scrollTop = log.scrollHeight;
    }

    return { element: root, draw };
}

function copyButton(text, label) {
    const button = element("button", { type: "button", text: t("Copy"), "aria-label": label, title: label });
    button.addEventListener("click", async () => {
        const done = await copyText(text(), button);
        button.textContent = done ? t("Copied") : t("Not copied");
        setTimeout(() => (button.textContent = t("Copy")), 1500);
    });
    return button;
}
