// Where the value of an input comes from, across reroutes and the borders of subgraphs. Reads the
// graph's own objects; knows nothing of ComfyUI's scripts.

const DEPTH = 32; // links that are followed at most: a graph can hold a circle

/** Number of a node's input of that name (an input made from a widget has the widget's). */
export function inputIndex(node, name) {
    return node.inputs?.findIndex((i) => (i.widget?.name ?? i.name) === name) ?? -1;
}

/** Whether something is connected to the input. */
export function isLinked(node, name) {
    return node.inputs?.[inputIndex(node, name)]?.link != null;
}

/** The node that makes the value of an input; null when nothing does or it cannot be found. */
export function originOf(node, name) {
    let [at, slot] = [node, inputIndex(node, name)];
    for (let depth = 0; depth < DEPTH && at && slot >= 0; depth++) {
        const link = linkOf(at.graph, at.inputs?.[slot]?.link);
        if (!link) return null;
        const maker = at.graph.getNodeById(link.origin_id);
        if (maker?.isSubgraphNode?.()) return insideOf(maker, link.origin_slot);
        if (maker && !maker.isVirtualNode) return maker;
        // a reroute hands on its only input; no node at all: the border of a subgraph
        [at, slot] = maker ? [maker, 0] : [hostOf(at.graph), link.origin_slot];
    }
    return null;
}

/**
 * The widget that holds the value of a node's input: the node's own, or where it was promoted onto
 * its subgraph the one outside. null when another node makes the value.
 */
export function holderOf(node, name) {
    let [at, slot] = [node, inputIndex(node, name)];
    for (let depth = 0; depth < DEPTH; depth++) {
        const input = at.inputs?.[slot];
        if (input?.link == null) {
            const wanted = at === node ? name : input?.widget?.name ?? input?.name;
            return at.widgets?.find((w) => w.name === wanted) ?? null;
        }
        const link = linkOf(at.graph, input.link);
        if (!link || at.graph.getNodeById(link.origin_id)) return null;
        [at, slot] = [hostOf(at.graph), link.origin_slot];
        if (!at) return null;
    }
    return null;
}

/** The inner node behind an output of a subgraph node. */
function insideOf(host, slot) {
    const inner = host.subgraph;
    const link = linkOf(inner, inner?.outputs?.[slot]?.linkIds?.[0]);
    const maker = link && inner.getNodeById(link.origin_id);
    return maker?.isSubgraphNode?.() ? insideOf(maker, link.origin_slot) : maker ?? null;
}

function linkOf(graph, id) {
    if (id == null || !graph) return null;
    return graph.getLink?.(id) ?? graph.links?.get?.(id) ?? null;
}

/** The first node on the canvas that stands for a subgraph. */
function hostOf(subgraph) {
    const root = subgraph.rootGraph;
    const graphs = root ? [root, ...(root.subgraphs?.values() ?? [])] : [];
    for (const graph of graphs) {
        const host = (graph.nodes ?? []).find((node) => node.subgraph === subgraph);
        if (host) return host;
    }
    return null;
}
