// One run: how it stands, its curves, samples and files, and what can be asked of it.
import { element } from "../editor/element.js";
import { t } from "../editor/strings.js";
import { addEvents, emptyCurve, secondsPerStep } from "../lib/curve.js";
import { duration, percent, progress, runLine, small, speed, stateOf } from "../lib/runs.js";
import { createActions } from "./actions.js";
import { createCurves } from "./curves.js";
import { createFacts } from "./facts.js";
import { createSamples } from "./samples.js";

/**
 * name: of the run. service: {events(run, from), details(run), ask(run, what, steps), picture(run,
 * file)}. refresh() asks for what is new; rejects when the server does not answer.
 */
export function createRun(name, service, onBack) {
    const badge = element("span", { class: "ixl-badge" });
    const bar = element("i");
    const line = element("span");
    const left = element("span", { class: "ixl-dim" });
    const figures = element("dl", { class: "ixl-figures" });
    const message = element("div", { class: "ixl-told-message", role: "status", hidden: "" });
    const curves = createCurves();
    const samples = createSamples((file) => service.picture(name, file));
    const facts = createFacts();
    const actions = createActions((what, steps) => service.ask(name, what, steps).then(show));
    const root = element("div", { class: "ixl-one" },
        element("div", { class: "ixl-head" },
            element("button", { type: "button", class: "ixl-back", text: "‹ " + t("Runs"), onclick: onBack }),
            element("b", { text: name, title: name }), badge),
        element("div", { class: "ixl-track ixl-thick" }, bar),
        element("div", { class: "ixl-top" }, line, left),
        message, actions.element, figures, curves.element, samples.element, facts.element);
    let [curve, place] = [emptyCurve(), 0];
    let run = null;

    function show(details) {
        run = details;
        const [label, tone] = stateOf(run.status, t);
        root.dataset.tone = tone;
        badge.textContent = label;
        message.textContent = run.message;
        message.hidden = !run.message;
        actions.draw(run);
        samples.draw(run.samples);
        facts.draw(run);
        drawProgress();
    }

    function drawProgress() {
        const last = curve.points.at(-1);
        const step = last?.step ?? run.step;
        const pace = secondsPerStep(curve.points);
        bar.style.width = `${100 * progress({ step, total: run.total })}%`;
        line.textContent = `${runLine({ ...run, step }, t)} · ${percent(progress({ step, total: run.total }), 0)}`;
        const remaining = run.status === "running" && pace ? (run.total - step) * pace : null;
        left.textContent = remaining === null ? "" : t("{time} left", { time: duration(remaining, t) });
        drawFigures(last, pace);
    }

    function drawFigures(last, pace) {
        const peak = run.memory?.peak_gpu_gb ?? run.memory?.peak_memory_gb;
        const rows = [
            [t("Loss"), small(last?.loss)],
            [t("Learning rate"), small(last?.rate)],
            [t("Speed"), speed(pace, t) || "–"],
            [t("Memory"), peak ? t("{n} GB at most", { n: peak.toFixed(1) }) : "–"],
        ];
        figures.replaceChildren(...rows.map(([label, value]) => element("div", {},
            element("dt", { text: label }), element("dd", { text: value }))));
    }

    async function refresh() {
        show(await service.details(name));
        let answer;
        do {
            answer = await service.events(name, place);
            if (answer.from !== place) curve = emptyCurve(); // another file under the same name
            if (answer.events.length) curve = addEvents(curve, answer.events);
            place = answer.next;
        } while (answer.more);
        curves.draw(curve);
        drawProgress();
    }

    return { element: root, refresh };
}
