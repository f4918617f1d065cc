// What a user can do to one row of the display, as {text, off}: the new text, the new list of
// switched-off tags, or null for nothing. A row is {chip} or {off, index} of the given view and list.
import {
    canWeigh, editChip, insertPiece, moveChip, printChip, removeChip, weighChip,
} from "./chips.js";
import { mergeOff, switchOff, withoutOff } from "./off.js";

export function toggleRow(view, off, row) {
    if (row.chip) {
        const before = view.chips[row.chip.number - 1];
        return {
            text: removeChip(view, row.chip.number),
            off: switchOff(off, row.chip, printChip(row.chip), before),
        };
    }
    const rows = mergeOff(view.chips, off);
    const at = rows.findIndex((one) => one.off && one.index === row.index);
    const next = rows.slice(at).find((one) => one.chip);
    const number = next ? next.chip.number : view.chips.length;
    return { text: insertPiece(view, number, row.off.text), off: withoutOff(off, row.index) };
}

export function removeRow(view, off, row) {
    if (row.off) return { off: withoutOff(off, row.index) };
    return { text: removeChip(view, row.chip.number) };
}

export function rewriteRow(view, off, row, text) {
    if (row.chip) return { text: editChip(view, row.chip.number, text) };
    if (!text.trim()) return removeRow(view, off, row);
    const changed = { ...row.off, text: text.trim() };
    return { off: off.map((entry, n) => (n === row.index ? changed : entry)) };
}

/** delta: what is added to the effective weight; it does not go below 0. */
export function weighRow(view, row, delta) {
    if (!row.chip || !canWeigh(row.chip)) return null;
    const weight = Math.max(0, Math.round((row.chip.weight + delta) * 1000) / 1000);
    return { text: weighChip(view, row.chip.number, weight) };
}

/** before: number of the chip in front of which the row goes; chips.length for the end. */
export function moveRow(view, off, row, before) {
    if (row.chip) return { text: moveChip(view, row.chip.number, before) };
    const moved = { ...row.off, after: before ? view.chips[before - 1].name : "" };
    return { off: off.map((entry, n) => (n === row.index ? moved : entry)) };
}
