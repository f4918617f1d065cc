// The list of completions under the caret of a text box: one list for the whole page.
import { completion, matches, segmentAt, shortCount } from "../lib/segment.js";
import { caretRect } from "./caret.js";
import { element } from "./element.js";
import { t } from "./strings.js";

const DEBOUNCE_MS = 100; // quick typing has 70 ms between keys
const CACHED = 200;
const LIST_ID = "ixl-completions";

/** search(typed, options, signal) -> promise of tags as /ixl/tags gives them. */
export function createCompleter(search) {
    const list = element("ul", { id: LIST_ID, class: "ixl-completions", role: "listbox" });
    const cache = new Map();
    let box = null; // the text box that the list belongs to
    let found = { segment: null, tags: [], options: {} };
    let active = 0;
    let timer = 0;
    let placing = 0; // the frame in which the list gets its place
    let caret = null; // where on the page the segment begins, measured once
    let cancel = new AbortController();

    /**
     * Completes what is typed in `textBox`. options: escape and comma (see lib/segment.js),
     * categories and first (see fields.js), accept(tag) instead of writing into the box.
     */
    function update(textBox, options = {}) {
        clearTimeout(timer);
        cancel.abort();
        const { selectionStart: caret, selectionEnd } = textBox;
        const segment = caret === selectionEnd ? segmentAt(textBox.value, caret) : null;
        if (!segment) return close();
        narrow(textBox, segment);
        cancel = new AbortController();
        const { signal } = cancel;
        const key = JSON.stringify([segment.typed, options.categories, options.first]);
        const run = () => find(key, segment.typed, options, signal)
            .then((tags) => signal.aborted || show(textBox, segment, tags, options))
            .catch((error) => signal.aborted || failed(error));
        if (cache.has(key)) run();
        else timer = setTimeout(run, DEBOUNCE_MS);
    }

    /** Until the answer is there, what is shown must fit what is typed: Enter may come at any time. */
    function narrow(textBox, segment) {
        if (box !== textBox) return;
        show(textBox, segment, found.tags.filter((tag) => matches(tag, segment.typed)), found.options);
    }

    async function find(key, typed, options, signal) {
        if (cache.has(key)) return cache.get(key);
        const tags = await search(typed, options, signal);
        if (cache.size >= CACHED) cache.delete(cache.keys().next().value);
        cache.set(key, tags);
        return tags;
    }

    function failed(error) {
        close();
        console.warn(`ixl.tags: no completions (${error.message})`);
    }

    function show(textBox, segment, tags, options) {
        const now = segmentAt(textBox.value, textBox.selectionStart);
        const current = document.activeElement === textBox && now?.typed === segment.typed;
        if (!current || !tags.length) return close();
        if (box !== textBox) close();
        box = textBox;
        found = { segment, tags, options };
        list.replaceChildren(...tags.map((tag, index) => row(tag, index)));
        list.setAttribute("aria-label", t("Tag completions"));
        if (!list.isConnected) document.body.append(list);
        box.setAttribute("aria-controls", LIST_ID);
        box.setAttribute("aria-autocomplete", "list");
        mark(0);
        // with the frame's own layout: to measure here would lay out the whole page at every key
        cancelAnimationFrame(placing);
        placing = requestAnimationFrame(() => isOpen() && place(segment));
    }

    function row(tag, index) {
        const name = element("span", { class: "ixl-name", text: tag.name });
        const about = [tag.alias, tag.group].filter(Boolean).join(" · ");
        return element(
            "li",
            {
                id: `${LIST_ID}-${index}`, role: "option", "data-section": tag.category,
                onpointerdown: (event) => event.preventDefault(),
                onclick: () => accept(index),
            },
            name,
            element("span", { class: "ixl-about", text: about }),
            element("span", { class: "ixl-category", text: t(tag.category) }),
            element("span", { class: "ixl-posts", text: shortCount(tag.count) }),
        );
    }

    function place(segment) {
        const key = [segment.start, box.scrollLeft, box.scrollTop].join();
        if (caret?.key !== key) caret = { key, at: caretRect(box, segment.start) };
        const { at } = caret;
        list.scrollTop = 0;
        list.style.left = `${Math.max(4, Math.min(at.left, innerWidth - list.offsetWidth - 8))}px`;
        const below = at.bottom + 4 + list.offsetHeight <= innerHeight;
        list.style.top = `${below ? at.bottom + 4 : Math.max(4, at.top - list.offsetHeight - 4)}px`;
    }

    function select(index) {
        mark(index);
        list.children[active].scrollIntoView({ block: "nearest" });
    }

    function mark(index) {
        active = (index + found.tags.length) % found.tags.length;
        [...list.children].forEach((item, n) => {
            item.setAttribute("aria-selected", String(n === active));
        });
        box.setAttribute("aria-activedescendant", list.children[active].id);
    }

    function accept(index) {
        const { segment, tags, options } = found;
        const target = box;
        close();
        if (options.accept) return options.accept(tags[index]);
        const written = completion(target.value, segment, tags[index].name, options);
        target.focus();
        target.setSelectionRange(written.start, written.end);
        // execCommand is what keeps the box's own undo whole
        document.execCommand("insertText", false, written.insert);
        close(); // what was just accepted is no question, even with no comma behind it
    }

    /** Handles a key for the open list; true when the key is used up. */
    function onKey(event) {
        if (!isOpen() || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) {
            return false;
        }
        if (event.key === "ArrowDown") select(active + 1);
        else if (event.key === "ArrowUp") select(active - 1);
        else if (event.key === "Escape") close();
        else if ((event.key === "Tab" || event.key === "Enter") && !event.shiftKey) accept(active);
        else return false;
        return true;
    }

    function isOpen() {
        return list.isConnected;
    }

    function close() {
        clearTimeout(timer);
        cancelAnimationFrame(placing);
        cancel.abort();
        caret = null;
        list.remove();
        box?.removeAttribute("aria-activedescendant");
        box?.removeAttribute("aria-controls");
        box = null;
    }

    return { update, onKey, close, isOpen, owns: (textBox) => box === textBox };
}
