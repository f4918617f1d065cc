// Interface strings: English is the key and the fallback; translations come from locales/.

let known = {};

/** Takes the translations of the interface's language, {English: translated}. */
export function useTranslations(translations) {
    known = translations ?? {};
}

/** The string in the interface's language, with {name} filled in from `values`. */
export function t(english, values = {}) {
    const text = known[english] ?? english;
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
