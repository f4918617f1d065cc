// Training on the canvas: a tab of the sidebar with all runs, and the preview of captions.
import { addressOf, addSidebarTab, registerExtension, request, translations } from "./host.js";
import { t, useTranslations } from "./editor/strings.js";
import { fillTab } from "./training/tab.js";

const query = (path, values) => request(`${path}?${new URLSearchParams(values)}`);

const service = {
    runs: () => request("/ixl/runs"),
    work: () => request("/ixl/runs/work", { body: {} }),
    details: (run) => query("/ixl/runs/details", { run }),
    events: (run, from) => query("/ixl/runs/events", { run, from }),
    ask: (run, what, steps) => request("/ixl/runs/ask", { body: { run, what, steps } }),
    picture: (run, file) => addressOf(`/ixl/runs/sample?${new URLSearchParams({ run, file })}`),
    sources: () => request("/ixl/captions"),
    preview: (wanted) => request("/ixl/captions/preview", { body: wanted }),
};

registerExtension({
    name: "ixl.training",
    async setup() {
        useTranslations(await translations());
        addSidebarTab({
            id: "ixl-training", icon: "pi pi-chart-line", title: t("Training (Illustrious)"),
            label: t("Training"),
            fill: (shell) => fillTab(shell, service),
        });
    },
});
