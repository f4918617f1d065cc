// Tags that are switched off: kept beside the text, because what is in the text is encoded.
//
// A list of {text, after}: the printed tag, and the tag it stands behind ("" for the front), so
// that it finds its place again when the text was edited elsewhere. Stored in node.properties.

/** The list in a property, whatever somebody wrote there. */
export function readOff(property) {
    if (!Array.isArray(property)) return [];
    return property
        .filter((entry) => typeof entry?.text === "string" && entry.text)
        .map(({ text, after }) => ({ text, after: typeof after === "string" ? after : "" }));
}

/** The list without tags that are in the text again: what is there is on. */
export function withoutPresent(off, chips) {
    const present = new Set(chips.map((chip) => chip.text));
    return off.filter((entry) => !present.has(entry.text) && !present.has(bare(entry.text)));
}

/** The printed tag without its weight bracket. */
function bare(text) {
    return /^\((.*):[\d.]+\)$/s.exec(text)?.[1] ?? text;
}

/** Chips and switched-off tags in the order of display: {chip} or {off, index}. */
export function mergeOff(chips, off) {
    const rows = chips.map((chip) => ({ chip }));
    const lost = [];
    const places = new Map();
    off.forEach((entry, index) => {
        const row = { off: entry, index };
        const anchor = entry.after ? findAnchor(rows, entry.after) : -1;
        if (entry.after && anchor < 0) {
            lost.push(row);
            return;
        }
        const extra = places.get(entry.after) ?? 0;
        rows.splice(anchor + 1 + extra, 0, row);
        places.set(entry.after, extra + 1);
    });
    return [...rows, ...lost];
}

function findAnchor(rows, name) {
    return rows.findIndex((row) => row.chip && row.chip.name === name);
}

/** The list with chip `chip` switched off; `before` is the chip in front of it, if any. */
export function switchOff(off, chip, printed, before) {
    // what stood behind this chip now stands behind the one in front of it
    const after = before?.name ?? "";
    const moved = off.map((entry) => (entry.after === chip.name ? { ...entry, after } : entry));
    const at = moved.findIndex((entry, n) => entry.after === after && off[n].after !== after);
    const entry = { text: printed, after };
    if (at < 0) return [...moved, entry];
    return [...moved.slice(0, at), entry, ...moved.slice(at)];
}

/** The list without one entry. */
export function withoutOff(off, index) {
    return off.filter((_, n) => n !== index);
}
