"""The properties of an XMP packet that may hold or locate content, in one form however a program writes them.

Source: ISO 16684-1 (XMP), section 7: a property may be an attribute or an element, a structure a description, a
resource or a set of attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from auditor.readers.descriptive import XMP_NAMES, XMP_NAMESPACES
from auditor.readers.rest import Piece

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_META = ("{adobe:ns:meta/}xmpmeta", "{adobe:ns:meta/}xapmeta")
_ARRAYS = frozenset({_RDF + "Seq", _RDF + "Bag", _RDF + "Alt"})
_LISTED = tuple("{" + name + "}" for name in (*XMP_NAMESPACES, _RDF[1:-1], _XML[1:-1]))
_ENTITIES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)|<\0?!\0?D", re.IGNORECASE)


def xmp_rest(packet: bytes) -> list[Piece]:
    """Every property that is not known to be descriptive, sorted; the whole packet where it is no proper XMP.

    Does not raise for any content.
    """
    packet = packet.strip(b"\0 \t\r\n")
    if not packet:
        return []
    described = None if _ENTITIES.search(packet) else _descriptions(packet)
    if described is None:
        return [(b"XMP that cannot be read", packet)]
    said = [f"{name}={value!r}" for d in described for name, value in d.attrib.items() if not _listed(name)]
    said += [f"{p.tag}={_value(p)}" for d in described for p in d if not all(map(_listed, _names(p)))]
    return [(b"XMP", text.encode("utf-8", "surrogatepass")) for text in sorted(said)]


def _descriptions(packet: bytes) -> list[ET.Element] | None:
    """The top descriptions; None where the packet is not well-formed, or holds anything else."""
    try:
        root = ET.fromstring(packet)  # noqa: S314  without a document type there are no entities
    except (ET.ParseError, ValueError, LookupError):
        return None
    rdf = [root] if root.tag == _RDF + "RDF" else list(root) if root.tag in _META else []
    if not rdf or any(element.tag != _RDF + "RDF" for element in rdf):
        return None
    found = [child for element in rdf for child in element]
    return found if all(child.tag == _RDF + "Description" for child in found) else None


def _listed(name: str) -> bool:
    return name.startswith(_LISTED) or name in XMP_NAMES or name in ("about", "ID")


def _names(element: ET.Element) -> Iterator[str]:
    for part in element.iter():
        yield part.tag
        yield from part.attrib


def _value(element: ET.Element) -> str:
    """A property's value: text, an address, an array, or a structure with its fields sorted."""
    language = element.get(_XML + "lang")
    lead = f"@{language!r}" if language else ""
    children = list(element)
    if element.get(_RDF + "parseType") == "Literal":
        return lead + ET.tostring(element, "unicode")
    if children and children[0].tag in _ARRAYS:
        return f"{lead}{children[0].tag}[{','.join(map(_value, children[0]))}]"
    fields: list[str] = []
    for holder in (element, *(child for child in children if child.tag == _RDF + "Description")):
        fields += [f"{n}={v!r}" for n, v in holder.attrib.items() if not n.startswith((_RDF, _XML))]
        fields += [f"{c.tag}={_value(c)}" for c in holder if c.tag != _RDF + "Description"]
    if fields:
        return f"{lead}{{{','.join(sorted(fields))}}}"
    resource = element.get(_RDF + "resource")
    return lead + (f"<{resource!r}>" if resource is not None else repr(element.text or ""))
