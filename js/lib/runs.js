// Words and numbers of training runs. Pure; t translates with {names} filled in.

/** [label, tone] of a run's state. */
export function stateOf(status, t) {
    return {
        queued: [t("Waiting"), "quiet"],
        running: [t("Training"), "busy"],
        stopped: [t("Stopped"), "paused"],
        done: [t("Done"), "good"],
        failed: [t("Failed"), "bad"],
    }[status] ?? [status, "quiet"];
}

/** `1:05 h`, `12:30 min`, `8 s`. */
export function duration(seconds, t) {
    const whole = Math.max(0, Math.round(seconds));
    const two = (n) => String(n).padStart(2, "0");
    if (whole < 60) return t("{n} s", { n: whole });
    if (whole < 3600) return t("{n} min", { n: `${Math.floor(whole / 60)}:${two(whole % 60)}` });
    return t("{n} h", { n: `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}` });
}

/** How fast a run is, in the unit that is easier to read. */
export function speed(seconds, t) {
    if (seconds === null || !(seconds > 0)) return "";
    return seconds >= 1
        ? t("{n} s per step", { n: seconds.toFixed(seconds < 10 ? 2 : 1) })
        : t("{n} steps per s", { n: (1 / seconds).toFixed(1) });
}

export function fileSize(bytes) {
    if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
    return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}

/** A loss or rate in few characters: 0.0812, 1e-4, 3.5e-5. */
export function small(value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e-3 && size < 1e4) return Number(value.toPrecision(3)).toString();
    return value.toExponential(2).replace(/\.?0+e/, "e").replace("e+", "e");
}

export function percent(share, digits = 1) {
    return `${(100 * share).toFixed(digits)} %`;
}

/** Share of a run that is done, 0 to 1. */
export function progress({ step, total }) {
    return total ? Math.min(1, step / total) : 0;
}

/** What stands below a run's name in the list. */
export function runLine(run, t) {
    const steps = t("step {step} of {total}", { step: run.step, total: run.total });
    return run.status === "queued" && !run.step ? t("{total} steps", { total: run.total }) : steps;
}

/** Rows [label, value] of what was asked of a run. */
export function settingLines(settings, t) {
    const s = settings ?? {};
    const name = (path) => String(path ?? "").split(/[\\/]/).pop();
    const folders = (s.folders ?? []).map(([folder, times]) => `${name(folder)} × ${times}`);
    const lora = s.method === "lora";
    return [
        [t("Model"), name(s.checkpoint)],
        [t("Pictures"), folders.join(", ")],
        [t("Method"), lora ? t("LoRA, rank {rank}, alpha {alpha}", s) : t("all weights")],
        [t("Size"), `${s.size} px`],
        [t("Batch"), t("{batch} × {accumulation} accumulated × {gpus} GPU", s)],
        [t("Learning rate"), s.text_encoder_lr
            ? t("{unet}, text encoders {text}", { unet: small(s.unet_lr), text: small(s.text_encoder_lr) })
            : t("{unet}, text encoders frozen", { unet: small(s.unet_lr) })],
        [t("Optimizer"), `${s.optimizer}, ${s.precision === "no" ? "fp32" : s.precision}`],
        [t("Seed"), String(s.seed)],
    ].filter(([, value]) => value);
}
