// Styles of the training tab, from the front end's own variables so that every theme fits.

const ID = "ixl-training-style";

const CSS = `
.ixl-training, .ixl-large {
  --ixl-fg: var(--input-text, #ddd);
  --ixl-dim: var(--descrip-text, #999);
  --ixl-line: var(--border-color, #4e4e4e);
  --ixl-paper: var(--comfy-menu-bg, #222);
  --ixl-in: color-mix(in srgb, var(--ixl-fg) 8%, var(--ixl-paper));
  --ixl-focus: var(--p-primary-color, #3f8cff);
  --ixl-tone: #8b8b8b;
  font: 13px/1.4 var(--font-inter, Inter, Arial, sans-serif); color: var(--ixl-fg);
}
.ixl-training { display: flex; flex-direction: column; height: 100%; min-height: 0; text-align: left; }
.ixl-training *, .ixl-large * { box-sizing: border-box; }
.ixl-training [hidden] { display: none !important; }
.ixl-training [data-tone="busy"] { --ixl-tone: #3b9eff; }
.ixl-training [data-tone="good"] { --ixl-tone: #30a46c; }
.ixl-training [data-tone="paused"] { --ixl-tone: #e8a100; }
.ixl-training [data-tone="bad"] { --ixl-tone: #e5484d; }
.ixl-training header { flex: none; padding: 12px 14px 0; border-bottom: 1px solid var(--ixl-line); }
.ixl-training h2 { margin: 0 0 8px; font-size: 15px; font-weight: 600; }
.ixl-training h3 { margin: 0 0 4px; font-size: 12px; font-weight: 600; }
.ixl-training p { margin: 0 0 6px; }
.ixl-training .ixl-dim { color: var(--ixl-dim); }
.ixl-training button, .ixl-training select, .ixl-training input, .ixl-training textarea, .ixl-large button {
  font: inherit; color: inherit;
}
.ixl-training button, .ixl-large button {
  background: var(--ixl-in); border: 1px solid var(--ixl-line); border-radius: 6px; padding: 3px 10px; cursor: pointer;
}
.ixl-training button:hover:not(:disabled) { background: color-mix(in srgb, var(--ixl-fg) 18%, var(--ixl-paper)); }
.ixl-training button:disabled { opacity: .5; cursor: default; }
.ixl-training :is(button, input, select, textarea, summary, pre):focus-visible, .ixl-large button:focus-visible {
  outline: 2px solid var(--ixl-focus); outline-offset: 1px; }
.ixl-training :is(select, textarea, input:not([type="range"], [type="checkbox"])) {
  background: var(--ixl-in); border: 1px solid var(--ixl-line); border-radius: 6px; padding: 4px 8px; width: 100%;
  min-width: 0;
}
.ixl-training :is(option, optgroup) { background: var(--ixl-in); color: var(--ixl-fg); }
.ixl-training textarea { resize: vertical; font-size: 12px; }
.ixl-training input[type="range"] { width: 84px; padding: 0; accent-color: var(--ixl-focus); }
.ixl-training input[type="checkbox"] { accent-color: var(--ixl-focus); }
.ixl-tabs { display: flex; gap: 4px; }
.ixl-training .ixl-tabs button { background: transparent; border: 0; border-bottom: 2px solid transparent;
  border-radius: 0; padding: 4px 10px 6px; color: var(--ixl-dim); }
.ixl-training .ixl-tabs button[aria-selected="true"] { color: var(--ixl-fg); border-bottom-color: var(--ixl-focus); }
.ixl-training-body { flex: 1; min-height: 0; overflow: auto; padding: 12px 14px 24px; }
.ixl-training .ixl-problem { margin: 8px 0; padding: 6px 10px; border-radius: 6px;
  background: color-mix(in srgb, #e5484d 14%, transparent); border: 1px solid color-mix(in srgb, #e5484d 50%, var(--ixl-line)); }
.ixl-training > .ixl-problem { margin: 8px 14px 0; }
.ixl-none { color: var(--ixl-dim); overflow-wrap: anywhere; padding-top: 8px; }
.ixl-runs { display: flex; flex-direction: column; gap: 8px; }
.ixl-training .ixl-run { display: flex; flex-direction: column; gap: 6px; width: 100%; padding: 9px 11px; text-align: left;
  border-radius: 8px; }
.ixl-top { display: flex; justify-content: space-between; align-items: baseline; gap: 8px; }
.ixl-top b, .ixl-head b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.ixl-badge { flex: none; font-size: 11px; padding: 1px 8px; border-radius: 99px; white-space: nowrap;
  color: color-mix(in srgb, var(--ixl-tone) 45%, var(--ixl-fg));
  background: color-mix(in srgb, var(--ixl-tone) 18%, transparent);
  border: 1px solid color-mix(in srgb, var(--ixl-tone) 50%, transparent); }
.ixl-track { display: block; height: 4px; border-radius: 4px; overflow: hidden;
  background: color-mix(in srgb, var(--ixl-fg) 14%, transparent); }
.ixl-track.ixl-thick { height: 6px; margin: 10px 0 6px; }
.ixl-track i { display: block; height: 100%; background: var(--ixl-tone); border-radius: 4px; transition: width .4s; }
.ixl-run .ixl-message { font-size: 12px; color: color-mix(in srgb, var(--ixl-tone) 40%, var(--ixl-fg));
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; overflow-wrap: anywhere; }
.ixl-head { display: flex; align-items: center; gap: 8px; }
.ixl-head b { flex: 1; font-size: 15px; }
.ixl-training .ixl-back { background: transparent; border-color: transparent; padding: 3px 6px; margin-left: -6px;
  color: var(--ixl-dim); }
.ixl-told-message { margin: 8px 0 0; padding: 6px 10px; border-radius: 6px; overflow-wrap: anywhere; user-select: text;
  background: color-mix(in srgb, var(--ixl-tone) 12%, transparent);
  border-left: 3px solid var(--ixl-tone); }
.ixl-actions { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 10px 0; }
.ixl-training .ixl-actions button[data-asked="true"]::after { content: " …"; }
.ixl-more { display: inline-flex; align-items: center; gap: 6px; color: var(--ixl-dim); }
.ixl-training input.ixl-total { width: 92px; color: var(--ixl-fg); }
.ixl-figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 6px; margin: 10px 0 14px; }
.ixl-figures div { background: color-mix(in srgb, var(--ixl-fg) 6%, transparent); border-radius: 8px; padding: 6px 10px; }
.ixl-figures dt { font-size: 11px; color: var(--ixl-dim); }
.ixl-figures dd { margin: 0; font-size: 15px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.ixl-training section { margin: 14px 0; }
.ixl-smoothing { display: inline-flex; align-items: center; gap: 6px; font-size: 12px; }
.ixl-plot-box { position: relative; width: 100%; margin-bottom: 8px; }
.ixl-plot { display: block; width: 100%; overflow: visible; }
.ixl-plot .ixl-grid { stroke: color-mix(in srgb, var(--ixl-fg) 12%, transparent); }
.ixl-plot .ixl-tick { fill: var(--ixl-dim); font-size: 10px; font-variant-numeric: tabular-nums; }
.ixl-plot path { fill: none; stroke: var(--ixl-focus); stroke-linejoin: round; }
.ixl-plot .ixl-raw { stroke-width: 1; opacity: .35; }
.ixl-plot .ixl-line { stroke-width: 1.8; }
.ixl-plot .ixl-dot { fill: #e8a100; }
.ixl-plot .ixl-mark { stroke: var(--ixl-dim); }
.ixl-cursor line { stroke: var(--ixl-dim); stroke-dasharray: 2 3; }
.ixl-cursor circle { fill: var(--ixl-focus); stroke: var(--ixl-in); }
.ixl-plot-told { position: absolute; top: 6px; pointer-events: none; padding: 4px 8px; border-radius: 6px; font-size: 11px;
  background: var(--ixl-paper); border: 1px solid var(--ixl-line); white-space: nowrap; font-variant-numeric: tabular-nums; }
.ixl-samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 8px; margin-bottom: 8px; }
.ixl-training .ixl-samples button { padding: 0 0 3px; overflow: hidden; text-align: center; font-size: 11px; color: var(--ixl-dim); }
.ixl-samples img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover; background: var(--ixl-in); }
.ixl-samples span { display: block; padding: 2px 4px 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ixl-training ul.ixl-files { list-style: none; margin: 0; padding: 0; }
.ixl-files li, .ixl-path { display: flex; align-items: center; gap: 8px; padding: 3px 0; }
.ixl-files li span:first-child, .ixl-path code { flex: 1; min-width: 0; overflow-wrap: anywhere; user-select: text; }
.ixl-files .ixl-dim { white-space: nowrap; }
.ixl-path code { font: 11px/1.4 ui-monospace, Menlo, Consolas, monospace; }
.ixl-training .ixl-files button, .ixl-training .ixl-path button { flex: none; font-size: 12px; padding: 1px 8px; }
.ixl-training summary { cursor: pointer; padding: 4px 0; font-size: 12px; font-weight: 600; border-radius: 4px; }
.ixl-training table { width: 100%; border-collapse: collapse; font-size: 12px; }
.ixl-training :is(th, td) { text-align: left; font-weight: 400; padding: 3px 8px 3px 0; vertical-align: top;
  overflow-wrap: anywhere; }
.ixl-training tbody th { color: var(--ixl-dim); }
.ixl-log pre { margin: 0; max-height: 260px; overflow: auto; padding: 8px 10px; border-radius: 6px; user-select: text;
  background: var(--ixl-in); border: 1px solid var(--ixl-line); white-space: pre-wrap; overflow-wrap: anywhere;
  font: 11px/1.45 ui-monospace, Menlo, Consolas, monospace; }
.ixl-captions { display: flex; flex-direction: column; gap: 8px; }
.ixl-policy { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; }
.ixl-field { display: flex; flex-direction: column; gap: 2px; min-width: 0; }
.ixl-field > span { font-size: 11px; color: var(--ixl-dim); }
.ixl-check { grid-column: 1 / -1; display: flex; gap: 8px; align-items: center; }
.ixl-training .ixl-main { align-self: flex-start; background: var(--ixl-focus); border-color: var(--ixl-focus); color: #fff;
  padding: 5px 16px; font-weight: 600; }
.ixl-training .ixl-main:hover:not(:disabled) { background: color-mix(in srgb, var(--ixl-focus) 84%, #000); }
.ixl-rates thead th { font-size: 11px; color: var(--ixl-dim); }
.ixl-training .ixl-rates :is(th, td):nth-child(n+3) { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.ixl-training .ixl-rates tbody th { white-space: nowrap; color: var(--ixl-fg); }
.ixl-training .ixl-rates .ixl-bar-cell { width: 45%; vertical-align: middle; }
.ixl-rate { display: block; position: relative; height: 8px; border-radius: 2px;
  background: color-mix(in srgb, var(--ixl-fg) 8%, transparent); }
.ixl-rate i { display: block; height: 100%; background: var(--ixl-focus); border-radius: 2px; opacity: .8; }
.ixl-rate b { position: absolute; top: -2px; bottom: -2px; width: 2px; margin-left: -1px; background: var(--ixl-fg); }
.ixl-picture { border-top: 1px solid var(--ixl-line); padding: 4px 0; overflow-wrap: anywhere; user-select: text; font-size: 12px; }
.ixl-picture ol { list-style: none; margin: 0; padding: 0; }
.ixl-picture li { padding: 4px 0 4px 8px; margin-bottom: 4px; border-left: 2px solid var(--ixl-line); }
.ixl-picture em { font-style: normal; font-size: 11px; padding: 0 6px; margin-right: 6px; border-radius: 99px;
  color: var(--ixl-dim); background: color-mix(in srgb, var(--ixl-fg) 9%, transparent); white-space: nowrap; }
.ixl-picture s { display: block; color: var(--ixl-dim); font-size: 11px; }
.ixl-large { width: 96vw; max-width: 96vw; height: 96vh; max-height: 96vh; padding: 0; border: 0; background: transparent; }
.ixl-large[open] { display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 8px; }
.ixl-large::backdrop { background: rgb(0 0 0 / 80%); }
.ixl-large img { max-width: 100%; min-height: 0; object-fit: contain; flex: 0 1 auto; }
.ixl-large p { margin: 0; color: #ddd; }
.ixl-large button { position: absolute; top: 8px; right: 8px; }
`;

/** Puts the styles on the page, once. */
export function addStyles() {
    if (document.getElementById(ID)) return;
    const style = document.createElement("style");
    style.id = ID;
    style.textContent = CSS;
    document.head.append(style);
}
