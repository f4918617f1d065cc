import assert from "node:assert/strict";
import { test } from "node:test";
import { shownSlots } from "../../js/lib/slots.js";

test("one empty place is shown behind the last one in use, as far as there are any", () => {
    for (const [used, shown] of [
        [[false, false, false], 1],
        [[true, false, false], 2],
        [[false, true, false], 3],
        [[true, true, true], 3],
        [[], 0],
    ]) {
        assert.equal(shownSlots(used), shown, String(used));
    }
});
