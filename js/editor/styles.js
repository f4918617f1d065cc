// The editor's styles, from the front end's own variables so that every theme fits.

const ID = "ixl-tags-style";

const CSS = `
.ixl-tags, .ixl-completions {
  --ixl-bg: var(--comfy-input-bg, #222);
  --ixl-fg: var(--input-text, #ddd);
  --ixl-dim: var(--descrip-text, #999);
  --ixl-line: var(--border-color, #4e4e4e);
  --ixl-focus: var(--p-primary-color, #3f8cff);
  font: 12px/1.35 var(--font-inter, Inter, Arial, sans-serif);
  color: var(--ixl-fg);
}
[data-node-id] .ixl-tags {
  --ixl-bg: var(--component-node-widget-background, var(--comfy-input-bg, #222));
  --ixl-line: color-mix(in srgb, var(--ixl-fg) 22%, var(--ixl-bg));
}
.ixl-tags *, .ixl-completions * { box-sizing: border-box; }
.ixl-tags {
  box-sizing: border-box; display: flex; flex-direction: column; min-height: 0; height: 100%;
  background: var(--ixl-bg); border: 1px solid var(--ixl-line); border-radius: 8px;
  overflow: hidden; position: relative; text-align: left;
  /* the content scrolls inside and never decides the node's size: no layout feedback */
  contain: size layout; container: ixl-tags / size; min-height: 104px;
}
.ixl-tags.ixl-folded { min-height: 28px; max-height: 28px; }
.ixl-tags [data-section], .ixl-completions [data-section] { --ixl-hue: #8b8b8b; }
[data-section="person count"] { --ixl-hue: #3b9eff !important; }
[data-section="character"] { --ixl-hue: #30b15c !important; }
[data-section="copyright"] { --ixl-hue: #b45ce0 !important; }
[data-section="natural language"] { --ixl-hue: #c98a1b !important; }
[data-section="rating"] { --ixl-hue: #e5484d !important; }
[data-section="general"] { --ixl-hue: #7d8fa9 !important; }
[data-section="framing"] { --ixl-hue: #4aa3b5 !important; }
[data-section="meta"] { --ixl-hue: #a0855b !important; }
[data-section="artist"] { --ixl-hue: #e0569b !important; }
[data-section="score"] { --ixl-hue: #d9a400 !important; }
[data-section="quality"] { --ixl-hue: #b8a13a !important; }
[data-section="year"] { --ixl-hue: #12a594 !important; }
[data-section="network"] { --ixl-hue: #8e7bff !important; }
.ixl-bar {
  display: flex; align-items: center; gap: 6px; padding: 3px 6px; flex: none;
  border-bottom: 1px solid var(--ixl-line); color: var(--ixl-dim); white-space: nowrap;
}
.ixl-tags.ixl-folded .ixl-bar { border-bottom: 0; }
.ixl-bar .ixl-space { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.ixl-bar button, .ixl-tools button, .ixl-details button {
  font: inherit; color: inherit; background: transparent; border: 1px solid transparent;
  border-radius: 5px; padding: 1px 6px; cursor: pointer;
}
.ixl-bar button:hover:not(:disabled), .ixl-tools button:hover, .ixl-details button:hover {
  color: var(--ixl-fg); background: color-mix(in srgb, var(--ixl-fg) 12%, transparent);
}
.ixl-bar button[aria-pressed="true"], .ixl-bar button[aria-expanded="true"].ixl-tab {
  color: var(--ixl-fg); border-color: var(--ixl-line);
  background: color-mix(in srgb, var(--ixl-fg) 10%, transparent);
}
.ixl-bar button:disabled { opacity: .4; cursor: default; }
.ixl-tags button:focus-visible { outline: 2px solid var(--ixl-focus); outline-offset: -1px; }
.ixl-bar .ixl-warn { color: color-mix(in srgb, #e8a100 50%, var(--ixl-fg)); }
.ixl-flow {
  flex: 1 1 auto; min-height: 0; overflow: auto; display: flex; flex-wrap: wrap; gap: 4px;
  align-content: flex-start; padding: 6px; cursor: text; position: relative;
}
.ixl-tags [hidden] { display: none !important; }
.ixl-chips { display: contents; }
.ixl-chip {
  display: inline-flex; align-items: baseline; gap: 4px; max-width: 100%; cursor: pointer;
  padding: 1px 7px; border-radius: 6px; user-select: none; touch-action: none;
  border: 1px solid color-mix(in srgb, var(--ixl-hue) 55%, var(--ixl-line));
  border-left: 4px solid var(--ixl-hue);
  background: color-mix(in srgb, var(--ixl-hue) 16%, var(--ixl-bg));
}
.ixl-chip .ixl-label { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ixl-chip[data-kind="sentence"] .ixl-label { white-space: normal; }
.ixl-chip:hover { background: color-mix(in srgb, var(--ixl-hue) 28%, var(--ixl-bg)); }
.ixl-chip .ixl-weight { font-variant-numeric: tabular-nums; font-weight: 600; opacity: .85; }
.ixl-chip[aria-selected="true"] {
  outline: 2px solid var(--ixl-focus); outline-offset: 0;
}
.ixl-chip.ixl-off { border: 1px dashed var(--ixl-line); padding-left: 10px;
  background: transparent; color: var(--ixl-dim); }
.ixl-chip.ixl-off .ixl-label { text-decoration: line-through; }
.ixl-chip[data-category="unknown"] .ixl-label {
  text-decoration: underline dotted color-mix(in srgb, var(--ixl-fg) 60%, transparent);
  text-underline-offset: 2px;
}
.ixl-chip.ixl-warned { box-shadow: inset 0 -2px 0 #e8a100; }
.ixl-chip.ixl-dragged { opacity: .35; }
.ixl-chip.ixl-break { width: 100%; height: 0; padding: 0; border: 0; }
.ixl-drop { width: 2px; align-self: stretch; background: var(--ixl-focus); margin: 0 -1px; }
.ixl-add {
  flex: 1 1 90px; min-width: 90px; font: inherit; color: inherit; background: transparent;
  border: 1px solid transparent; border-radius: 5px; padding: 1px 4px; outline: none;
}
.ixl-add::placeholder { color: var(--ixl-dim); opacity: .8; }
.ixl-add.ixl-editing { border-color: var(--ixl-focus); background: var(--ixl-bg); }
.ixl-tools {
  position: absolute; z-index: 2; display: flex; align-items: center; gap: 1px; padding: 1px;
  border: 1px solid var(--ixl-line); border-radius: 6px; white-space: nowrap;
  background: var(--comfy-menu-bg, var(--ixl-bg)); box-shadow: 0 2px 8px rgb(0 0 0 / 35%);
}
.ixl-tools span { min-width: 2.4em; text-align: center; font-variant-numeric: tabular-nums; }
.ixl-meter { display: flex; gap: 3px; align-items: center; padding: 3px 6px; flex: none;
  border-top: 1px solid var(--ixl-line); color: var(--ixl-dim); font-size: 11px; }
.ixl-meter .ixl-chunk { position: relative; height: 5px; flex: 0 1 64px; min-width: 6px; border-radius: 3px;
  background: color-mix(in srgb, var(--ixl-fg) 18%, transparent); overflow: hidden; }
.ixl-meter .ixl-chunk i { position: absolute; inset: 0 auto 0 0; border-radius: 3px;
  background: #30a46c; }
.ixl-meter .ixl-chunk.ixl-cut i { background: #e8a100; }
.ixl-meter .ixl-said { flex: 1 1 70%; min-width: 50%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ixl-details { flex: 0 1 auto; max-height: 55%; min-height: 40px; overflow: auto;
  border-top: 1px solid var(--ixl-line); padding: 5px 8px; }
.ixl-details ul { list-style: none; margin: 0; padding: 0; }
.ixl-details li { padding: 3px 0; overflow-wrap: anywhere; }
.ixl-details li + li { border-top: 1px solid color-mix(in srgb, var(--ixl-line) 55%, transparent); }
.ixl-details b { font-weight: 600; }
.ixl-details .ixl-kind { color: var(--ixl-dim); }
.ixl-details .ixl-why { display: block; color: var(--ixl-dim); }
.ixl-details .ixl-head { display: flex; gap: 8px; align-items: center; margin-bottom: 4px; }
.ixl-details .ixl-head > span { flex: 1; }
.ixl-details .ixl-preview { margin: 4px 0; padding: 4px 6px; border-radius: 5px;
  background: color-mix(in srgb, var(--ixl-fg) 8%, transparent); overflow-wrap: anywhere; }
.ixl-details button.ixl-apply { border-color: var(--ixl-focus); color: var(--ixl-fg); }
.ixl-details li button { font-weight: 600; color: var(--ixl-fg); padding: 0; border: 0; }
.ixl-details li button:hover { background: none; text-decoration: underline; }
/* too low for both: what was opened covers the chips */
@container ixl-tags (max-height: 200px) {
  .ixl-flow:has(+ .ixl-details:not([hidden])) { display: none; }
  .ixl-details { flex: 1 1 auto; max-height: none; border-top: 0; }
}
.ixl-folded > :not(.ixl-bar) { display: none !important; }
.ixl-completions {
  position: fixed; z-index: 10000; margin: 0; padding: 3px; list-style: none; min-width: 260px;
  max-width: min(460px, 96vw); max-height: 300px; overflow: auto; border-radius: 8px;
  background: var(--comfy-menu-bg, var(--ixl-bg)); border: 1px solid var(--ixl-line);
  box-shadow: 0 6px 20px rgb(0 0 0 / 45%);
}
.ixl-completions li { display: flex; align-items: baseline; gap: 8px; padding: 3px 8px;
  border-left: 4px solid var(--ixl-hue); border-radius: 4px; cursor: pointer; }
.ixl-completions li[aria-selected="true"], .ixl-completions li:hover {
  background: color-mix(in srgb, var(--ixl-focus) 26%, transparent); }
.ixl-completions .ixl-name { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.ixl-completions .ixl-about { flex: 1; color: var(--ixl-dim); overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.ixl-completions .ixl-category { color: var(--ixl-dim); font-size: 11px; white-space: nowrap; }
.ixl-completions .ixl-posts { min-width: 3em; text-align: right; color: var(--ixl-dim);
  font-variant-numeric: tabular-nums; }
`;

/** Puts the styles on the page, once. */
export function addStyles() {
    if (document.getElementById(ID)) return;
    const style = document.createElement("style");
    style.id = ID;
    style.textContent = CSS;
    document.head.append(style);
}
