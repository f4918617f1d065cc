// Chips are the atoms of the server's parse; edits are cuts and pastes in the plain text.
//
// Nothing here parses a prompt: spans, groups and weights come from /ixl/prompt/normalize. Every
// edit takes a view and gives the new text.
import { fromCodePoints } from "./offsets.js";

const SEPARATORS = new Set(["comma", "space"]);
const FIXED = new Set(["network"]); // a weight bracket around these means nothing

/**
 * What the editor knows of a text, from the answer of /ixl/prompt/normalize.
 *
 * chips: the atoms in source order, each with its span in JavaScript units. groups: the weight
 * brackets with the numbers of the parts that open and close them.
 */
export function readAnswer(answer) {
    const text = answer.source.text;
    const at = fromCodePoints(text);
    const parts = answer.source.parts.map((p) => ({ ...p, start: at(p.start), end: at(p.end) }));
    const groups = answer.source.groups.map((g) => ({ ...g, open: -1, close: -1 }));
    linkBrackets(parts, groups);
    const atoms = parts.flatMap((part, index) => (part.atom ? [index] : []));
    const chips = atoms.map((part, number) => {
        const { section, category, name, why, place_after } = answer.explanation[number];
        const { text: shown, start, end, weight, group, kind, segment } = parts[part];
        const about = { section, category, name, why, dropped: place_after < 0 };
        return { number, part, text: shown, start, end, weight, group, kind, segment, ...about };
    });
    return { text, parts, groups, chips };
}

function linkBrackets(parts, groups) {
    const open = [];
    let next = 0;
    parts.forEach((part, index) => {
        if (part.kind === "open") {
            groups[next].open = index;
            open.push(next++);
        } else if (part.kind === "close") {
            groups[open.pop()].close = index;
        }
    });
}

/** Weight with at most three decimals, as people write it: 1.1, 0.95, 1. */
export function formatWeight(weight) {
    return String(Number(weight.toFixed(3)));
}

/** Groups around a chip that hold nothing else, innermost first. */
function ownGroups(view, chip) {
    const own = [];
    for (let group = chip.group; group >= 0; group = view.groups[group].parent) {
        const { open, close } = view.groups[group];
        const atoms = view.parts.slice(open, close).filter((part) => part.atom);
        if (atoms.length !== 1) break;
        own.push(group);
    }
    return own;
}

/** Numbers of the first and last part of a chip with its own brackets. */
function extent(view, chip) {
    const outer = ownGroups(view, chip).at(-1);
    if (outer === undefined) return [chip.part, chip.part];
    return [view.groups[outer].open, view.groups[outer].close];
}

/** Weight of what surrounds a chip's own brackets. */
function contextWeight(view, chip) {
    const own = ownGroups(view, chip).reduce((w, group) => w * view.groups[group].factor, 1);
    return own ? chip.weight / own : 1;
}

function weighted(text, factor) {
    return Math.abs(factor - 1) < 0.0005 ? text : `(${text}:${formatWeight(factor)})`;
}

/** A chip as prompt text that carries its whole weight, to stand anywhere. */
export function printChip(chip) {
    return FIXED.has(chip.kind) ? chip.text : weighted(chip.text, chip.weight);
}

function replace(text, start, end, by) {
    return text.slice(0, start) + by + text.slice(end);
}

/** The text with other words in a chip; its weight stays. An empty text removes it. */
export function editChip(view, number, text) {
    if (!text.trim()) return removeChip(view, number);
    const chip = view.chips[number];
    if (FIXED.has(chip.kind) && !text.trim().startsWith("<")) {
        // a network needs no comma around it, a tag does
        const inserted = insertPiece(view, number + 1, text.trim());
        return removeChip({ ...view, text: inserted }, number);
    }
    return replace(view.text, chip.start, chip.end, text.trim());
}

/** The text with another effective weight on one chip; its neighbours keep theirs. */
export function weighChip(view, number, weight) {
    const chip = view.chips[number];
    const context = contextWeight(view, chip);
    if (FIXED.has(chip.kind) || !context) return view.text;
    const [first, last] = extent(view, chip);
    const printed = weighted(chip.text, weight / context);
    return replace(view.text, view.parts[first].start, view.parts[last].end, printed);
}

/** Whether a chip can carry a weight of its own. */
export function canWeigh(chip) {
    return !FIXED.has(chip.kind);
}

/** The text without a chip, its own brackets and one separator. */
export function removeChip(view, number) {
    const [first, last] = extent(view, view.chips[number]);
    const { parts } = view;
    let [from, to] = [first, last];
    while (SEPARATORS.has(parts[to + 1]?.kind)) to++;
    const endsHere = to + 1 >= parts.length || ["close", "newline"].includes(parts[to + 1].kind);
    if (to === last || endsHere) {
        // nothing follows in this line or bracket: take the separator in front instead
        if (endsHere && parts[to + 1]) to = last;
        while (SEPARATORS.has(parts[from - 1]?.kind)) from--;
        const opens = parts[from - 1]?.kind === "open" || from === 0;
        if (opens) while (SEPARATORS.has(parts[to + 1]?.kind)) to++;
    }
    return replace(view.text, parts[from].start, parts[to].end, "");
}

/** The text with `piece` as an item in front of chip `number`; at the end for the last number. */
export function insertPiece(view, number, piece) {
    if (!view.chips.length) {
        const text = view.text.trimEnd();
        return text ? `${text}${/[,，、]$/.test(text) ? " " : ", "}${piece}` : piece;
    }
    if (number >= view.chips.length) {
        const [, last] = outermost(view, view.chips.at(-1));
        return insertAfter(view, last, piece);
    }
    const place = placeBefore(view, number);
    const at = view.parts[place].start;
    const glued = lastSolid(view, place);
    if (glued < 0) return replace(view.text, at, at, `${piece}, `);
    const end = view.parts[glued].end;
    return replace(view.text, end, end, end === at ? `, ${piece}, ` : `, ${piece}`);
}

/** The part in front of `place` when no comma or line break stands between, else -1. */
function lastSolid(view, place) {
    let before = place - 1;
    while (view.parts[before]?.kind === "space") before--;
    const part = view.parts[before];
    return part && (part.atom || part.kind === "close") ? before : -1;
}

function insertAfter(view, last, piece) {
    const end = view.parts[last].end;
    const rest = view.text.slice(end);
    if (/^\s*[,，、]/.test(rest) && !rest.replace(/[\s,，、]/g, "")) {
        return `${view.text.slice(0, end)}, ${piece}${/[,，、]\s*$/.exec(rest)[0]}`;
    }
    return replace(view.text, end, end, `, ${piece}`);
}

function outermost(view, chip) {
    let outer = chip.group;
    while (outer >= 0 && view.groups[outer].parent >= 0) outer = view.groups[outer].parent;
    return outer < 0 ? [chip.part, chip.part] : [view.groups[outer].open, view.groups[outer].close];
}

/** The part before which to insert: inside brackets only when both neighbours are in them. */
function placeBefore(view, number) {
    const around = chain(view, view.chips[number].group);
    const before = number ? chain(view, view.chips[number - 1].group) : [];
    const opened = around.find((group, depth) => group !== before[depth]);
    return opened === undefined ? view.chips[number].part : view.groups[opened].open;
}

/** Groups from the outermost to the given one. */
function chain(view, group) {
    const path = [];
    for (let at = group; at >= 0; at = view.groups[at].parent) path.unshift(at);
    return path;
}

/** Weight that a piece inserted in front of chip `number` takes from brackets around it. */
function weightAt(view, number) {
    if (!number || number >= view.chips.length) return 1;
    const before = chain(view, view.chips[number - 1].group);
    const shared = chain(view, view.chips[number].group).filter((g, depth) => g === before[depth]);
    return shared.reduce((weight, group) => weight * view.groups[group].factor, 1);
}

/**
 * The text with a chip moved in front of chip `before` (chips.length: to the end).
 *
 * The chip keeps its effective weight wherever it lands.
 */
export function moveChip(view, number, before) {
    if (before === number || before === number + 1) return view.text;
    const chip = view.chips[number];
    const around = weightAt(view, before);
    const piece = FIXED.has(chip.kind) || !around
        ? chip.text
        : weighted(chip.text, chip.weight / around);
    // the later place first, so that the spans of the earlier one still hold
    if (before > number) {
        const inserted = insertPiece(view, before, piece);
        return removeChip({ ...view, text: inserted }, number);
    }
    const removed = removeChip(view, number);
    return insertPiece({ ...view, text: removed }, before, piece);
}

/**
 * The chip of `chips` that is `chip` of an earlier view, or null when it is gone: the same text,
 * and as many of that text in front of it. What a user clicks may be older than the text.
 */
export function sameChip(earlier, chip, chips) {
    const alike = (list) => list.filter((one) => one.text === chip.text);
    return alike(chips)[alike(earlier).findIndex((one) => one.number === chip.number)] ?? null;
}
