// The token meter: a bar per chunk of 75 tokens, and in words what is cut.
import { meterText } from "../lib/meter.js";
import { element } from "./element.js";
import { t } from "./strings.js";

const MOST_BARS = 12;

/** count(text, profile, signal) -> promise of what /ixl/prompt/tokens gives. */
export function createMeter(count, note) {
    const root = element("div", { class: "ixl-meter", hidden: "", role: "img" });
    let asked = null;
    let cancel = new AbortController();

    /** Counts a text; what was counted last is not asked again. */
    async function update(text, profile) {
        const question = `${profile}\n${text}`;
        if (question === asked) return;
        cancel.abort();
        cancel = new AbortController();
        const { signal } = cancel;
        asked = question;
        const counted = await count(text, profile, signal).catch(() => null);
        if (signal.aborted) return;
        if (!counted) asked = null; // a failure is asked again
        root.hidden = !counted?.available;
        if (!root.hidden) draw(counted);
    }

    function draw(counted) {
        const said = meterText(counted, t);
        const words = element("span", { class: "ixl-said", text: said });
        words.title = `${said}\n${note}`;
        root.replaceChildren(...counted.chunks.slice(0, MOST_BARS).map(bar), words);
        root.setAttribute("aria-label", said);

        function bar(chunk) {
            const fill = element("i");
            fill.style.width = `${Math.min(100, (100 * chunk.tokens) / counted.limit)}%`;
            const kind = chunk.cut ? "ixl-chunk ixl-cut" : "ixl-chunk";
            const made = element("span", { class: kind }, fill);
            made.title = `${chunk.tokens} / ${counted.limit}`;
            return made;
        }
    }

    function hide() {
        cancel.abort();
        asked = null;
        root.hidden = true;
    }

    return { element: root, update, hide };
}
