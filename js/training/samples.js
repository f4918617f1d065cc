// Sample pictures of a run, newest first, and a large view of one.
import { element } from "../editor/element.js";
import { t } from "../editor/strings.js";

const SHOWN = 24; // more come by a button: each is a full picture

/** address(file): of a picture. */
export function createSamples(address) {
    const grid = element("div", { class: "ixl-samples" });
    const more = element("button", { type: "button", text: t("Show more"), onclick: () => show(limit + SHOWN) });
    const root = element("section", { hidden: "" }, element("h3", { text: t("Samples") }), grid, more);
    let [all, limit, drawn] = [[], SHOWN, ""];

    function show(number) {
        limit = number;
        draw(all);
    }

    function draw(samples) {
        all = samples;
        const content = JSON.stringify([samples.map((s) => s.file), limit]);
        if (content === drawn) return;
        drawn = content;
        root.hidden = !samples.length;
        more.hidden = samples.length <= limit;
        grid.replaceChildren(...samples.slice(0, limit).map((sample, index) => {
            const picture = element("img", { src: address(sample.file), alt: titleOf(sample), loading: "lazy" });
            return element("button", {
                type: "button", title: titleOf(sample), onclick: () => openLarge(samples, index, address),
            }, picture, element("span", { text: titleOf(sample) }));
        }));
    }

    return { element: root, draw };
}

function titleOf({ step, file }) {
    return step === null ? file : t("Step {step}", { step });
}

/** One picture as large as the page; arrow keys go to its neighbours. */
function openLarge(samples, start, address) {
    let at = start;
    const picture = element("img");
    const title = element("p", { "aria-live": "polite" });
    const close = element("button", { type: "button", text: "✕", "aria-label": t("Close"), onclick: () => dialog.close() });
    const dialog = element("dialog", { class: "ixl-large", "aria-label": t("Samples") }, picture, title, close);

    function show(next) {
        at = Math.min(samples.length - 1, Math.max(0, next));
        picture.src = address(samples[at].file);
        picture.alt = titleOf(samples[at]);
        title.textContent = `${titleOf(samples[at])} · ${samples[at].file}`;
    }

    dialog.addEventListener("keydown", (event) => {
        event.stopPropagation();
        if (event.key === "ArrowRight") show(at + 1);
        if (event.key === "ArrowLeft") show(at - 1);
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    show(start);
    document.body.append(dialog);
    dialog.showModal();
}
