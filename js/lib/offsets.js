// Python counts characters, JavaScript counts UTF-16 units: the same below U+10000 only.

/** A function from Python's position in `text` to JavaScript's. */
export function fromCodePoints(text) {
    if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return (position) => position;
    const units = [0];
    for (const character of text) units.push(units.at(-1) + character.length);
    return (position) => units[Math.min(position, units.length - 1)];
}
