// Buttons for what may be asked of a run. What was asked stays marked until the trainer has done it.
import { element } from "../editor/element.js";
import { t } from "../editor/strings.js";

/** ask(what, steps) -> promise; a rejection is shown. */
export function createActions(ask) {
    const problem = element("div", { class: "ixl-problem", role: "alert", hidden: "" });
    const total = element("input", {
        type: "number", min: "1", step: "1", class: "ixl-total", "aria-label": t("Steps in all"),
    });
    const more = element("label", { class: "ixl-more" }, t("to step"), total);
    const buttons = {
        stop: button(t("Stop"), t("Saves a state to go on from, then ends."), () => press("stop")),
        save: button(t("Save now"), t("Writes the weights as they are now; training goes on."), () => press("save")),
        sample: button(t("Sample now"), t("Draws the sample prompts at the next step."), () => press("sample")),
        resume: button(t("Resume"), t("Goes on from the newest state, at the end of the queue."), () => press("resume")),
    };
    const row = element("div", { class: "ixl-actions" }, ...Object.values(buttons), more);
    const root = element("div", {}, row, problem);
    let run = null;

    async function press(what) {
        problem.hidden = true;
        for (const one of Object.values(buttons)) one.disabled = true;
        const wanted = Number(total.value);
        const steps = what === "resume" && wanted !== run.total ? wanted : 0;
        try {
            await ask(what, steps);
        } catch (error) {
            problem.textContent = error.message;
            problem.hidden = false;
            draw(run);
        }
    }

    function draw(next) {
        if (run?.total !== next.total) total.value = String(next.total);
        run = next;
        for (const [what, one] of Object.entries(buttons)) {
            const asked = run.asked.includes(what);
            one.hidden = !run.may.includes(what);
            one.disabled = asked || what === "resume" && run.step >= run.total && Number(total.value) <= run.total;
            one.dataset.asked = String(asked);
        }
        more.hidden = buttons.resume.hidden;
    }

    total.addEventListener("input", () => draw(run));
    return { element: root, draw };
}

function button(text, title, onclick) {
    return element("button", { type: "button", text, title, onclick });
}
