"""The same texts in XMP, which some hosts keep where they drop EXIF and text chunks.

Parameters stand in exif:UserComment, as programs that turn EXIF into XMP write them; graphs (where
EXIF has no room) and this pack's block in a namespace of its own. Another program's packet is kept;
ours is put into it. Format: ISO 16684-1. XML that declares entities is not read.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from xml.sax.saxutils import escape

NAMESPACE = "https://github.com/illustrious-xl-studio/ns/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_NAMES = ("ixl", "workflow", "prompt")
MOST_BYTES = 64 << 20
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OURS = re.compile(rf'<rdf:Description rdf:about="" xmlns:ixl="{re.escape(NAMESPACE)}".*?'
                   r"</rdf:Description>\n?", re.DOTALL)  # fmt: skip
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n<rdf:RDF xmlns:rdf="{_RDF}">\n%s'
    '</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
)
_END = "</rdf:RDF>"


def with_texts(packet: bytes, texts: Mapping[str, str]) -> bytes:
    """An XMP packet with these texts in place of older ones of ours. packet: may be empty."""
    old = packet.decode("utf-8", "replace") if len(packet) <= MOST_BYTES else ""
    made = _description(texts)
    if old.count(_END) != 1:  # nothing there, or nothing to put ours into
        return (_PACKET % made).encode() if made else packet
    kept = _OURS.sub("", old)
    if not made and "<rdf:Description" not in kept:
        return b""
    before, _, after = kept.rpartition(_END)
    return f"{before}{made}{_END}{after}".encode()


def _description(texts: Mapping[str, str]) -> str:
    lines = [f"<ixl:{name}>{_xml(texts[name])}</ixl:{name}>" for name in _NAMES if texts.get(name)]
    if texts.get("parameters"):
        text = f'<rdf:li xml:lang="x-default">{_xml(texts["parameters"])}</rdf:li>'
        lines.append(f"<exif:UserComment><rdf:Alt>{text}</rdf:Alt></exif:UserComment>")
    if not lines:
        return ""
    head = f'<rdf:Description rdf:about="" xmlns:ixl="{NAMESPACE}" xmlns:exif="{_EXIF}">'
    return "\n".join([head, *lines, "</rdf:Description>\n"])


def _xml(text: str) -> str:
    return escape(_NO_XML.sub("", text))


def texts_of(packet: bytes) -> dict[str, str]:
    """The texts of a packet; none where it is damaged, huge or declares entities."""
    if not packet or len(packet) > MOST_BYTES or b"<!" in packet:
        return {}
    try:
        root = ElementTree.fromstring(packet.strip(b"\0 \r\n\t"))
    except (ElementTree.ParseError, ValueError, RecursionError, LookupError):
        return {}
    texts: dict[str, str] = {}
    for name in _NAMES:
        found = root.find(f".//{{{NAMESPACE}}}{name}")
        if found is not None and found.text:
            texts[name] = found.text
    comment = root.find(f".//{{{_EXIF}}}UserComment")
    if comment is not None and (text := "".join(comment.itertext()).strip()):
        texts["parameters"] = text
    return texts
