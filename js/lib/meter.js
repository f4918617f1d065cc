// Token counts in words.

/**
 * `34 / 75 tokens`, `75 + 12 tokens, cut: long hair`.
 *
 * counted: the answer of /ixl/prompt/tokens. t: translates with {names} filled in.
 */
export function meterText(counted, t) {
    const { chunks, limit } = counted;
    const sum = chunks.map((chunk) => chunk.tokens).join(" + ");
    const said = chunks.length > 1
        ? t("{sum} tokens in {n} chunks", { sum, n: chunks.length })
        : t("{sum} / {limit} tokens", { sum: sum || 0, limit });
    const cut = chunks.filter((chunk) => chunk.cut).map((chunk) => chunk.cut.text);
    return cut.length ? `${said}; ${t("cut: {tags}", { tags: cut.join(", ") })}` : said;
}
