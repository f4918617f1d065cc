// What is being typed at the caret, and what a completion writes there. Knows commas, brackets,
// escapes and weights only as borders; the prompt itself is parsed by the server.

const BORDER = /[,，、\n\r|]/;
const OPEN = /[([{]/;
const CLOSE = /[)\]}]/;
const CJK = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/;
const MOST_TYPED = 60; // characters of a name
const MOST_READ = 120; // with escapes and blanks

/** Whether the character at `index` has an odd number of backslashes in front. */
function escaped(text, index) {
    let slashes = 0;
    while (text[index - 1 - slashes] === "\\") slashes++;
    return slashes % 2 === 1;
}

/**
 * The name being typed at the caret: {start, end, typed}, or null where none can be completed.
 *
 * start and end: the span that a completion replaces; a word that the caret stands in goes whole.
 */
export function segmentAt(text, caret) {
    let start = caret;
    const first = Math.max(0, caret - MOST_READ);
    while (start > first && !isBorder(text, start - 1)) start--;
    if (start > 0 && start === first) return null; // far too long for a name
    const opensNetwork = text.slice(start, caret).includes("<");
    if (opensNetwork || inWeight(text, start, caret)) return null;
    const keyword = /^\s*(?:BREAK|AND)\s+/.exec(text.slice(start, caret));
    start += keyword ? keyword[0].length : /^\s*/.exec(text.slice(start, caret))[0].length;
    let end = caret;
    while (end < text.length && !/\s/.test(text[end]) && !isBorder(text, end)) {
        if (text[end] === ":" && /^:\s*[-+\d.]/.test(text.slice(end))) break;
        end++;
    }
    const typed = unescapeName(text.slice(start, caret));
    if (typed.length > MOST_TYPED || !longEnough(typed)) return null;
    return { start, end, typed };
}

function isBorder(text, index) {
    const c = text[index];
    if (BORDER.test(c)) return true;
    if (!OPEN.test(c) && !CLOSE.test(c)) return false;
    if (escaped(text, index)) return false;
    // a bracket right behind a letter or an underscore belongs to the name: `miku_(vocaloid`
    return !(c === "(" && /[\w]_?$/.test(text.slice(Math.max(0, index - 2), index)));
}

function inWeight(text, start, caret) {
    return /:\s*[-+]?\d*\.?\d*$/.test(text.slice(start, caret)) && OPEN.test(text[start - 1] ?? "");
}

function longEnough(typed) {
    const name = typed.trim();
    return name.length >= 2 || CJK.test(name);
}

/** `hatsune\_miku \(x\)` as a name to search for. */
export function unescapeName(text) {
    return text.replace(/\\([()[\]{}])/g, "$1");
}

/** Whether every typed word starts a word of the tag's name or alias, as the server searches. */
export function matches(tag, typed) {
    const words = (text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);
    const wanted = words(typed);
    if (!wanted.length) return tag.name.startsWith(typed.trim());
    return [tag.name, tag.alias].some((name) => {
        const own = words(name ?? "");
        return wanted.every((word) => own.some((one) => one.startsWith(word)));
    });
}

/** A tag as it is written into a text that is read with weights. */
export function escapeName(name) {
    return name.replace(/[()]/g, "\\$&");
}

/**
 * What accepting `name` writes: {start, end, insert, caret}; a comma follows unless one is there
 * or none is wanted.
 */
export function completion(text, segment, name, { escape = true, comma = true } = {}) {
    const rest = text.slice(segment.end);
    const follows = !comma || /^\s*[,，、)\]}|:]/.test(rest);
    const insert = (escape ? escapeName(name) : name) + (follows ? "" : ", ");
    let { end } = segment;
    if (!follows && /^ (?=\S)/.test(rest)) end += 1; // our own space stands for it
    return { start: segment.start, end, insert, caret: segment.start + insert.length };
}

/** A post count as people read it: 950, 12k, 1.4M. */
export function shortCount(count) {
    if (count === null || count === undefined) return "";
    if (count < 1000) return String(count);
    if (count < 1e6) return `${Math.round(count / 1000)}k`;
    return `${(count / 1e6).toFixed(1)}M`;
}
