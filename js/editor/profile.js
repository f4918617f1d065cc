// Whose caption order a prompt node is explained with. A connected model_profile wins over the
// node's own choice, as it does when the node runs; what cannot be known before a run is said.
import { isLinked, originOf } from "../lib/origin.js";
import { t } from "./strings.js";

// Loader -> the widget that names its model.
export const LOADERS = { IXLLoadCheckpoint: "checkpoint", IXLLoadParts: "unet" };
export const AUTOMATIC = "automatic";
const DEFAULT = "illustrious-v2.0"; // of nodes without a choice of their own
const recognised = new Map(); // model and the loader's choice -> profile
const listeners = new Set();

const keyOf = (model, choice) => JSON.stringify([model, choice]);

/** What a run or a look at the file told: a loader's two widgets and the profile they lead to. */
export function learn(model, choice, profile) {
    const key = keyOf(model, choice);
    if (recognised.get(key) === profile) return;
    recognised.set(key, profile);
    for (const then of listeners) then();
}

/** Runs `then` when a profile became known or is another one now. */
export function onLearned(then) {
    listeners.add(then);
}

/** {id, note}: the profile, and in words why it is not the node's own choice ("" when it is). */
export function profileOf(node) {
    const own = valueOf(node, "profile") ?? DEFAULT;
    if (!isLinked(node, "model_profile")) return { id: own, note: "" };
    const loader = originOf(node, "model_profile");
    const known = LOADERS[loader?.comfyClass] && ofLoader(loader);
    if (known) return { id: known, note: t("The profile of “{title}”.", { title: loader.title }) };
    const said = { id: own };
    const note = t("Explained with {id}; which profile the model has is known after a run.", said);
    return { id: own, note };
}

function ofLoader(loader) {
    const names = [LOADERS[loader.comfyClass], "profile"];
    const [model, choice] = names.map((name) => valueOf(loader, name));
    return recognised.get(keyOf(model, choice)) ?? (choice === AUTOMATIC ? null : choice);
}

function valueOf(node, name) {
    if (isLinked(node, name)) return undefined; // another node decides, when it runs
    return node.widgets?.find((w) => w.name === name)?.value;
}
