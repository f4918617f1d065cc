// Which inputs of our nodes hold tags, and what each is offered while typing.
//
// chips: a panel below the node's widgets; its meter counts the tokens of the normalized text
// ("result") or of the widget's text alone ("field"); checks: false where contradictions and order
// mean nothing, as in a negative prompt.
// categories: completion offers these alone. first: semantic groups or categories that completion
// lists first. A field with {} completes every tag.

const chips = (meter, more = {}) => ({ chips: { meter, checks: true, ...more } });
const only = (...categories) => ({ categories });
const first = (...kinds) => ({ first: kinds });

export const FIELDS = {
    IXLTagNormalizer: { text: chips("result") },
    IXLEncodePrompt: { text: chips("field") },
    IXLTilePrompts: { text: chips("field") },
    IXLNegativePrompt: { extra: chips("field", { checks: false }) },
    IXLPromptBuilder: {
        person_count: only("person count"),
        character: only("character"),
        series: only("copyright"),
        general: chips("field"),
        scene: first("place", "background", "nature", "light", "object"),
        camera: first("framing", "camera"),
        style: first("style", "meta"),
        artist: only("artist"),
    },
    IXLCharacter: {
        name: only("character"),
        series: only("copyright"),
        tags: chips("field"),
        clothing: first("clothing", "accessory"),
        action: first("action", "pose", "interaction"),
        emotion: first("expression"),
    },
};

/**
 * The tags with those of the wanted kinds in front, both parts in their order; a name that is typed
 * in full stays first.
 */
export function preferred(tags, kinds, typed) {
    const name = typed.trim().toLowerCase();
    const wanted = (tag) => tag.name === name || kinds.includes(tag.group)
        || kinds.includes(tag.category);
    return [...tags.filter(wanted), ...tags.filter((tag) => !wanted(tag))];
}
