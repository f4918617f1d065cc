// What is written in the box behind the chips: one item, until it is whole.
import { completion, segmentAt } from "./segment.js";

/** The box's text with the name that is being typed completed; no comma behind it. */
export function completeItem(text, caret, name) {
    const segment = segmentAt(text, caret) ?? { start: 0, end: text.length };
    const written = completion(text, segment, name);
    return (text.slice(0, written.start) + written.insert + text.slice(written.end))
        .replace(/,\s*$/, "");
}

/** Whether every bracket that was opened is closed, so that the text can stand as an item. */
export function isWholeItem(text) {
    const bare = text.replace(/\\./g, "");
    return [["(", ")"], ["[", "]"], ["{", "}"]].every(
        ([open, close]) => bare.split(open).length <= bare.split(close).length,
    );
}
