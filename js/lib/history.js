// Undo and redo of a text with what belongs to it. States are compared by their JSON.

const LIMIT = 200;
const TYPING_MS = 800; // keystrokes closer than this are one step

/** A history that holds `state` as its present. */
export function newHistory(state) {
    return { past: [], present: state, future: [], at: 0, typing: false };
}

/** Notes a new state; a burst of typing becomes one step. Gives false when nothing changed. */
export function record(history, state, { typing = false, now = 0 } = {}) {
    if (JSON.stringify(state) === JSON.stringify(history.present)) return false;
    const same = typing && history.typing && now - history.at < TYPING_MS;
    if (!same) history.past.push(history.present);
    if (history.past.length > LIMIT) history.past.shift();
    Object.assign(history, { present: state, future: [], at: now, typing });
    return true;
}

/** The state before, or null. */
export function undo(history) {
    if (!history.past.length) return null;
    history.future.push(history.present);
    Object.assign(history, { present: history.past.pop(), typing: false });
    return history.present;
}

/** The state that was undone last, or null. */
export function redo(history) {
    if (!history.future.length) return null;
    history.past.push(history.present);
    Object.assign(history, { present: history.future.pop(), typing: false });
    return history.present;
}
