// The only importer of ComfyUI's scripts. Everything here is what the front end publishes to
// extensions, or is looked up defensively; nothing is patched.
import { app } from "/scripts/app.js";
import { api } from "/scripts/api.js";
import { inputIndex } from "./lib/origin.js";

export function registerExtension(extension) {
    app.registerExtension(extension);
}

/** Value of a setting; `fallback` where the front end does not know it yet. */
export function setting(id, fallback) {
    return app.extensionManager?.setting?.get?.(id) ?? fallback;
}

/** Language of the interface, such as "en" or "ja". */
export function language() {
    return setting("Comfy.Locale", "en");
}

/** JSON of a route of this pack. Rejects with the server's sentence; `signal` cancels. */
export async function request(path, { body, signal } = {}) {
    const options = { signal };
    if (body !== undefined) {
        options.method = "POST";
        options.headers = { "Content-Type": "application/json" };
        options.body = JSON.stringify(body);
    }
    const response = await api.fetchApi(path, options);
    if (response.ok) return response.json();
    const answer = await response.json().catch(() => ({})); // an error page of a proxy is no JSON
    throw new Error(answer.error ?? `${path}: ${response.status}`);
}

/** Address of a route for what the page fetches by itself, such as a picture. */
export function addressOf(path) {
    return api.apiURL(path);
}

/** A tab of the sidebar. fill(element) fills it whenever it is opened and returns what ends that. */
export function addSidebarTab({ id, icon, title, label, fill }) {
    let end = () => {};
    app.extensionManager?.registerSidebarTab?.({
        id, icon, title, label, tooltip: title, type: "custom",
        render: (shell) => {
            end(); // Nodes 2.0 and newer front ends may render twice without a destroy between
            end = fill(shell);
        },
        destroy: () => end(),
    });
}

/** Interface strings of this pack in the language of the interface, {} without translations. */
export async function translations() {
    const all = await api.getCustomNodesI18n?.().catch(() => null);
    return all?.[language()]?.ixl ?? {};
}

/**
 * Adds an element below the widgets of a node; it is stored nowhere and sent nowhere.
 *
 * minHeight(): in the classic canvas, with its margin of 10 px on each side.
 */
export function addPanel(node, name, type, element, minHeight) {
    const options = { serialize: false, hideOnZoom: false, getMinHeight: minHeight };
    const widget = node.addDOMWidget(name, type, element, options);
    widget.serialize = false;
    return widget;
}

/** Gives a panel one height in both renderers: it takes no part of what the node has left. */
export function fixHeight(panel, height) {
    panel.computeLayoutSize = undefined; // what has one shares the rest of the node
    panel.computeSize = () => [0, height - 4]; // the canvas adds 4 px between widgets
}

/** Gives a new node more than its least size; a saved node's own size is set after this. */
export function makeRoom(node, { width, more }) {
    node.setSize?.([Math.max(node.size[0], width), node.computeSize()[1] + more]);
}

/**
 * Puts a panel's element where the front end shows a former one of the same node and widget.
 *
 * Needed in Nodes 2.0 (seen in 1.47 and 1.58): undo builds nodes anew under their old ids, and the
 * page goes on showing the elements of the nodes that are gone.
 */
export function replaceFormer(node, element) {
    if (element.isConnected || node.graph !== app.canvas?.graph) return;
    const shell = document.querySelector(`[data-node-id="${node.id}"]`);
    const former = shell?.querySelector(`[data-ixl-panel="${element.dataset.ixlPanel}"]`);
    former?.replaceWith(element);
}

/** The page is drawn some frames after the graph changed; how many differs by front end and load. */
export function showSoon(some) {
    for (const ms of [0, 60, 400, 1500, 5000]) {
        setTimeout(() => some.forEach((panel) => panel.show()), ms);
    }
}

/** Runs `then` when the connection to the server is there again. */
export function onReconnected(then) {
    api.addEventListener("reconnected", then);
}

/** Runs `then` when another graph is shown: a subgraph was entered or left. */
export function onGraphShown(then) {
    app.canvas?.canvas?.addEventListener("litegraph:set-graph", then);
}

/** Runs `then(...values)` after a method of an object that the front end calls. */
export function chain(object, name, then) {
    const before = object[name];
    object[name] = function (...values) {
        const result = before?.apply(this, values);
        then(...values);
        return result;
    };
}

/** Runs `then` whenever the value of a widget is set by anyone. */
export function onValue(widget, then) {
    chain(widget, "callback", () => then());
}

/** Hides a widget, or shows it again; its value stays and is sent. */
export function hideWidget(widget, hidden) {
    widget.hidden = hidden;
    // Nodes 2.0 of front end 1.47 looks at the options in the widget's reactive state instead
    const options = widget._state?.options ?? widget.options;
    if (options) options.hidden = hidden;
}

/** Makes a node as much taller or shorter as its widgets became by what `change` does. */
export function keepRoom(node, change) {
    const before = node.computeSize()[1];
    change();
    const more = node.computeSize()[1] - before;
    if (more) node.setSize?.([node.size[0], node.size[1] + more]);
    redraw(node);
}

/** As onValue, for the widget of a node by its name, if there is one. */
export function onValueOf(node, name, then) {
    const widget = node.widgets?.find((w) => w.name === name);
    if (widget) onValue(widget, then);
}

/** Sets a widget's value the way its own box does. */
export function setValue(node, widget, value) {
    widget.value = value;
    widget.callback?.(value, app.canvas, node);
    captureState();
    redraw(node);
}

export function redraw(node) {
    node.setDirtyCanvas?.(true, true);
}

/** Tells the front end's own undo that the graph changed. */
export function captureState() {
    const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
    (tracker?.captureCanvasState ?? tracker?.checkState)?.call(tracker);
}

/** Title of the node whose output fills a widget's input, or null when the widget is free. */
export function linkedTitle(node, widgetName) {
    const index = inputIndex(node, widgetName);
    if (node.inputs?.[index]?.link == null) return null;
    return node.getInputNode?.(index)?.title ?? "";
}

/** Runs then(values) when a run tells what a node shows under the name `key` of its output. */
export function onOutput(key, then) {
    api.addEventListener("executed", ({ detail }) => {
        const values = detail?.output?.[key];
        if (values) then(values);
    });
}

/** Key of a node's widget that stays the same when the node is built anew (undo, tab, renderer). */
export function widgetKey(node, widgetName) {
    return `${node.graph?.id ?? ""}:${node.id}:${widgetName}`;
}

/**
 * The prompt widget that a text box on the page edits: {node, widget, source}, else null.
 *
 * node and widget are those on the canvas; source is the node class and widget name that decide
 * what the text means, which for a text box promoted onto a subgraph lie inside the subgraph.
 */
export function ownerOf(element) {
    const graph = app.canvas?.graph;
    if (!graph) return null;
    for (const node of graph.nodes ?? graph._nodes ?? []) {
        const widget = node.widgets?.find((w) => w.element === element);
        if (widget) return withSource(node, widget);
    }
    const shell = element.closest?.("[data-node-id]");
    const [node, widget] = shell ? ownerInPage(graph, shell, element) : ownerOfDialog(graph, element);
    return widget ? withSource(node, widget) : null;
}

/** In Nodes 2.0 a text box tells its widget by its label only, a single line by aria-label. */
function ownerInPage(graph, shell, element) {
    const id = shell.dataset.nodeId;
    const node = graph.getNodeById(id) ?? graph.getNodeById(Number(id));
    const label = element.labels?.[0]?.textContent.trim() ?? element.ariaLabel;
    const named = (w) => w.name === element.ariaLabel || (w.label || w.name) === label;
    return [node, node?.widgets?.find(named)];
}

/**
 * The classic canvas edits a single line in a dialog that does not tell its widget: it is the one
 * under the pointer when the dialog opens, so this must be asked when the dialog gets the focus.
 */
function ownerOfDialog(graph, element) {
    const dialog = element.closest?.(".graphdialog"); // canvas.prompt_box can be null meanwhile
    if (dialog?.querySelector(".name")?.textContent !== "Value") return [];
    const [x, y] = app.canvas.graph_mouse;
    const node = graph.getNodeOnPos?.(x, y, graph.nodes ?? graph._nodes);
    const widget = node?.getWidgetOnPos?.(x, y, true);
    // other dialogs over the widget have another title or show another value
    return widget && String(widget.value ?? "") === element.value ? [node, widget] : [];
}

function withSource(node, widget) {
    let [inner, name] = [node, widget.name];
    for (let depth = 0; inner?.isSubgraphNode?.() && depth < 16; depth++) {
        const target = insideSubgraph(inner, name);
        if (!target) return null;
        [inner, name] = target;
    }
    return { node, widget, source: { nodeClass: inner.comfyClass, widgetName: name } };
}

/** The inner node and widget name behind an input of a subgraph node. */
function insideSubgraph(host, inputName) {
    const input = host.subgraph?.inputs?.find((i) => i.name === inputName);
    for (const id of input?.linkIds ?? []) {
        const link = host.subgraph.getLink?.(id) ?? host.subgraph.links?.get?.(id);
        const inner = link && host.subgraph.getNodeById(link.target_id);
        const slot = inner?.inputs?.[link.target_slot];
        if (slot) return [inner, slot.widget?.name ?? slot.name];
    }
    return null;
}
