"""Help pages name pictures that are there, and every picture is on a page."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "js" / "docs"
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def test_pictures_of_help_pages_are_there_and_are_described():
    named = {
        (page.name, target, bool(text))
        for page in DOCS.glob("*.md")
        for text, target in IMAGE.findall(page.read_text(encoding="utf-8"))
    }
    assert named
    assert [n for n in named if not n[2] or not (DOCS / n[1]).is_file()] == []
    there = {path.relative_to(DOCS).as_posix() for path in (DOCS / "pictures").iterdir()}
    assert there == {target for _, target, _ in named}
