// Loss and learning rate over the steps, with one pointer for both.
import { element } from "../editor/element.js";
import { t } from "../editor/strings.js";
import { nearest, smooth, smoothingWeight } from "../lib/curve.js";
import { small } from "../lib/runs.js";
import { createPlot } from "./plot.js";

const SMOOTHING = 0.5;

export function createCurves() {
    const onHover = (step) => [loss, rate].forEach((plot) => plot.hover(step));
    const loss = createPlot({ label: t("Loss"), height: 170, onHover });
    const rate = createPlot({ label: t("Learning rate"), height: 92, onHover });
    const amount = element("input", {
        type: "range", min: "0", max: "1", step: "0.05", value: String(SMOOTHING),
        "aria-label": t("Smoothing"), title: t("Smoothing"),
    });
    const waiting = element("p", { class: "ixl-dim", text: t("The curves begin with the first step.") });
    const plots = element("div", { hidden: "" },
        element("div", { class: "ixl-top" }, element("h3", { text: t("Loss") }),
            element("label", { class: "ixl-dim ixl-smoothing" }, t("Smoothing"), amount)),
        loss.element,
        element("h3", { text: t("Learning rate") }), rate.element);
    const root = element("section", {}, waiting, plots);
    let curve = null;

    function draw(next = curve) {
        curve = next;
        const points = curve.points.filter((point) => Number.isFinite(point.loss));
        waiting.hidden = points.length > 0;
        plots.hidden = !points.length;
        if (!points.length) return;
        const raw = points.map(({ step, loss: value }) => [step, value]);
        const line = smooth(raw, smoothingWeight(Number(amount.value), raw.length));
        loss.draw({
            raw, line, format: small, robust: true, marks: curve.saves,
            dots: curve.validation.map(({ step, loss: value }) => [step, value]),
            told: (step) => lossLines(step, raw, line, curve.validation),
        });
        const rates = points.filter(({ rate: value }) => Number.isFinite(value))
            .map(({ step, rate: value }) => [step, value]);
        rate.draw({
            raw: [], dots: [], marks: [], line: rates, format: small,
            told: (step) => [small(rates[nearest(rates, step)][1])],
        });
    }

    amount.addEventListener("input", () => draw());
    return { element: root, draw };
}

function lossLines(step, raw, line, validation) {
    const at = nearest(raw, step);
    const checked = validation.find((one) => one.step === raw[at][0]);
    return [
        t("Step {step}", { step: raw[at][0] }),
        t("loss {value}", { value: small(raw[at][1]) }),
        t("smooth {value}", { value: small(line[at][1]) }),
        ...(checked ? [t("validation {value}", { value: small(checked.loss) })] : []),
    ];
}
