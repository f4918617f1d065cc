// Where on the screen a character of a text box stands: a hidden copy of the box is measured.

const COPIED = [
    "boxSizing", "borderLeftWidth", "borderRightWidth", "borderTopWidth", "borderBottomWidth",
    "paddingLeft", "paddingRight", "paddingTop", "paddingBottom", "fontFamily", "fontSize",
    "fontWeight", "fontStyle", "letterSpacing", "lineHeight", "textTransform", "wordSpacing",
    "tabSize",
];

/** {left, top, bottom} of position `index` in a textarea or input, in page pixels. */
export function caretRect(box, index) {
    const style = getComputedStyle(box);
    const copy = document.createElement("div");
    for (const name of COPIED) copy.style[name] = style[name];
    const wraps = box.tagName === "TEXTAREA";
    Object.assign(copy.style, {
        position: "absolute", visibility: "hidden", left: "-9999px", top: "0",
        whiteSpace: wraps ? "pre-wrap" : "pre", overflowWrap: "break-word",
        width: wraps ? `${box.clientWidth}px` : "auto",
        borderStyle: "solid",
    });
    copy.textContent = box.value.slice(0, index);
    const mark = document.createElement("span");
    mark.textContent = "\u200b";
    copy.append(mark);
    document.body.append(copy);
    const local = { x: mark.offsetLeft - box.scrollLeft, y: mark.offsetTop - box.scrollTop };
    const height = mark.offsetHeight;
    copy.remove();
    const rect = box.getBoundingClientRect();
    const scale = rect.width / box.offsetWidth || 1;
    const left = rect.left + Math.min(Math.max(local.x, 0), box.clientWidth) * scale;
    const top = rect.top + Math.min(Math.max(local.y, 0), box.clientHeight) * scale;
    return { left, top, bottom: Math.min(top + height * scale, rect.bottom + height * scale) };
}
