// One way to make elements, and to keep what is done in them from the canvas.

/** An element with attributes (`class`, `text`, `on*` listeners) and children. */
export function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === undefined || value === null) continue;
        if (name === "text") made.textContent = value;
        else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
        else made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
}

/** The canvas does not drag, select or delete the node by what is done inside the element. */
export function keepEvents(root) {
    for (const kind of ["pointerdown", "pointerup", "dblclick", "contextmenu"]) {
        root.addEventListener(kind, (event) => event.stopPropagation());
    }
    root.addEventListener("keydown", (event) => {
        // Delete on a button must not remove the node; Ctrl+Enter still queues
        if (!event.ctrlKey && !event.metaKey) event.stopPropagation();
    });
}
