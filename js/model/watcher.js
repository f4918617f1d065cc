// What the server says of model files, kept up to date while somebody shows it: one request at a
// time for each question, however many show it, asked again while the hash is being computed.
import { hashShare } from "../lib/facts.js";

const POLL_MS = 700;
const MOST_KEPT = 32; // questions that nobody shows any more, for nodes that are built anew

/** ask(question, signal) -> promise of an answer. A question is a plain object. */
export function createWatcher(ask, pollMs = POLL_MS) {
    const files = new Map(); // question as JSON -> what is known

    /**
     * Calls then({answer, error}) now, if something is known, and on every change. Returns what ends
     * it. answer is null until the first one came and when there is none; error is then a sentence.
     */
    function watch(question, then) {
        const key = JSON.stringify(question);
        const file = files.get(key) ?? { question, state: null, listeners: new Set(), timer: 0 };
        files.delete(key);
        files.set(key, file); // the newest last
        file.listeners.add(then);
        if (file.state) then(file.state);
        if (file.listeners.size === 1) load(file);
        return () => {
            file.listeners.delete(then);
            if (file.listeners.size) return;
            stop(file);
            forget();
        };
    }

    function load(file) {
        stop(file);
        const { signal } = (file.cancel = new AbortController());
        const tell = (state) => {
            if (signal.aborted) return;
            file.state = state;
            if (hashShare(state.answer) !== null) file.timer = setTimeout(load, pollMs, file);
            for (const listener of [...file.listeners]) listener(state);
        };
        ask(file.question, signal).then(
            (answer) => tell({ answer, error: "" }),
            (error) => tell({ answer: null, error: error.message }),
        );
    }

    function stop(file) {
        clearTimeout(file.timer);
        file.cancel?.abort();
    }

    function forget() {
        const unused = [...files].filter(([, file]) => !file.listeners.size);
        for (const [key] of unused.slice(0, -MOST_KEPT)) files.delete(key);
    }

    /** Asks everything anew that somebody shows. */
    function refresh() {
        for (const file of files.values()) if (file.listeners.size) load(file);
    }

    return { watch, refresh };
}
