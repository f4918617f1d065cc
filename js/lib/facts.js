// What the server knows of a model file, as words and rows for the card and the dialog. t: see
// editor/strings.js; given, so that this runs without a page.

const MB = 1e6;
const NO_SOURCE = { text: "", links: [] };

/** How far the hash is: null when nothing is going on, else 0 to 1. */
export function hashShare(answer) {
    const { state, done = 0, total = 0 } = answer?.hash ?? {};
    if (state !== "running" && state !== "waiting") return null;
    return total ? done / total : 0;
}

/** Why the file cannot be loaded as a checkpoint, or "". */
export function problemOf(answer) {
    return answer.problem || answer.not_loadable;
}

/** "Illustrious XL", or with a version; says so where the family is known without one. */
export function titleOf(answer, t) {
    const known = answer.version || !["illustrious", "noobai", "animagine"].includes(answer.family);
    return known ? answer.name : t("{name}, version unknown", { name: answer.name });
}

/** One line: what the loaded model wants; begins with the version when that was chosen by hand. */
export function settingsLine({ settings, profile }, t) {
    if (!settings) return "";
    return [
        ...(settings.id === profile ? [] : [`→ ${settings.label}`]),
        objectiveOf(settings),
        `${settings.native_side}×${settings.native_side}`,
        settings.sampler,
        t("{n} steps", { n: settings.steps }),
        `CFG ${number(settings.cfg)}`,
    ].join(" · ");
}

export function objectiveOf({ objective, zero_terminal_snr }) {
    return zero_terminal_snr ? `${objective}, ZSNR` : objective;
}

/** Rows [label, value, source] of the settings; source is {text, links}. */
export function settingRows(settings, t) {
    const { sources } = settings;
    const yes = settings.zero_terminal_snr ? t("yes") : t("no");
    const [low, high] = settings.cfg_range.map(number);
    return [
        [t("Objective"), settings.objective, sources.objective],
        [t("Zero terminal SNR"), yes, sources.zero_terminal_snr],
        [t("Smallest size"), megapixels(settings.minimum_area), sources.minimum_area],
        [t("Native size"), size(settings.native_area, settings.native_side), sources.native_area],
        [t("Largest size"), size(settings.maximum_area, settings.maximum_side), sources.maximum_area],
        [t("Sizes of that area"), sizes(settings.native_sizes), NO_SOURCE],
        [t("Sampler"), settings.sampler, sources.sampler],
        [t("Scheduler"), settings.scheduler, sources.scheduler],
        [t("Steps"), String(settings.steps), sources.steps],
        ["CFG", number(settings.cfg), sources.cfg],
        [t("CFG range"), `${low} – ${high}`, sources.cfg_range],
        [t("CFG rescale"), number(settings.cfg_rescale), sources.cfg_rescale],
        [t("Prompt order"), settings.prompt_profile, sources.prompt_profile],
        ...(settings.negative ? [[t("Negative prompt"), settings.negative, sources.negative]] : []),
    ];
}

/** Rows [label, value] of what the file itself is. */
export function fileRows(answer, t) {
    const numbers = Object.entries(answer.number_types).map(([part, kind]) =>
        part === "all" ? kind : `${part} ${kind}`);
    const yes = answer.zero_terminal_snr ? t("yes") : t("no");
    return [
        [t("Version"), titleOf(answer, t)],
        [t("How sure"), sureness(answer.certainty, t)],
        [t("Objective"), answer.objective],
        [t("Zero terminal SNR"), yes],
        [t("Architecture"), [answer.model, answer.kind].filter(Boolean).join(", ")],
        [t("Precision"), numbers.join(", ")],
        [t("File size"), bytes(answer.size)],
    ].filter(([, value]) => value);
}

/** Rows [label, digest] of the hashes that are known. */
export function hashRows(answer) {
    return [
        ["SHA-256", answer.sha256],
        ["AutoV2", answer.autov2],
        ["AutoV3", answer.autov3],
    ].filter(([, digest]) => digest);
}

/** The address when a link may lead there, "" for anything else that a profile file may hold. */
export function webAddress(address) {
    return /^https?:\/\/\S+$/.test(address) ? address : "";
}

function sureness(certainty, t) {
    return {
        certain: t("certain: known by its hash, or the file itself says so"),
        likely: t("likely: contents or metadata say so"),
        guess: t("guess: only a name says so"),
    }[certainty] ?? t("nothing tells");
}

function size(area, side) {
    return `${side}×${side} (${megapixels(area)})`;
}

function megapixels(area) {
    return `${(area / 1e6).toFixed(2)} MP`;
}

/** The upright ones; lying ones are the same, turned. */
function sizes(all) {
    return all.filter(([w, h]) => w <= h).map(([w, h]) => `${w}×${h}`).join(", ");
}

function number(value) {
    return String(Math.round(value * 1000) / 1000);
}

function bytes(count) {
    if (count < 1000 * MB) return `${(count / MB).toFixed(count < 10 * MB ? 2 : 0)} MB`;
    return `${(count / (1000 * MB)).toFixed(2)} GB`;
}
