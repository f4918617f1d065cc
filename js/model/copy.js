// Copying a text, also where the page is served without encryption to another machine: there the
// browser has no clipboard for scripts, only the old command on what is selected.

/** Whether the text is in the clipboard now. near: an element beside which something can be selected. */
export async function copyText(text, near) {
    if (navigator.clipboard) {
        return navigator.clipboard.writeText(text).then(() => true, () => bySelection(text, near));
    }
    return bySelection(text, near);
}

function bySelection(text, near) {
    const box = document.createElement("textarea");
    box.value = text;
    box.style.cssText = "position: fixed; opacity: 0";
    near.after(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    near.focus();
    return done;
}
