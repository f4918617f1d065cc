// The chip view of one text widget: draws what the server says of the text, and writes edits back
// as plain text. Holds no text of its own.
import { insertPiece, readAnswer, sameChip } from "../lib/chips.js";
import { moveRow, removeRow, rewriteRow, toggleRow, weighRow } from "../lib/edits.js";
import { newHistory, record, redo, undo } from "../lib/history.js";
import { mergeOff, readOff, withoutPresent } from "../lib/off.js";
import { createChipList } from "./chiplist.js";
import { drawOrder, drawWarnings, reason } from "./details.js";
import { element, keepEvents } from "./element.js";
import { createMeter } from "./meter.js";
import { t } from "./strings.js";

const TYPING_MS = 120; // pause in typing after which the text is looked at again
const histories = new Map(); // by widget key: undo outlives the node object (tabs, core's undo)
const MOST_HISTORIES = 64;

/**
 * A panel for one widget.
 *
 * field: what the panel reads and writes, given by the entry file: getText, setText, getOff, setOff,
 * getFolded, setFolded, profile (its {id, note}), linkedTitle, key, changed (the panel's height may
 * differ now), checks (whether warnings and order are shown), meterOf, meterNote.
 * service: normalize and tokens, both (text, profile, signal). completer: see completer.js.
 */
export function createPanel(field, service, completer, options) {
    let view = null; // of the newest text that was answered; see chips.readAnswer
    let drawn = null; // the view that the chips on the page are from
    let answer = null;
    let queue = Promise.resolve();
    let loading = { text: null, promise: null, cancel: new AbortController() };
    let timer = 0;
    let open = ""; // which details are open: "", "warnings" or "order"
    let alive = true;

    const chips = createChipList({
        completer,
        onEdit: (row, text) => changeRow(row, (v, off, now) => rewriteRow(v, off, now, text)),
        onRemove: (row) => changeRow(row, removeRow),
        onToggle: (row) => changeRow(row, toggleRow),
        onDoubleClick: (then) => afterToggle(then),
        onWeigh: (row, steps) => changeRow(row, (v, off, now) =>
            weighRow(v, now, steps * options.weightStep())),
        onMove: (row, before) => {
            const [seen, target] = [drawn, drawn.chips[before]];
            changeRow(row, (v, off, now) => moveRow(v, off, now, placeOf(v, target, seen)));
        },
        onAdd: (text) => change((v) => ({ text: insertPiece(v, v.chips.length, text) })),
        onUndo: () => step(undo),
        onRedo: () => step(redo),
        getText: field.getText,
        completionOn: options.completion,
    });
    const fold = button("▾", t("Show or hide the tags"), () => setFolded(!field.getFolded()));
    const count = element("span", { class: "ixl-space", "aria-live": "polite" });
    const warnings = button("", t("Warnings"), () => toggleDetails("warnings"), "ixl-tab ixl-warn");
    const order = button(t("Order"), t("What Normalize would change, and why"),
        () => toggleDetails("order"), "ixl-tab");
    const back = button("↶", t("Undo"), () => step(undo));
    const forth = button("↷", t("Redo"), () => step(redo));
    const bar = element("div", { class: "ixl-bar" }, fold, count, warnings, order, back, forth);
    const details = element("div", { class: "ixl-details", hidden: "" });
    const meter = createMeter(service.tokens, field.meterNote);
    const root = element("div", { class: "ixl-tags" }, bar, chips.element, details, meter.element);
    root.setAttribute("role", "group");
    root.dataset.captureWheel = "true"; // Nodes 2.0: the wheel is ours while the focus is
    root.setAttribute("aria-label", t("Tags of {field}", { field: field.label }));
    keepEvents(root);
    root.addEventListener("wheel", keepWheel, { passive: false });
    drawFrame();

    /** A wheel over content that scrolls stays here; else the canvas zooms. */
    function keepWheel(event) {
        const scrolls = event.target.closest(".ixl-flow, .ixl-details");
        if (event.altKey || (scrolls && scrolls.scrollHeight > scrolls.clientHeight)) {
            if (!event.ctrlKey) event.stopPropagation();
        }
    }

    function history() {
        const key = field.key();
        if (!histories.has(key)) {
            if (histories.size >= MOST_HISTORIES) histories.delete(histories.keys().next().value);
            histories.set(key, newHistory(state()));
        }
        return histories.get(key);
    }

    const offOf = (v) => withoutPresent(readOff(field.getOff()), v.chips);
    const state = () => ({ text: field.getText(), off: readOff(field.getOff()) });

    /** Somebody set the widget: typing in its box, undo of the front end, a loaded workflow. */
    function changed() {
        clearTimeout(timer);
        busy(true);
        timer = setTimeout(refresh, view ? TYPING_MS : 0);
    }

    function refresh() {
        if (!alive) return;
        drawFrame();
        if (field.linkedTitle() !== null || field.getFolded()) return busy(false);
        record(history(), state(), { typing: true, now: performance.now() });
        look().then(draw, failed);
    }

    /** The view of the text as it is now; asks the server at most once per text and profile. */
    function look() {
        const text = field.getText();
        const profile = field.profile().id;
        const asked = `${profile}\n${text}`;
        if (loading.asked === asked) return loading.promise;
        loading.cancel.abort();
        const cancel = new AbortController();
        const promise = service.normalize(text, profile, cancel.signal).then((given) => {
            [view, answer] = [readAnswer(given), given];
            return view;
        });
        loading = { asked, promise, cancel };
        promise.catch(() => {
            if (loading.promise === promise) loading.asked = null;
        });
        return promise;
    }

    /** Applies an edit to the newest view; edits wait for each other. */
    function change(edit) {
        busy(true);
        queue = queue.then(async () => {
            const now = await look();
            const next = edit(now);
            if (next) commit({ text: next.text ?? now.text, off: next.off ?? offOf(now) });
            draw(await look());
        }).catch(failed);
        return queue;
    }

    /** Applies an edit to one row; a click that came before the last edit was drawn finds its row. */
    function changeRow(row, edit) {
        const seen = drawn;
        return change((v) => {
            if (row.chip) {
                const chip = sameChip(seen.chips, row.chip, v.chips);
                return chip && edit(v, offOf(v), { chip });
            }
            const off = offOf(v);
            const index = off.findIndex((entry) => entry.text === row.off.text);
            return index < 0 ? null : edit(v, off, { off: off[index], index });
        });
    }

    function placeOf(v, target, seen) {
        const found = target && sameChip(seen.chips, target, v.chips);
        return found ? found.number : v.chips.length;
    }

    function commit(next) {
        record(history(), state(), { now: performance.now() });
        if (record(history(), next)) put(next);
    }

    function put(next) {
        field.setOff(next.off);
        if (next.text !== field.getText()) field.setText(next.text);
        drawFrame();
    }

    function step(which) {
        const before = history();
        record(before, state(), { now: performance.now() });
        const found = which(before);
        if (!found) return;
        put(found);
        busy(true);
        look().then(draw, failed);
    }

    /** A double click edits: what its first click switched is switched back, then `then` runs. */
    function afterToggle(then) {
        queue = queue.then(async () => {
            step(undo);
            draw(await look());
            then();
        }).catch(failed);
    }

    function setFolded(folded) {
        field.setFolded(folded);
        refresh();
        field.changed();
    }

    function toggleDetails(which) {
        open = open === which ? "" : which;
        if (view) draw(view);
    }

    /** What does not depend on the server's answer. A linked widget has a line that says so. */
    function drawFrame() {
        const linked = field.linkedTitle();
        const closed = field.getFolded() || linked !== null;
        root.classList.toggle("ixl-folded", closed);
        fold.hidden = linked !== null;
        fold.textContent = closed ? "▸" : "▾";
        fold.setAttribute("aria-expanded", String(!closed));
        back.disabled = !histories.get(field.key())?.past.length;
        forth.disabled = !histories.get(field.key())?.future.length;
        for (const control of [warnings, order, back, forth]) control.hidden = closed;
        warnings.hidden ||= !field.checks || !answer?.warnings.length;
        order.hidden ||= !field.checks || !answer?.source.text.trim();
        if (closed) count.textContent = closedText(linked);
        count.title = closed ? count.textContent : "";
    }

    function closedText(linked) {
        if (linked) return t("The text comes from “{title}”; change it there.", { title: linked });
        if (linked === "") return t("The text comes from outside this subgraph; change it there.");
        return field.label;
    }

    function draw(shown) {
        if (!alive || shown !== view) return;
        busy(view.text !== field.getText());
        drawn = view;
        drawFrame();
        if (root.classList.contains("ixl-folded")) return;
        const rows = mergeOff(view.chips, offOf(view));
        const warned = field.checks ? answer.warnings.map((w) => [w.tag, reason(w)]) : [];
        chips.draw(rows, new Map(warned));
        drawCount(view.chips.length, rows.length - view.chips.length);
        drawDetails();
        if (options.tokens()) meter.update(field.meterOf(answer), field.profile().id);
        else meter.hide();
    }

    function drawCount(n, off) {
        const { id, note } = field.profile();
        const said = off ? t("Tags: {n}, off: {off}", { n, off }) : t("Tags: {n}", { n });
        const parts = [field.title ? `${field.title}: ${said}` : said, note && id];
        count.textContent = parts.filter(Boolean).join(" · ");
        count.title = note;
    }

    function drawDetails() {
        warnings.textContent = `⚠ ${answer.warnings.length}`;
        order.textContent = answer.changes.length
            ? `${t("Order")} ${answer.changes.length}`
            : t("Order");
        if ((open === "warnings" && warnings.hidden) || order.hidden) open = "";
        warnings.setAttribute("aria-expanded", String(open === "warnings"));
        order.setAttribute("aria-expanded", String(open === "order"));
        details.hidden = !open;
        if (open === "warnings") drawWarnings(details, answer, show);
        if (open === "order") {
            drawOrder(details, answer, () => change(() => ({ text: answer.text })));
        }
    }

    /** Shows the chip of a tag; in a low panel the details cover the chips and go first. */
    function show(tag) {
        if (!chips.element.offsetHeight) toggleDetails(open);
        chips.reveal(tag);
    }

    /** Whether the chips are older than the text. */
    function busy(is) {
        root.setAttribute("aria-busy", String(is));
    }

    function failed(error) {
        if (error.name === "AbortError") return;
        busy(false);
        count.textContent = t("Not checked: {why}", { why: error.message });
    }

    function button(text, label, onclick, kind = "") {
        const made = element("button", { type: "button", class: kind, text, onclick });
        made.setAttribute("aria-label", label);
        made.title = label;
        return made;
    }

    function destroy() {
        alive = false;
        clearTimeout(timer);
        loading.cancel.abort();
        meter.hide();
        chips.destroy();
    }

    return { element: root, changed, refresh, destroy };
}
