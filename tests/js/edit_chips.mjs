// Applies chip edits to answers of /ixl/prompt/normalize: one JSON {answer, edits} per line in, one
// JSON list of texts per line out. Run by test_chips_against_parser.py.
import { createInterface } from "node:readline";
import * as chips from "../../js/lib/chips.js";

for await (const line of createInterface({ input: process.stdin })) {
    const { answer, edits } = JSON.parse(line);
    const view = chips.readAnswer(answer);
    const spans = view.chips.map((chip) => view.text.slice(chip.start, chip.end));
    const texts = edits.map(([name, ...values]) => chips[name](view, ...values));
    console.log(JSON.stringify({ spans, texts }));
}
