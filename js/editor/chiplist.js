// The chips and the one box that holds the keyboard focus for them. Knows rows ({chip} or {off,
// index}, see lib/off.js) and reports what the user wants; changes nothing itself.
//
// The focus stays in a real <input>: the front end leaves keys typed there alone (its Delete would
// remove the node, its Ctrl+Z would undo the canvas), input methods work, and screen readers follow
// aria-activedescendant.
import { printChip } from "../lib/chips.js";
import { completeItem, isWholeItem } from "../lib/entry.js";
import { rowAbove, rowBelow } from "../lib/grid.js";
import { drawChip, newChip } from "./chip.js";
import { element } from "./element.js";
import { startDrag } from "./drag.js";
import { t } from "./strings.js";
import { createTools } from "./tools.js";

let lists = 0;

export function createChipList(on) {
    const id = `ixl-chips-${++lists}`;
    const list = element("div", { class: "ixl-chips", role: "listbox", id });
    list.setAttribute("aria-label", t("Tags"));
    const box = element("input", {
        class: "ixl-add", type: "text", role: "combobox", placeholder: t("Add a tag"),
        autocomplete: "off", spellcheck: "false", "data-ixl": "add", "aria-expanded": "false",
        "aria-label": t("Add a tag; arrow keys walk through the tags"),
    });
    const flow = element("div", { class: "ixl-flow" }, list, box);
    let rows = [];
    let items = []; // elements, one per row
    let active = -1;
    let pressed = null; // the row and place of the click that is on its way
    let editing = null; // the row that is edited in the box
    const tools = createTools(flow, {
        onWeigh: (row, delta) => on.onWeigh(row, delta),
        onToggle: (row) => on.onToggle(row),
        onEdit: (row) => edit(rows.indexOf(row)),
        onRemove: (row) => on.onRemove(row),
    });

    function draw(newRows, warned) {
        rows = newRows;
        while (items.length > rows.length) items.pop().remove();
        rows.forEach((row, index) => drawRow(row, index, warned));
        if (editing) return;
        select(Math.min(active, rows.length - 1), false);
        tools.follow(rows, items);
    }

    function drawRow(row, index, warned) {
        if (!items[index]) {
            items[index] = newChip(`${id}-${index}`);
            list.append(items[index]);
        }
        drawChip(items[index], row, warned);
    }

    function select(index, scroll = true) {
        items[active]?.setAttribute("aria-selected", "false");
        active = index;
        if (index < 0) {
            box.removeAttribute("aria-activedescendant");
            box.removeAttribute("aria-controls");
            return;
        }
        items[index].setAttribute("aria-selected", "true");
        box.setAttribute("aria-activedescendant", items[index].id);
        box.setAttribute("aria-controls", id);
        if (scroll) items[index].scrollIntoView?.({ block: "nearest" });
    }

    function edit(index) {
        if (index < 0 || !rows[index]) return;
        editing = rows[index];
        tools.hide();
        items[index].hidden = true;
        items[index].style.display = "none";
        box.value = editing.chip ? editing.chip.text : editing.off.text;
        box.classList.add("ixl-editing");
        items[index].before(box);
        box.focus();
        box.select();
    }

    function endEdit() {
        const index = rows.indexOf(editing);
        editing = null;
        box.value = "";
        box.classList.remove("ixl-editing");
        for (const item of items) item.style.display = "";
        const focused = document.activeElement === box;
        flow.append(box);
        if (focused) box.focus();
        return index;
    }

    function submit() {
        const text = box.value;
        on.completer.close(); // an answer on its way must not open the list any more
        if (editing) {
            const row = editing;
            select(endEdit());
            on.onEdit(row, text);
        } else if (text.trim()) {
            box.value = "";
            on.onAdd(text.trim().replace(/[\s,，、]+$/, ""));
        }
    }

    function completerClose() {
        if (on.completer.owns(box)) on.completer.close();
    }

    function offer() {
        box.setAttribute("aria-expanded", "false");
        if (!on.completionOn()) return;
        on.completer.update(box, {
            escape: true,
            accept: (tag) => {
                box.value = completeItem(box.value, box.selectionStart, tag.name);
                if (isWholeItem(box.value)) submit();
            },
        });
    }

    function onInput(event) {
        select(-1);
        if (event.isComposing) return;
        // a comma ends an item, unless it stands inside brackets
        if (!editing && /[,，、]\s*$/.test(box.value) && isWholeItem(box.value)) submit();
        else offer();
    }

    function onKeyDown(event) {
        if (event.isComposing || event.keyCode === 229) return;
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            if (editing || box.value.trim()) submit();
            return; // the front end queues the prompt
        }
        if (on.completer.owns(box) && on.completer.onKey(event)) return used(event);
        if (handle(event)) used(event);
        event.stopPropagation();
    }

    function used(event) {
        event.preventDefault();
        event.stopPropagation();
    }

    /** True when the key was for the chips and not for the box. */
    function handle(event) {
        const { key } = event;
        const command = event.ctrlKey || event.metaKey;
        if (key === "Enter") return enter();
        if (key === "Escape") return escape();
        if (editing) return false;
        if (command && !box.value && /^[zy]$/i.test(key)) {
            (key.toLowerCase() === "y" || event.shiftKey ? on.onRedo : on.onUndo)();
            return true;
        }
        if (box.value) return false;
        if (active < 0) return startWalk(event);
        const row = rows[active];
        if (command && (key === "ArrowUp" || key === "ArrowDown")) {
            on.onWeigh(row, key === "ArrowUp" ? 1 : -1);
            return true;
        }
        if (event.altKey && (key === "ArrowLeft" || key === "ArrowRight")) return shift(row, key);
        if (key === " ") on.onToggle(row);
        else if (key === "Delete" || key === "Backspace") on.onRemove(row);
        else return walk(event);
        return true;
    }

    function enter() {
        if (!editing && active >= 0 && !box.value) edit(active);
        else submit();
        return true;
    }

    function escape() {
        if (editing) select(endEdit());
        else if (active >= 0) select(-1);
        else box.value = "";
        return true;
    }

    function startWalk({ key, ctrlKey, metaKey }) {
        if (ctrlKey || metaKey || !rows.length) return false;
        if (key === "ArrowLeft" || key === "Backspace" || key === "ArrowUp") {
            select(rows.length - 1);
        } else if (key === "Home") select(0);
        else return false;
        return true;
    }

    function walk({ key, ctrlKey, metaKey }) {
        if (ctrlKey || metaKey) return false;
        const rects = () => items.map((item) => item.getBoundingClientRect());
        if (key === "ArrowLeft") select(Math.max(0, active - 1));
        else if (key === "ArrowRight") select(active + 1 < rows.length ? active + 1 : -1);
        else if (key === "ArrowUp") select(rowAbove(rects(), active));
        else if (key === "ArrowDown") select(rowBelow(rects(), active));
        else if (key === "Home") select(0);
        else if (key === "End") select(rows.length - 1);
        else return false;
        return true;
    }

    function shift(row, key) {
        if (!row.chip) return true;
        const to = row.chip.number + (key === "ArrowLeft" ? -1 : 2);
        const count = rows.filter((r) => r.chip).length;
        if (to < 0 || to > count) return true;
        on.onMove(row, to);
        const next = rows.findIndex((r) => r.chip?.number === to - (key === "ArrowLeft" ? 0 : 1));
        select(next);
        return true;
    }

    function onCopy(event) {
        if (box.value && box.selectionStart !== box.selectionEnd) return;
        const row = rows[active];
        const text = row ? (row.chip ? printChip(row.chip) : row.off.text) : on.getText();
        event.clipboardData.setData("text/plain", text);
        event.preventDefault();
        event.stopPropagation();
        if (event.type === "cut" && row) on.onRemove(row);
    }

    function onPaste(event) {
        event.stopPropagation();
        const text = event.clipboardData.getData("text/plain");
        if (editing || !/[,，、\n]/.test(text)) return;
        event.preventDefault();
        on.onAdd(text.trim().replace(/[\s,，、]+$/, ""));
    }

    function itemOf(event) {
        const item = event.target.closest?.(".ixl-chip");
        return item && items.indexOf(item);
    }

    function onPointerDown(event) {
        const index = itemOf(event) ?? -1;
        if (event.button !== 0 || event.target === box) return;
        if (event.target.closest(".ixl-tools")) return;
        event.preventDefault(); // keeps the focus where it is
        if (editing) submit();
        if (index < 0) {
            box.focus();
            select(-1);
            return;
        }
        const row = rows[index];
        tools.hide();
        startDrag(event, flow, items, index, {
            onDrop: (place) => on.onMove(row, chipsBefore(place)),
            onClick: () => {
                box.focus({ preventScroll: true });
                select(index, false);
                pressed = { row, index };
            },
        });
    }

    /** The browser counts clicks here: the second of a double click edits. */
    function onClick({ detail }) {
        const { row, index } = pressed ?? {};
        pressed = null;
        if (!row) return;
        if (detail === 2) on.onDoubleClick(() => edit(index));
        else on.onToggle(row);
    }

    /** Number of chips in front of display place `place`. */
    function chipsBefore(place) {
        return rows.slice(0, place).filter((row) => row.chip).length;
    }

    flow.addEventListener("pointerdown", onPointerDown);
    flow.addEventListener("click", onClick);
    flow.addEventListener("pointerover", (event) => {
        const index = itemOf(event);
        if (index !== null && index >= 0 && !editing) tools.show(rows[index], items[index]);
    });
    flow.addEventListener("pointerleave", () => tools.hide());
    flow.addEventListener("wheel", (event) => {
        const index = itemOf(event);
        if (!event.altKey || index === null || index < 0) return;
        event.preventDefault();
        event.stopPropagation();
        on.onWeigh(rows[index], event.deltaY < 0 ? 1 : -1);
    }, { passive: false });
    box.addEventListener("input", onInput);
    box.addEventListener("compositionend", offer);
    box.addEventListener("keydown", onKeyDown);
    box.addEventListener("keyup", (event) => event.stopPropagation());
    box.addEventListener("copy", onCopy);
    box.addEventListener("cut", onCopy);
    box.addEventListener("paste", onPaste);
    box.addEventListener("blur", () => {
        completerClose();
        if (editing && box.isConnected) return;
        select(-1);
    });

    /** Shows the chip of a name. */
    function reveal(name) {
        const index = rows.findIndex((row) => row.chip?.name === name);
        box.focus({ preventScroll: true });
        if (index >= 0) select(index);
    }

    return { element: flow, draw, reveal, destroy: () => { completerClose(); tools.hide(); } };
}
