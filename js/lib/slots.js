// Which of the numbered places of a node are worth showing.

/** How many to show: all up to the last one in use, and an empty one behind it. */
export function shownSlots(used) {
    return Math.min(used.lastIndexOf(true) + 2, used.length);
}
