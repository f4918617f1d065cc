// Completion in the text boxes of our own prompt widgets, wherever the front end draws them: in the
// classic canvas (a single line in its dialog), in Nodes 2.0, and promoted onto a subgraph. Listens
// on the window and acts when the box is ours; no box is changed or replaced.

/** ownsBox(element) -> options of the completer, or null for boxes that are not ours. */
export function watchTextBoxes(completer, ownsBox, enabled) {
    let known = { box: null, options: null };

    function optionsOf(event) {
        const box = event.composedPath()[0];
        if (!(box instanceof HTMLTextAreaElement || box instanceof HTMLInputElement)) return null;
        if (box.dataset.ixl) return null; // the editor's own box
        if (known.box !== box) known = { box, options: ownsBox(box) };
        return known.options && { box, options: known.options };
    }

    /** A dialog tells its widget while it opens only; see ownerOf in host.js. */
    function onEnter(event) {
        if (event.composedPath()[0] !== known.box) optionsOf(event);
    }

    function onInput(event) {
        if (event.isComposing || !enabled()) return;
        const own = optionsOf(event);
        if (own) completer.update(own.box, own.options);
    }

    function onKeyDown(event) {
        const box = event.composedPath()[0];
        if (!completer.owns(box)) return;
        if (completer.onKey(event)) {
            event.preventDefault();
            event.stopImmediatePropagation();
        } else if (/^(ArrowLeft|ArrowRight|Home|End)$/.test(event.key)) {
            completer.close();
        }
    }

    function onLeave(event) {
        known = { box: null, options: null };
        if (completer.owns(event.composedPath()[0])) completer.close();
    }

    window.addEventListener("input", onInput, true);
    window.addEventListener("compositionend", onInput, true);
    window.addEventListener("keydown", onKeyDown, true);
    window.addEventListener("focusin", onEnter, true);
    window.addEventListener("focusout", onLeave, true);
    window.addEventListener("wheel", (event) => {
        if (!event.target.closest?.(".ixl-completions")) completer.close();
    }, { capture: true, passive: true });
    window.addEventListener("pointerdown", (event) => {
        if (!event.target.closest?.(".ixl-completions")) completer.close();
    }, true);
}
