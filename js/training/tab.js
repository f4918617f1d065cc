// The sidebar tab: the list of runs, one run, or the preview of captions; asks the server for news
// as long as it is on the page.
import { element, keepEvents } from "../editor/element.js";
import { t } from "../editor/strings.js";
import { createCaptions } from "./captions.js";
import { createList } from "./list.js";
import { createRun } from "./run.js";
import { addStyles } from "./styles.js";

const POLL_MS = 1500;

/** Fills `shell`; returns what ends it. service: see run.js and captions.js, and runs(), work(). */
export function fillTab(shell, service) {
    addStyles();
    const body = element("div", { class: "ixl-training-body" });
    const tabs = {
        runs: choice(t("Runs"), () => go("runs")),
        captions: choice(t("Captions"), () => go("captions")),
    };
    const trouble = element("div", { class: "ixl-problem", role: "alert", hidden: "" });
    const root = element("div", { class: "ixl-training" },
        element("header", {},
            element("h2", { text: t("Training (Illustrious)") }),
            element("div", { class: "ixl-tabs", role: "tablist" }, ...Object.values(tabs))),
        trouble, body);
    keepEvents(root);
    shell.style.height = "100%"; // the list scrolls below the header, not with it
    shell.replaceChildren(root);
    const list = createList((name) => open(name));
    let captions = null;
    let [shown, timer, ended] = ["runs", 0, false];
    let one = null;

    function go(view) {
        shown = view;
        one = null;
        for (const [name, tab] of Object.entries(tabs)) tab.setAttribute("aria-selected", String(name === view));
        if (view === "captions") captions ??= createCaptions(service);
        body.replaceChildren(view === "runs" ? list.element : captions.element);
        body.scrollTop = 0;
        if (view === "captions") captions.refresh().catch(tell);
        refresh();
    }

    function open(name) {
        shown = "runs";
        one = createRun(name, service, () => go("runs"));
        body.replaceChildren(one.element);
        body.scrollTop = 0;
        refresh();
    }

    function tell(error) {
        trouble.textContent = error?.message ?? "";
        trouble.hidden = !error;
    }

    async function refresh() {
        clearTimeout(timer);
        const [view, run] = [shown, one];
        try {
            if (view === "runs" && !document.hidden) await (run ? run.refresh() : showList());
            tell(null);
        } catch (error) {
            tell(error);
        }
        if (ended || view !== shown || run !== one) return; // another view asks for itself
        clearTimeout(timer);
        timer = setTimeout(refresh, POLL_MS);
    }

    async function showList() {
        const found = await service.runs();
        list.draw(found);
        if (!found.worker) await service.work(); // after a restart nobody watches open runs
    }

    go("runs");
    return () => {
        ended = true;
        clearTimeout(timer);
    };
}

function choice(text, onclick) {
    return element("button", { type: "button", role: "tab", text, onclick });
}
