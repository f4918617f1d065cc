// A small line plot as SVG: a raw and a smooth line, dots, marks, axes, and the values under the
// pointer. Takes the width that it is given; colours come from the styles.
import { element } from "../editor/element.js";
import { bounds, nearest, thin, ticks } from "../lib/curve.js";

const SVG = "http://www.w3.org/2000/svg";
const EDGE = { left: 46, right: 8, top: 8, bottom: 20 };

function svg(tag, attributes = {}, ...children) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
}

/**
 * label: for screen readers. height: px. onHover(step or null): the pointer is there.
 *
 * draw({raw, line, dots, marks, format, robust, told}): pairs [step, value]; raw and dots may be
 * empty. told(step) -> lines of text for the pointer. hover(step or null) shows a step.
 */
export function createPlot({ label, height, onHover }) {
    const picture = svg("svg", { class: "ixl-plot", height, role: "img", "aria-label": label });
    const told = element("div", { class: "ixl-plot-told", hidden: "" });
    const root = element("div", { class: "ixl-plot-box" }, picture, told);
    let [data, view] = [null, null];
    const cursor = svg("g", { class: "ixl-cursor" });

    function draw(next = data) {
        data = next;
        const width = root.clientWidth;
        if (!data?.line.length || !width) return picture.replaceChildren();
        view = viewOf(data, width, height);
        picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
        picture.replaceChildren(
            ...axes(view, data.format, width, height),
            ...data.marks.map((step) => svg("line", {
                class: "ixl-mark", x1: view.x(step), x2: view.x(step),
                y1: height - EDGE.bottom, y2: height - EDGE.bottom + 4,
            })),
            svg("path", { class: "ixl-raw", d: path(data.raw, view, width) }),
            svg("path", { class: "ixl-line", d: path(data.line, view, width) }),
            ...data.dots.map(([step, value]) => svg("circle", {
                class: "ixl-dot", r: 3, cx: view.x(step), cy: view.y(value),
            })),
            cursor,
        );
    }

    /** Shows the values at a step, or none. */
    function hover(step) {
        cursor.replaceChildren();
        told.hidden = step === null || !data?.line.length;
        if (told.hidden) return;
        const [at, value] = data.line[nearest(data.line, step)];
        const x = view.x(at);
        cursor.append(
            svg("line", { x1: x, x2: x, y1: EDGE.top, y2: height - EDGE.bottom }),
            svg("circle", { r: 3.5, cx: x, cy: view.y(value) }),
        );
        told.replaceChildren(...data.told(at).map((text) => element("div", { text })));
        const left = x > root.clientWidth / 2;
        told.style.left = left ? "" : `${x + 10}px`;
        told.style.right = left ? `${root.clientWidth - x + 10}px` : "";
    }

    root.addEventListener("pointermove", (event) => {
        if (!view) return;
        onHover(view.step(event.clientX - root.getBoundingClientRect().left));
    });
    root.addEventListener("pointerleave", () => onHover(null));
    new ResizeObserver(() => draw()).observe(root);
    return { element: root, draw, hover };
}

function viewOf({ raw, line, dots, robust }, width, height) {
    const all = [...raw, ...line, ...dots];
    const steps = line.map(([step]) => step);
    const [first, last] = [steps[0], Math.max(steps.at(-1), steps[0] + 1)];
    const [low, high] = bounds(all.map(([, value]) => value), { robust });
    const across = (width - EDGE.left - EDGE.right) / (last - first);
    const up = (height - EDGE.top - EDGE.bottom) / (high - low);
    const clamp = (value) => Math.min(high, Math.max(low, value));
    return {
        first, last, low, high,
        x: (step) => EDGE.left + (step - first) * across,
        y: (value) => height - EDGE.bottom - (clamp(value) - low) * up,
        step: (x) => first + (x - EDGE.left) / across,
    };
}

function path(pairs, view, width) {
    const finite = pairs.filter(([, value]) => Number.isFinite(value));
    return thin(finite, 2 * width).map(([step, value], i) =>
        `${i ? "L" : "M"}${view.x(step).toFixed(1)} ${view.y(value).toFixed(1)}`).join("");
}

function axes(view, format, width, height) {
    const rows = ticks(view.low, view.high, height / 40).flatMap((value) => [
        svg("line", {
            class: "ixl-grid", x1: EDGE.left, x2: width - EDGE.right, y1: view.y(value), y2: view.y(value),
        }),
        text(format(value), EDGE.left - 6, view.y(value) + 3.5, "end"),
    ]);
    const columns = ticks(view.first, view.last, width / 60).filter(Number.isInteger).map((step) =>
        text(String(step), Math.min(view.x(step), width - EDGE.right), height - 5,
            view.x(step) > width - 24 ? "end" : "middle"));
    return [...rows, ...columns];
}

function text(content, x, y, anchor) {
    const made = svg("text", { class: "ixl-tick", x, y, "text-anchor": anchor });
    made.textContent = content;
    return made;
}
