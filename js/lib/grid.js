// Places in a wrapped row of boxes, from their rectangles.

/** Index in front of which something dropped at (x, y) goes; rects.length for the end. */
export function dropPlace(rects, x, y) {
    for (let index = 0; index < rects.length; index++) {
        const rect = rects[index];
        if (y > rect.bottom) continue; // a line above
        if (y < rect.top - rect.height / 2) return index; // a line below: the gap ended
        if (x < (rect.left + rect.right) / 2) return index;
    }
    return rects.length;
}

/** Index of the box in the line above `from` that lies nearest, or `from`. */
export function rowAbove(rects, from) {
    return nearest(rects, from, (rect, own) => own.top - rect.top);
}

/** Index of the box in the line below `from` that lies nearest, or `from`. */
export function rowBelow(rects, from) {
    return nearest(rects, from, (rect, own) => rect.top - own.top);
}

function nearest(rects, from, distance) {
    const own = rects[from];
    const middle = (rect) => (rect.left + rect.right) / 2;
    let best = from;
    let least = Infinity;
    rects.forEach((rect, index) => {
        const lines = distance(rect, own);
        if (lines < own.height / 2) return;
        const cost = lines * 1000 + Math.abs(middle(rect) - middle(own));
        if (cost < least) [least, best] = [cost, index];
    });
    return best;
}
