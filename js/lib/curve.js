// A run's curve from its events, and what is read off it. Pure.

/** An empty curve: points {step, loss, rate, time, part}, validation {step, loss}, marks by kind. */
export function emptyCurve() {
    return { points: [], validation: [], saves: [], samples: [], part: 0 };
}

/**
 * The curve with further events of the same file. What a crash undid is taken out: a part begins at
 * the step that it goes on from.
 */
export function addEvents(curve, events) {
    let { points, validation, saves, samples, part } = curve;
    [points, validation, saves, samples] = [[...points], [...validation], [...saves], [...samples]];
    for (const event of events) {
        const { step, time } = event;
        if (event.event === "start") {
            part += 1;
            while (points.length && points.at(-1).step > step) points.pop();
            while (validation.length && validation.at(-1).step > step) validation.pop();
        } else if (event.event === "step") {
            points.push({ step, time, part, loss: event.loss, rate: event.rate });
        } else if (event.event === "validation" && event.loss !== null) {
            validation.push({ step, loss: event.loss });
        } else if (event.event === "state") saves.push(step);
        else if (event.event === "sample") samples.push(step);
    }
    return { points, validation, saves, samples, part };
}

/**
 * [x, y] pairs with y smoothed: an exponential mean without the pull of its start (arXiv 1412.6980,
 * section 3). weight: 0 for none, below 1; the mean goes over some 1 / (1 - weight) points.
 */
export function smooth(pairs, weight) {
    let [mean, share] = [0, 1];
    return pairs.map(([x, y]) => {
        mean = weight * mean + (1 - weight) * y;
        share *= weight;
        return [x, mean / (1 - share)];
    });
}

/** Weight of `smooth` that means over a part of what is there; amount: 0 for none, to 1. */
export function smoothingWeight(amount, count) {
    const over = 1 + amount ** 2 * Math.max(0, count / 4);
    return 1 - 1 / over;
}

/** At most some `most` of the pairs, with the lowest and highest of every piece: no peak is lost. */
export function thin(pairs, most) {
    if (pairs.length <= most) return pairs;
    const pieces = Math.floor(most / 2);
    const kept = [];
    for (let piece = 0; piece < pieces; piece++) {
        const from = Math.floor((piece * pairs.length) / pieces);
        const to = Math.floor(((piece + 1) * pairs.length) / pieces);
        let [low, high] = [from, from];
        for (let i = from; i < to; i++) {
            if (pairs[i][1] < pairs[low][1]) low = i;
            if (pairs[i][1] > pairs[high][1]) high = i;
        }
        for (const i of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) {
            kept.push(pairs[i]);
        }
    }
    return kept;
}

/** Index of the pair whose x is nearest, -1 for none. Pairs are sorted by x. */
export function nearest(pairs, x) {
    let [low, high] = [0, pairs.length - 1];
    if (high < 0) return -1;
    while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (pairs[middle][0] < x) low = middle;
        else high = middle;
    }
    return Math.abs(pairs[low][0] - x) <= Math.abs(pairs[high][0] - x) ? low : high;
}

/** Round numbers from low to high, some `count` of them. */
export function ticks(low, high, count) {
    if (!(high > low)) return [low];
    const rough = (high - low) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    const found = [];
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    for (let n = Math.ceil(low / step - 1e-9); n * step <= high * (1 + 1e-9); n++) {
        found.push(Number((n * step).toFixed(Math.min(100, digits + 2))));
    }
    return found;
}

/** [low, high] of values, with some room; the middle nine tenths of a curve fill most of it. */
export function bounds(values, { robust = false } = {}) {
    const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
    if (!sorted.length) return [0, 1];
    let [low, high] = [sorted[0], sorted.at(-1)];
    if (robust && sorted.length > 50) {
        const at = (share) => sorted[Math.floor(share * (sorted.length - 1))];
        const reach = at(0.99) - at(0.01);
        [low, high] = [Math.max(low, at(0.01) - reach / 2), Math.min(high, at(0.99) + reach / 2)];
    }
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}

/** Median seconds between the last steps of the newest part, null before there are two. */
export function secondsPerStep(points, over = 50) {
    const part = points.at(-1)?.part;
    const last = points.slice(-over - 1).filter((point) => point.part === part);
    const gaps = last.slice(1).map((point, i) =>
        (point.time - last[i].time) / Math.max(1, point.step - last[i].step));
    gaps.sort((a, b) => a - b);
    return gaps.length ? gaps[gaps.length >> 1] : null;
}
