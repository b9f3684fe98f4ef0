"""The properties of an XMP packet that may hold or locate content, in one form however a program writes them.

Source: ISO 16684-1 (XMP), section 7: a property may be an attribute or an element, a structure a description, a
resource or a set of attributes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter
from typing import Any
from xml.etree import ElementTree as ET

from auditor.readers.bounds import is_text
from auditor.readers.descriptive import XMP_CONTENT_PREFIXES, XMP_NAMES, XMP_NAMESPACES
from auditor.readers.rest import Piece
from auditor.readers.thumbnail import is_small_jpeg

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_LANGUAGE = _XML + "lang"
_META_NAMESPACE = "adobe:ns:meta/"
_META = tuple(f"{{{_META_NAMESPACE}}}{name}" for name in ("xmpmeta", "xapmeta"))
_ARRAYS = frozenset({_RDF + "Seq", _RDF + "Bag", _RDF + "Alt"})
_LISTED = XMP_NAMESPACES | {_RDF[1:-1]}
_ON_ANY = frozenset({_LANGUAGE, _XML + "space"})
"""What XML itself has, and locates nothing, as `xml:base` does."""
_FRAME = frozenset({*_META, _RDF + "RDF", _RDF + "Description", *_ARRAYS})
"""Elements that hold others, and no text of their own."""
_SUBJECT = frozenset(_RDF + name for name in ("about", "ID", "nodeID"))
_SYNTAX = _SUBJECT | frozenset(_RDF + name for name in ("parseType", "resource", "datatype"))
_ON_NODES = frozenset({_RDF + "ID", _RDF + "parseType"})
"""What may stand on a property with elements in it, and says nothing of them."""
_PACKET = re.compile(
    r"""xpacket(\s+(begin|id|end|bytes|encoding)=("[^"]{0,40}"|'[^']{0,40}'))*\s*|adobe-xap-filters\s+esc=["']CR["']\s*"""
)
"""What stands around a packet: ISO 16684-1, 7.3.2."""
_THUMBNAIL = "{http://ns.adobe.com/xap/1.0/g/img/}image"
_GOOGLES_NOTES = "SERSU"
"""How a note of Google's camera begins: `HDRP` in base 64. Source: exiftool, Google.pm, `ProcessHDRP`."""
_MOST_NOTE_CHARACTERS = 1 << 18
_SHORT_CHARACTERS = 256
_MOST_DEPTH = 100
"""Elements within elements: no program writes a tenth of it."""
_ANY_SIZE = (1 << 16, 1 << 16)
_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)|<\0?!\0?D", re.IGNORECASE)


def xmp_rest(packet: bytes, picture: tuple[int, int] = _ANY_SIZE) -> list[Piece]:
    """Every property that is not known to be descriptive, sorted; the whole packet where it is no proper XMP.

    A descriptive one is a text; a thumbnail in it must be smaller than the picture. What describes is told by its
    namespace, letter by letter: no other that reads alike, or has its prefix, is the same. Does not raise for any
    content.
    """
    packet = packet.strip(b"\0 \t\r\n")
    if not packet:
        return []
    parsed = None if _ENTITIES.search(packet) else _parsed(packet)
    described = parsed and _descriptions(parsed[0])
    if parsed is None or described is None:
        return [(b"XMP that cannot be read", packet)]
    told = [(n, f"{v!r}") for frame in _frames(parsed[0]) for n, v in frame.attrib.items() if not _is_mark(n, v)]
    for d in described:
        told += [(n, f"{v!r}") for n, v in d.attrib.items() if not (_describes(n) and _fits(n, v, picture))]
        told += [(p.tag, _value(p)) for p in d if not _is_description(p, picture)]
    said = [f"{name}={value}" for name, value in _by_name(told)]
    said += [f"beside={text!r}" for text in (*parsed[1], *_beside(parsed[0]))]
    return [(b"XMP", text.encode("utf-8", "surrogatepass")) for text in said]


def _by_name(told: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Properties in the order of their names. What is said twice stays in its order: readers take the first or the
    last."""
    return sorted(told, key=itemgetter(0))


def _is_description(element: ET.Element, picture: tuple[int, int]) -> bool:
    return _describes(element.tag) and all(_listed(n) and _fits(n, v, picture) for n, v in _values(element))


class _Builder(ET.TreeBuilder):
    """Keeps comments and instructions too, wherever they stand; not those that every packet has.

    Raises: ValueError where elements are nested too deeply to be looked into, and where what only describes has a
    prefix by which readers know content."""

    def __init__(self) -> None:
        super().__init__()
        self.asides: list[str] = []
        self._depth = 0

    def start_ns(self, prefix: str, uri: str) -> None:
        if prefix in XMP_CONTENT_PREFIXES and uri in _LISTED:
            raise ValueError("a description in content's name")

    def start(self, tag: Any, attrs: Any, /) -> ET.Element:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise ValueError("too deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)

    def comment(self, text: str | None) -> None:  # type: ignore[override]
        self.asides += [text] if text and text.strip() else []

    def pi(self, target: str, text: str | None = None) -> None:  # type: ignore[override]
        whole = f"{target} {text}" if text else target
        self.asides += [] if _PACKET.fullmatch(whole) else [whole]


def _parsed(packet: bytes) -> tuple[ET.Element, list[str]] | None:
    """The tree, and comments and instructions; None where the packet is not well-formed."""
    builder = _Builder()
    parser = ET.XMLParser(target=builder)  # noqa: S314  without a document type there are no entities
    try:
        parser.feed(packet)
        return parser.close(), builder.asides
    except (ET.ParseError, ValueError, LookupError):
        return None


def _beside(root: ET.Element) -> Iterator[str]:
    """Text that is no property's value."""
    for element in root.iter():
        if element.text and (len(element) or element.tag in _FRAME) and element.text.strip():
            yield element.text.strip()
        if element.tail and element.tail.strip():
            yield element.tail.strip()


def _descriptions(root: ET.Element) -> list[ET.Element] | None:
    """The top descriptions; None where the packet holds anything else."""
    rdf = [root] if root.tag == _RDF + "RDF" else list(root) if root.tag in _META else []
    if not rdf or any(element.tag != _RDF + "RDF" for element in rdf):
        return None
    found = [child for element in rdf for child in element]
    return found if all(child.tag == _RDF + "Description" for child in found) else None


def _frames(root: ET.Element) -> list[ET.Element]:
    """What stands around the descriptions."""
    return [root] if root.tag == _RDF + "RDF" else [root, *root]


def _is_mark(name: str, value: str) -> bool:
    """Whether an attribute of such a frame says which program wrote it."""
    return _namespace(name) == _META_NAMESPACE and _fits(name, value, _ANY_SIZE)


def _describes(name: str) -> bool:
    """Whether a property of the picture is listed: RDF has some that may hold anything."""
    return name in _SUBJECT if _namespace(name) == _RDF[1:-1] else _listed(name)


def _namespace(name: str) -> str:
    """That of an element or attribute; empty where it has none. It may hold a `}` itself, which a name cannot."""
    return name[1:].rpartition("}")[0] if name.startswith("{") else ""


@lru_cache(maxsize=1024)
def _listed(name: str) -> bool:
    return _namespace(name) in _LISTED or name in _ON_ANY or name in XMP_NAMES or name in ("about", "ID")


def _fits(name: str, value: str, picture: tuple[int, int]) -> bool:
    """Whether a value is a text, a thumbnail or a camera's note, as its name has it."""
    if len(value) <= _SHORT_CHARACTERS:
        return True
    if name == _THUMBNAIL:
        try:
            return is_small_jpeg(base64.b64decode(value), *picture)
        except (binascii.Error, ValueError):
            return False
    if name in XMP_NAMES:
        return value.startswith(_GOOGLES_NOTES) and len(value) <= _MOST_NOTE_CHARACTERS
    return is_text(value.encode("utf-8", "surrogatepass"))


def _values(element: ET.Element) -> Iterator[tuple[str, str]]:
    for part in element.iter():
        yield part.tag, part.text or ""
        yield from part.attrib.items()


def _value(element: ET.Element) -> str:
    """A property's value: text, an address, an array, or a structure with its fields sorted."""
    language = element.get(_LANGUAGE)
    lead = f"@{language!r}" if language else ""
    children = list(element)
    if (children or element.get(_RDF + "parseType", "Resource") != "Resource") and not _is_proper(element):
        # Readers take the fields for text, take a part of them, or refuse the packet.
        return lead + ET.tostring(element, "unicode")
    if children and children[0].tag in _ARRAYS:
        return f"{lead}{children[0].tag}[{','.join(map(_value, children[0]))}]"
    fields: list[tuple[str, str]] = []
    for holder in (element, *(child for child in children if child.tag == _RDF + "Description")):
        fields += [(n, f"{v!r}") for n, v in holder.attrib.items() if n not in _SYNTAX | _ON_ANY]
        fields += [(c.tag, _value(c)) for c in holder if c.tag != _RDF + "Description"]
    resource = element.get(_RDF + "resource")
    text = "" if children else element.text or ""
    value = f"<{resource!r}>{text}" if resource is not None else repr(text)
    if fields:
        told = value if text.strip() or resource is not None else ""
        return f"{lead}{{{','.join(f'{n}={v}' for n, v in _by_name(fields))}}}{told}"
    return lead + value


def _is_proper(element: ET.Element) -> bool:
    """Whether a property with elements in it is an array or a structure as RDF writes one: a single array or
    description, or fields where it says that it is a resource. Source: RDF 1.1 XML Syntax, 7.2.15 and 7.2.18."""
    children = list(element)
    written_as = element.get(_RDF + "parseType")
    if any(name not in _ON_NODES | _ON_ANY for name in element.attrib):
        return False
    if written_as is not None:
        return written_as == "Resource" and not any(child.tag in _FRAME for child in children)
    only = children[0]
    if len(children) > 1 or only.tag not in _FRAME:
        return False
    return only.tag == _RDF + "Description" or (not only.attrib and all(one.tag == _RDF + "li" for one in only))
