"""Sidecars are sound only when they can be read to their end."""

from __future__ import annotations

import json
import plistlib

import pytest

from auditor.model import Depth, Kind, Soundness
from auditor.readers import examine

XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>\n'
    + b" " * 300
    + b'<?xpacket end="w"?>'
)
AAE = plistlib.dumps({"adjustmentBaseVersion": 0, "adjustmentData": b"x" * 200})
JSON = json.dumps({"title": "IMG_1.jpg", "photoTakenTime": {"timestamp": "1"}, "description": "x" * 300}).encode()
SIDECARS = {"IMG_1.xmp": XMP, "IMG_1.AAE": AAE, "IMG_1.jpg.json": JSON}


@pytest.mark.parametrize(("name", "content"), SIDECARS.items(), ids=SIDECARS)
def test_whole_ones_are_sound(name: str, content: bytes) -> None:
    for padded in (content, content + b"\n", content + bytes(8)):
        found = examine(name, padded, Depth.DECODE)
        assert (found.kind, found.soundness) == (Kind.SIDECAR, Soundness.SOUND), found
    assert examine(name, content, Depth.HASH).soundness is Soundness.NOT_CHECKED


@pytest.mark.parametrize(("name", "content"), SIDECARS.items(), ids=SIDECARS)
@pytest.mark.parametrize("share", [40, 60, 80])
def test_cut_or_overwritten_ones_are_damaged(name: str, content: bytes, share: int) -> None:
    at = len(content) * share // 100
    cut = examine(name, content[:at], Depth.DECODE)
    assert [d.code for d in cut.damage] == ["truncated"]
    zeroed = examine(name, content[:at] + bytes(len(content) - at), Depth.DECODE)
    assert zeroed.soundness is Soundness.DAMAGED


def test_a_binary_property_list_is_what_its_name_says() -> None:
    content = plistlib.dumps({"adjustmentData": b"x" * 200}, fmt=plistlib.FMT_BINARY)
    assert examine("IMG_1.AAE", content, Depth.DECODE).soundness is Soundness.SOUND
    assert examine("IMG_1.AAE", content[:150], Depth.DECODE).soundness is Soundness.DAMAGED
    assert examine("settings.plist", content, Depth.DECODE).kind is Kind.OTHER


def test_entity_bombs_do_not_expand() -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "lol" * 10}">' for i in range(12))
    bomb = f"<?xml version='1.0'?><!DOCTYPE x [{entities}]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&e11;</x:xmpmeta>"
    assert examine("a.xmp", bomb.encode(), Depth.DECODE).soundness is not Soundness.SOUND
