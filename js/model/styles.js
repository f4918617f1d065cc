// Styles of card, dialog and report, from the front end's own variables so that every theme fits.

const ID = "ixl-model-style";

const CSS = `
.ixl-card, .ixl-dialog, .ixl-told {
  --ixl-bg: var(--comfy-input-bg, #222);
  --ixl-fg: var(--input-text, #ddd);
  --ixl-dim: var(--descrip-text, #999);
  --ixl-line: var(--border-color, #4e4e4e);
  --ixl-focus: var(--p-primary-color, #3f8cff);
  --ixl-tone: #8b8b8b;
  font: 12px/1.35 var(--font-inter, Inter, Arial, sans-serif);
  color: var(--ixl-fg); box-sizing: border-box; text-align: left;
}
[data-node-id] :is(.ixl-card, .ixl-told) {
  --ixl-bg: var(--component-node-widget-background, var(--comfy-input-bg, #222));
  --ixl-line: color-mix(in srgb, var(--ixl-fg) 22%, var(--ixl-bg));
}
.ixl-card *, .ixl-dialog * { box-sizing: border-box; }
:is(.ixl-card, .ixl-dialog) [hidden] { display: none !important; }
[data-tone="certain"] { --ixl-tone: #30a46c !important; }
[data-tone="likely"] { --ixl-tone: #3b9eff !important; }
[data-tone="guess"] { --ixl-tone: #e8a100 !important; }
[data-tone="bad"] { --ixl-tone: #e5484d !important; }
.ixl-card {
  display: flex; flex-direction: column; justify-content: center; gap: 1px; position: relative;
  width: 100%; height: 46px; min-height: 46px; max-height: 46px; margin: 0; padding: 3px 8px 3px 7px;
  background: color-mix(in srgb, var(--ixl-tone) 10%, var(--ixl-bg));
  border: 1px solid color-mix(in srgb, var(--ixl-tone) 45%, var(--ixl-line));
  border-left: 4px solid var(--ixl-tone); border-radius: 8px; overflow: hidden; cursor: pointer;
  contain: size layout;
}
.ixl-card:hover:not(:disabled) { background: color-mix(in srgb, var(--ixl-tone) 20%, var(--ixl-bg)); }
.ixl-card:focus-visible { outline: 2px solid var(--ixl-focus); outline-offset: -1px; }
.ixl-card:disabled { cursor: default; }
.ixl-card .ixl-head { display: flex; align-items: baseline; gap: 6px; white-space: nowrap; }
.ixl-card .ixl-head:not(:has(.ixl-title:not(:empty))) { display: none; }
.ixl-card .ixl-title { flex: 1; min-width: 0; font-weight: 600; overflow: hidden; text-overflow: ellipsis; }
.ixl-card .ixl-warnings { color: color-mix(in srgb, #e8a100 60%, var(--ixl-fg)); }
.ixl-card .ixl-sure { color: color-mix(in srgb, var(--ixl-tone) 45%, var(--ixl-fg)); font-size: 11px; }
.ixl-card .ixl-line { color: var(--ixl-dim); font-size: 11px; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.ixl-card:is([data-tone="bad"], [data-tone="quiet"]) { padding-block: 1px; }
.ixl-card:is([data-tone="bad"], [data-tone="quiet"]) .ixl-line { white-space: normal; line-height: 1.25;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
.ixl-card[data-tone="bad"] .ixl-line, .ixl-dialog .ixl-problem {
  color: color-mix(in srgb, #e5484d 72%, var(--ixl-fg)); }
.ixl-hashing { position: absolute; inset: auto 0 0 0; height: 2px;
  background: color-mix(in srgb, var(--ixl-tone) 20%, transparent); }
.ixl-hashing i { display: block; height: 100%; background: var(--ixl-tone); transition: width .3s; }
.ixl-told {
  margin: 0; padding: 6px 8px; width: 100%; height: 100%; min-height: 80px; overflow: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; user-select: text; cursor: text; font-size: 11px;
  background: var(--ixl-bg); border: 1px solid var(--ixl-line); border-radius: 8px; contain: size layout;
}
.ixl-told.ixl-empty { color: var(--ixl-dim); }
.ixl-told:focus-visible { outline: 2px solid var(--ixl-focus); outline-offset: -1px; }
.ixl-dialog {
  --ixl-bg: var(--comfy-menu-bg, #2a2a2a);
  width: min(720px, 94vw); max-height: min(86vh, 900px); padding: 0; border-radius: 12px;
  background: var(--ixl-bg); border: 1px solid var(--ixl-line); overflow: hidden; font-size: 13px;
  box-shadow: 0 12px 40px rgb(0 0 0 / 50%);
}
.ixl-dialog[open] { display: flex; flex-direction: column; }
.ixl-dialog::backdrop { background: rgb(0 0 0 / 45%); }
.ixl-dialog header { display: flex; gap: 12px; align-items: flex-start; padding: 14px 16px 10px 20px;
  border-bottom: 1px solid var(--ixl-line); flex: none; }
.ixl-dialog header > div { flex: 1; min-width: 0; }
.ixl-dialog h2 { margin: 0; font-size: 17px; font-weight: 600; }
.ixl-dialog header p { margin: 2px 0 0; color: var(--ixl-dim); overflow-wrap: anywhere; }
.ixl-dialog h3 { margin: 0 0 6px; font-size: 13px; font-weight: 600; }
.ixl-dialog .ixl-body { overflow: auto; padding: 4px 20px 20px; outline-offset: -2px; min-height: 0; }
.ixl-dialog section { margin-top: 16px; }
.ixl-dialog p { margin: 4px 0; }
.ixl-dialog .ixl-problem { margin-top: 14px; font-size: 14px; }
.ixl-dialog .ixl-note { color: var(--ixl-dim); }
.ixl-dialog table { width: 100%; border-collapse: collapse; }
.ixl-dialog th, .ixl-dialog td { padding: 4px 12px 4px 0; vertical-align: top; font-weight: 400;
  text-align: left; border-top: 1px solid color-mix(in srgb, var(--ixl-line) 60%, transparent);
  overflow-wrap: anywhere; }
.ixl-dialog th { color: var(--ixl-dim); width: 26%; }
.ixl-dialog .ixl-source { color: var(--ixl-dim); font-size: 12px; width: 40%; padding-right: 0; }
.ixl-dialog ul { list-style: none; margin: 0; padding: 0; }
.ixl-dialog li { padding: 4px 0; overflow-wrap: anywhere; }
.ixl-dialog .ixl-warned li { padding-left: 10px; border-left: 3px solid #e8a100; margin-bottom: 4px; }
.ixl-dialog .ixl-evidence li { display: flex; gap: 8px; align-items: baseline; }
.ixl-dialog .ixl-evidence b { font-weight: 600; flex: 0 0 auto; }
.ixl-dialog .ixl-evidence .ixl-sure { flex: 0 0 auto; min-width: 5.5em; padding: 0 7px; font-size: 11px;
  text-align: center; border-radius: 6px; border: 1px solid color-mix(in srgb, var(--ixl-tone) 55%, var(--ixl-line));
  background: color-mix(in srgb, var(--ixl-tone) 16%, var(--ixl-bg)); }
.ixl-dialog .ixl-hash { display: flex; gap: 10px; align-items: baseline; padding: 3px 0; }
.ixl-dialog .ixl-hash b { flex: 0 0 5em; font-weight: 400; color: var(--ixl-dim); }
.ixl-dialog .ixl-hash code { flex: 1; overflow-wrap: anywhere; font: 12px/1.4 ui-monospace, Menlo, Consolas, monospace;
  user-select: all; }
.ixl-dialog progress { flex: 1; accent-color: var(--ixl-focus); }
.ixl-dialog button { font: inherit; font-size: 12px; color: inherit; background: transparent; cursor: pointer;
  border: 1px solid var(--ixl-line); border-radius: 6px; padding: 2px 10px; }
.ixl-dialog button:hover { background: color-mix(in srgb, var(--ixl-fg) 12%, transparent); }
.ixl-dialog .ixl-close { border-color: transparent; font-size: 14px; padding: 3px 9px; }
.ixl-dialog a { color: color-mix(in srgb, var(--ixl-focus) 75%, var(--ixl-fg)); text-underline-offset: 2px; }
.ixl-dialog :is(a, button, .ixl-body):focus-visible { outline: 2px solid var(--ixl-focus); outline-offset: 1px; }
.ixl-dialog .ixl-body:focus-visible { outline-offset: -3px; }
@media (max-width: 560px) {
  .ixl-dialog tr { display: flex; flex-wrap: wrap; }
  .ixl-dialog th { width: 40%; } .ixl-dialog td { flex: 1; }
  .ixl-dialog .ixl-source { flex: 0 0 100%; border-top: 0; padding-top: 0; }
}
`;

/** Puts the styles on the page, once. */
export function addStyles() {
    if (document.getElementById(ID)) return;
    const style = document.createElement("style");
    style.id = ID;
    style.textContent = CSS;
    document.head.append(style);
}
