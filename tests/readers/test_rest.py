"""Bytes and texts that stand between what is known count as content."""

from __future__ import annotations

import struct

import pytest

from auditor.model import Depth, Soundness
from auditor.readers import examine
from auditor.readers.descriptive import XMP_CONTENT_PREFIXES
from auditor.readers.heif.rest import _exif
from auditor.readers.rest import between
from auditor.readers.xmp_rest import xmp_rest
from tests import media, media_video


def test_what_lies_between_known_stretches() -> None:
    data = b"aaBBccDDee"
    assert between(b"x", data, 0, 10, [(6, 8), (2, 4)]) == [(b"x", b"aa"), (b"x", b"cc"), (b"x", b"ee")]
    assert between(b"x", data, 2, 4, [(0, 1), (8, 10)]) == [(b"x", b"BB")]
    assert between(b"x", data, 3, 9, [(1, 20)]) == between(b"x", bytes(9), 0, 9, []) == []


def trailer(between_blocks: bytes = b"") -> bytes:
    """Samsung's box of a HEIC: two descriptive blocks, the same index whatever lies between them."""
    blocks = [struct.pack("<HHI", 0, 0x0A01, 14) + b"Image_UTC_Data" + b"1689357909000"] * 2
    body, places = b"", []
    for block in blocks:
        places.append(len(body))
        body += block + between_blocks
    index = b"".join(struct.pack("<HHII", 0, 0x0A01, len(body) - at, len(blocks[0])) for at in places)
    head = b"SEFH" + struct.pack("<II", 106, len(blocks)) + index
    return media_video.box(b"sefd", body + head + struct.pack("<I", len(head)) + b"SEFT")


def test_bytes_between_the_blocks_of_a_trailer_count() -> None:
    picture = media_video.heic(media_video.photo(128, 128))
    found = {
        name: examine("x.heic", picture + trailer(stray), Depth.DECODE)
        for name, stray in (("none", b""), ("zeros", bytes(40)), ("stray", b"a clip, perhaps" * 4))
    }
    assert {seen.soundness for seen in found.values()} == {Soundness.SOUND}
    assert found["none"].image_sha256 == found["zeros"].image_sha256 is not None
    assert found["stray"].image_sha256 != found["none"].image_sha256


@pytest.mark.parametrize(("lead", "pieces"), [(b"", 0), (b"Exif\0\0", 0), (bytes(6), 0), (b"another picture", 1)])
def test_bytes_before_the_exif_of_a_heic_count(lead: bytes, pieces: int) -> None:
    empty = b"II*\0" + struct.pack("<IHI", 8, 0, 0)
    found = _exif(struct.pack(">I", len(lead)) + lead + empty, (160, 120), gain_map=False)
    assert len(found) == pieces


TITLE = '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Summer</rdf:li></rdf:Alt></dc:title>'


def packet(inside: str = TITLE, *, before: str = "", after: str = "", about: str = 'rdf:about=""') -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0.0">{before}'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        f'{about} xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:d="http://ns.google.com/photos/1.0/depthmap/">'
        f"{inside}</rdf:Description></rdf:RDF>{after}</x:xmpmeta>\n   \n<?xpacket end='w'?>"
    ).encode()


def test_a_packet_that_only_describes_leaves_nothing() -> None:
    assert xmp_rest(packet()) == xmp_rest(packet(about='rdf:about="uuid:1"')) == []
    assert xmp_rest(packet("<!-- -->" + TITLE)) == []


BESIDE = {
    "text before a property": packet("AAAA" + TITLE),
    "text behind one": packet(TITLE + "AAAA"),
    "text in an array": packet(TITLE.replace("<rdf:li", "AAAA<rdf:li")),
    "text before the descriptions": packet(before="AAAA"),
    "text behind them": packet(after="AAAA"),
    "a comment": packet(TITLE + "<!--AAAA-->"),
    "a comment around the packet": packet() + b"<!--AAAA-->",
    "an instruction": packet(TITLE + "<?depth AAAA?>"),
    "a packet's mark that says more": packet().replace(b"<?xpacket end='w'?>", b"<?xpacket AAAA?>"),
    "a value of the picture itself": packet("<rdf:value>AAAA</rdf:value>"),
    "an attribute of the picture itself": packet(about='rdf:about="" rdf:value="AAAA"'),
}


DC = "http://purl.org/dc/elements/1.1/"
OTHERS = {
    "a space behind it": DC + " ",
    "a space before it": " " + DC,
    "a line end behind it": DC + "&#10;",
    "a tab in it": DC.replace("dc/", "dc&#9;/"),
    "a space that is none": DC + "&#xA0;",
    "no width": DC.replace("elements", "ele&#x200B;ments"),
    "another alphabet": DC.replace("dc", "d&#x441;"),
    "percent signs": DC.replace("1.1", "1%2E1"),
    "a sign that must be one": DC.replace("/dc/", "&#37;2Fdc/"),
    "capitals": DC.replace("purl", "PURL"),
    "capitals of its scheme": DC.replace("http", "HTTP"),
    "another scheme": DC.replace("http", "https"),
    "its port": DC.replace("org/", "org:80/"),
    "its end missing": DC[:-1],
    "its end twice": DC + "/",
    "more behind it": DC + "depth/",
    "steps": DC.replace("elements", "elements/../elements"),
    "another sign for the dot": DC.replace("1.1", "1-1"),
    "a letter for the dot": DC.replace("1.1", "1x1"),
    "a fragment": DC + "#",
    "a question": DC + "?",
    "a brace behind it": DC + "}",
    "a brace and more": DC + "}depth",
    "a brace before it": "{" + DC,
    "itself in braces": "{" + DC + "}",
    "nothing but a brace": "}",
    "RDF's, and more": "http://www.w3.org/1999/02/22-rdf-syntax-ns#}x",
    "XML's, and more": "http://www.w3.org/XML/1998/namespace}x",
    "Google's list": "http://ns.google.com/photos/1.0/camera/}BurstID",
}
"""Namespaces that read like a listed one."""
PROPERTIES = (
    "<{p}:Data>AAAA</{p}:Data>",
    '<k:title {p}:Data="AAAA">Summer</k:title>',
    "<k:title><{p}:Data>AAAA</{p}:Data></k:title>",
)


def counts(own: bytes) -> bool:
    """Whether what stands as AAAA in a packet is taken for content."""
    found = xmp_rest(own)
    return bool(found) and found != xmp_rest(own.replace(b"AAAA", b"AAAB"))


@pytest.mark.parametrize("prefix", ["dc", "q", "d-c", "dc.", "d.c-1", "_", "xmlish", "d\u0441"])
@pytest.mark.parametrize("uri", OTHERS)
def test_a_namespace_that_reads_like_a_listed_one_is_another(uri: str, prefix: str) -> None:
    for written in PROPERTIES:
        bound = f'rdf:about="" xmlns:k="{DC}" xmlns:{prefix}="{OTHERS[uri]}"'
        own = packet(written.format(p=prefix), about=bound).replace(f' xmlns:dc="{DC}"'.encode(), b"")
        assert counts(own), written


@pytest.mark.parametrize("prefix", ["dc", "q", "d-c", "dc.", "_", "ns0"])
@pytest.mark.parametrize("uri", [DC, DC.replace("/dc/", "&#x2F;dc&#47;"), DC.replace("p", "&#112;")])
def test_a_listed_namespace_is_itself_however_it_is_written(uri: str, prefix: str) -> None:
    """Of XML's own signs for characters every reader makes these."""
    inside = f'<{prefix}:rights xmlns:{prefix}="{uri}">mine</{prefix}:rights>'
    assert xmp_rest(packet(inside)) == xmp_rest(packet(f'<rights xmlns="{uri}">mine</rights>')) == []


@pytest.mark.parametrize("prefix", sorted(XMP_CONTENT_PREFIXES))
def test_a_listed_namespace_with_the_prefix_of_content_counts(prefix: str) -> None:
    """Some readers of gain maps and depth look for the prefix alone."""
    bound = f'xmlns:{prefix}="{DC}"'
    assert counts(packet(f"<{prefix}:Data {bound}>AAAA</{prefix}:Data>"))
    assert counts(packet(about=f'rdf:about="" {bound} {prefix}:Data="AAAA"'))
    assert xmp_rest(packet(f'<dc:title xmlns:{prefix}="urn:q"/>')) == [], "it names nothing"


@pytest.mark.parametrize("said", ['xmlns:q="urn:q" q:Data="AAAA"', 'Data="AAAA"', 'xml:base="AAAA"', 'about="AAAA"'])
@pytest.mark.parametrize("frame", ["<x:xmpmeta ", "<rdf:RDF "])
def test_what_the_frame_of_a_packet_says_counts(frame: str, said: str) -> None:
    assert counts(packet().replace(frame.encode(), f"{frame}{said} ".encode(), 1))


@pytest.mark.parametrize("where", BESIDE)
def test_text_that_is_no_property_counts(where: str) -> None:
    assert counts(BESIDE[where])


DEPTH = {
    "a value with a qualifier": '<d:Data d:kind="k">AAAA</d:Data>',
    "a value of RDF": '<d:Data rdf:value="AAAA"/>',
    "an address with a text": '<d:Data rdf:resource="r">AAAA</d:Data>',
    "a second array": "<d:Data><rdf:Seq/><rdf:Seq><rdf:li>AAAA</rdf:li></rdf:Seq></d:Data>",
    "what an address starts from": '<d:Data xml:base="AAAA" rdf:resource="r"/>',
    "an attribute beside an array": '<d:Data d:more="AAAA"><rdf:Seq/></d:Data>',
    "an attribute of an array": '<d:Data><rdf:Seq d:more="AAAA"/></d:Data>',
}


@pytest.mark.parametrize("form", DEPTH)
def test_every_form_of_a_value_counts_whole(form: str) -> None:
    own, other = (xmp_rest(packet(DEPTH[form].replace("AAAA", value))) for value in ("AAAA", "AAAB"))
    assert own and own != other


@pytest.mark.parametrize("written", ["", 'rdf:parseType="Sesource"', 'rdf:parseType="Literal"'])
def test_what_readers_take_for_no_structure_counts_as_another_value(written: str) -> None:
    structure = '<d:Items rdf:parseType="Resource"><d:Length>5</d:Length></d:Items>'
    other = structure.replace('rdf:parseType="Resource"', written)
    described = "<d:Items><rdf:Description><d:Length>5</d:Length></rdf:Description></d:Items>"
    assert xmp_rest(packet(structure)) == xmp_rest(packet(described)) != xmp_rest(packet(other))


FIELDS = "<d:a>1</d:a><d:b>2</d:b>"
STRUCTURE = f"<d:I><rdf:Description>{FIELDS}</rdf:Description></d:I>"
ARRAY = "<d:I><rdf:Seq><rdf:li>1</rdf:li></rdf:Seq></d:I>"


@pytest.mark.parametrize(
    ("proper", "other"),
    [
        (STRUCTURE, STRUCTURE.replace("</d:a>", "</d:a></rdf:Description><rdf:Description>")),
        (STRUCTURE, STRUCTURE.replace("<d:a>1</d:a>", "").replace("<d:I>", '<d:I d:a="1">')),
        (STRUCTURE, STRUCTURE.replace("<d:I>", '<d:I rdf:parseType="Resource">')),
        (STRUCTURE, STRUCTURE.replace("<d:I>", '<d:I rdf:datatype="x">')),
        (STRUCTURE, '<d:I rdf:parseType="Resource" d:a="1"><d:b>2</d:b></d:I>'),
        (ARRAY, ARRAY.replace("<d:I>", '<d:I rdf:parseType="Resource">')),
        (ARRAY, ARRAY.replace("rdf:li", "d:li")),
        ("<d:a>1</d:a><d:a>2</d:a>", "<d:a>2</d:a><d:a>1</d:a>"),
        ("<d:a>1</d:a>", '<d:a rdf:parseType="Literal">1</d:a>'),
        ("<d:a>1</d:a>", '<d:a rdf:parseType="Collection">1</d:a>'),
        (ARRAY, ARRAY.replace("<rdf:li>", '<rdf:li rdf:parseType="Literal">')),
        (STRUCTURE, STRUCTURE.replace("<d:b>", '<d:b rdf:parseType="Literal">')),
        (
            STRUCTURE.replace("d:b", "d:a"),
            STRUCTURE.replace("d:b", "d:a").replace("1", "3").replace("2", "1").replace("3", "2"),
        ),
    ],
)
def test_what_is_no_proper_structure_is_not_the_same_as_one(proper: str, other: str) -> None:
    assert xmp_rest(packet(proper)) != xmp_rest(packet(other))


def test_however_a_structure_is_written_it_is_the_same() -> None:
    forms = [STRUCTURE, f'<d:I rdf:parseType="Resource">{FIELDS}</d:I>', '<d:I d:b="2" d:a="1"/>']
    forms += ['<d:I><rdf:Description d:a="1"><d:b>2</d:b></rdf:Description></d:I>']
    assert len({tuple(xmp_rest(packet(form))) for form in forms}) == 1


def test_a_jpeg_with_text_beside_its_xmp_is_another() -> None:
    own = media.jpeg(1, (160, 120))
    head = b"http://ns.adobe.com/xap/1.0/\0"
    plain, more = (media.with_segment(own, 0xE1, head + packet(after=text)) for text in ("", "AAAA"))
    digests = [examine("a.jpg", content, Depth.DECODE).image_sha256 for content in (own, plain, more)]
    assert digests[0] == digests[1] != digests[2] and None not in digests


def test_a_property_nested_without_end_counts_as_it_stands() -> None:
    deep = packet("<q:a xmlns:q='urn:q'>" + "<q:a>" * 3000 + "</q:a>" * 3001)
    assert xmp_rest(deep) == [(b"XMP that cannot be read", deep.strip())]
