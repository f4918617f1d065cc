// Dragging a chip to another place, by pointer events (they work under the canvas's scaling, with
// pens and fingers, and do not start the browser's own drag and drop).
import { dropPlace } from "../lib/grid.js";
import { element } from "./element.js";

const THRESHOLD_PX = 4;

/**
 * Follows the pointer from a pointerdown on items[index]. Calls onDrop(place) with the place in
 * front of which the chip was let go, or onClick() when it was not moved.
 */
export function startDrag(down, flow, items, index, { onDrop, onClick }) {
    const item = items[index];
    const mark = element("span", { class: "ixl-drop" });
    const rects = items.map((one) => one.getBoundingClientRect());
    const scrolled = flow.scrollTop;
    let place = -1;
    let moved = false;

    function onMove(event) {
        const far = Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
        if (!moved && far < THRESHOLD_PX) return;
        moved = true;
        item.classList.add("ixl-dragged");
        scrollAtEdge(event);
        const scale = flow.getBoundingClientRect().height / flow.offsetHeight || 1;
        const y = event.clientY + (flow.scrollTop - scrolled) * scale;
        place = dropPlace(rects, event.clientX, y);
        if (place < items.length) items[place].before(mark);
        else items.at(-1).after(mark);
    }

    function scrollAtEdge(event) {
        const area = flow.getBoundingClientRect();
        if (event.clientY < area.top + 12) flow.scrollTop -= 8;
        if (event.clientY > area.bottom - 12) flow.scrollTop += 8;
    }

    function end(event) {
        item.removeEventListener("pointermove", onMove);
        item.removeEventListener("pointerup", end);
        item.removeEventListener("pointercancel", end);
        window.removeEventListener("keydown", onKey, true);
        item.classList.remove("ixl-dragged");
        mark.remove();
        if (event?.type !== "pointerup") return;
        if (!moved) onClick();
        else if (place !== index && place !== index + 1) onDrop(place);
    }

    function onKey(event) {
        if (event.key !== "Escape") return;
        event.stopImmediatePropagation();
        end(null);
    }

    item.setPointerCapture(down.pointerId);
    item.addEventListener("pointermove", onMove);
    item.addEventListener("pointerup", end);
    item.addEventListener("pointercancel", end);
    window.addEventListener("keydown", onKey, true);
}
