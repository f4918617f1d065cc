// Captions before any training: what a policy does to those of a run, a folder or typed ones.
import { element } from "../editor/element.js";
import { t } from "../editor/strings.js";
import { percent } from "../lib/runs.js";

const PICTURES = 6;

/** service: {sources(), preview(wanted)}. refresh() reads anew what can be chosen. */
export function createCaptions(service) {
    const source = element("select", { "aria-label": t("Captions of") });
    const typed = element("textarea", {
        rows: "4", placeholder: t("Captions, one a line"), "aria-label": t("Captions, one a line"),
    });
    const policy = createPolicy();
    const make = element("button", { type: "button", class: "ixl-main", text: t("Preview"), onclick: () => run(0) });
    const problem = element("div", { class: "ixl-problem", role: "alert", hidden: "" });
    const result = element("div", { "aria-live": "polite" });
    const own = element("p", { class: "ixl-dim", text: t("With the caption policy of the run.") });
    const root = element("div", { class: "ixl-captions" },
        labelled(t("Captions of"), source), typed, policy.element, own, make, problem, result);

    function drawChoice() {
        const [kind] = source.value.split(":");
        typed.hidden = kind !== "typed";
        policy.element.hidden = kind === "run";
        own.hidden = kind !== "run";
    }

    async function refresh() {
        const found = await service.sources();
        const before = source.value;
        source.replaceChildren(
            group(t("Runs"), found.runs.map((name) => [`run:${name}`, name])),
            group(t("Folders in ComfyUI's input"), found.folders.map((name) => [`folder:${name}`, name])),
            new Option(t("typed captions"), "typed:"));
        if ([...source.options].some((option) => option.value === before)) source.value = before;
        policy.choices(found);
        drawChoice();
    }

    async function run(first) {
        problem.hidden = make.disabled = true;
        try {
            draw(await service.preview(wanted(first)), first);
        } catch (error) {
            problem.textContent = error.message;
            problem.hidden = false;
        }
        make.disabled = false;
    }

    function wanted(first) {
        const [kind, ...rest] = source.value.split(":");
        const name = rest.join(":");
        const common = { first, shown: PICTURES };
        if (kind === "run") return { ...common, run: name };
        const chosen = kind === "folder" ? { folder: name } : { captions: typed.value };
        return { ...common, ...chosen, ...policy.values() };
    }

    function draw(found, first) {
        result.replaceChildren(
            figures(found),
            table(t("Stages"), found.stages.map((s) => [s.name, s.configured, s.realised])),
            table(t("Dropped, by category"), found.categories.map((c) =>
                [c.name, c.configured_drop, c.realised_drop])),
            element("h3", { text: t("How pictures are seen") }),
            ...found.pictures.map(picture),
            pager(found, first));
    }

    function pager(found, first) {
        const to = (text, at, enabled) => element("button", {
            type: "button", text, disabled: enabled ? null : "", onclick: () => run(at),
        });
        const last = Math.min(first + PICTURES, found.plans);
        return element("div", { class: "ixl-actions" },
            to("‹", Math.max(0, first - PICTURES), first > 0),
            element("span", { class: "ixl-dim", text: t("{from} to {to} of {all}", { from: first + 1, to: last, all: found.plans }) }),
            to("›", last, last < found.plans));
    }

    source.addEventListener("change", drawChoice);
    return { element: root, refresh };
}

/** Fields of the caption policy; an empty one leaves what the preset has. */
function createPolicy() {
    const preset = element("select");
    const reading = element("select");
    const share = () => element("input", { type: "number", min: "0", max: "1", step: "0.01", placeholder: t("preset") });
    const shares = { caption_dropout: share(), tag_dropout: share(), registers: share() };
    const never = element("input", { type: "text", placeholder: t("such as your trigger word") });
    const rates = element("textarea", { rows: "2", placeholder: "general: 0.1" });
    const levels = element("input", { type: "checkbox", checked: "" });
    const root = element("div", { class: "ixl-policy" },
        labelled(t("Preset"), preset), labelled(t("Reading"), reading),
        labelled(t("Empty captions"), shares.caption_dropout),
        labelled(t("Most tags dropped"), shares.tag_dropout),
        labelled(t("Register words"), shares.registers),
        labelled(t("Never drop"), never),
        labelled(t("Dropout by category"), rates),
        element("label", { class: "ixl-check" }, levels, t("Stages that keep only a few tags")));

    function choices({ presets, readings }) {
        if (preset.options.length) return;
        preset.append(...presets.map((id) => new Option(id, id)));
        preset.value = presets.at(-1);
        reading.append(...readings.map((id) => new Option(id, id)));
    }

    function values() {
        const given = Object.entries(shares).filter(([, field]) => field.value !== "");
        return {
            preset: preset.value, reading: reading.value, multi_level: levels.checked,
            never_drop: never.value, rates: rates.value,
            ...Object.fromEntries(given.map(([name, field]) => [name, Number(field.value)])),
        };
    }

    return { element: root, choices, values };
}

function labelled(text, field) {
    return element("label", { class: "ixl-field" }, element("span", { text }), field);
}

function group(label, choices) {
    const made = element("optgroup", { label });
    made.append(...choices.map(([value, text]) => new Option(text, value)));
    made.hidden = !choices.length;
    return made;
}

function figures(found) {
    const rows = [
        [t("Captions made"), String(found.captions)],
        [t("Empty"), percent(found.empty)],
        [t("Dropped whole (set: {share})", { share: percent(found.caption_dropout.configured) }),
            percent(found.caption_dropout.realised)],
        found.token_limit
            ? [t("Over {limit} tokens", { limit: found.token_limit }), percent(found.over_token_limit)]
            : [t("Token limit"), t("none")],
    ];
    return element("dl", { class: "ixl-figures" }, ...rows.map(([label, value]) => element("div", {},
        element("dt", { text: label }), element("dd", { text: value }))));
}

/** Rows of [name, configured share, real share]: a bar for what is real, a line for what should be. */
function table(title, rows) {
    return element("section", {}, element("h3", { text: title }),
        element("table", { class: "ixl-rates" },
            element("thead", {}, element("tr", {},
                element("th"), element("th"),
                element("th", { text: t("real") }), element("th", { text: t("configured") }))),
            element("tbody", {}, ...rows.map(([name, wanted, real]) => element("tr", {},
                element("th", { scope: "row", text: name }),
                element("td", { class: "ixl-bar-cell" }, bar(real, wanted)),
                element("td", { text: percent(real) }),
                element("td", { class: "ixl-dim", text: percent(wanted) }))))));
}

function bar(real, wanted) {
    return element("span", { class: "ixl-rate" },
        element("i", { style: `width: ${100 * real}%` }),
        element("b", { style: `left: ${100 * wanted}%` }));
}

function picture({ key, levels, samples }) {
    return element("details", { class: "ixl-picture", open: "" },
        element("summary", { text: key }),
        ...levels.map((level) => element("p", { class: "ixl-dim" }, element("em", { text: level.name }), level.text)),
        element("ol", {}, ...samples.map((sample) => element("li", {},
            element("em", { text: sample.stage || t("dropped whole") }),
            element("span", { text: sample.text || t("(empty)") }),
            ...sample.lost.length ? [element("s", { text: sample.lost.join(", ") })] : []))));
}
