"""HEIC, HEIF and AVIF: structure, strict decode of every tile, EXIF, and the digests of the picture.

The judge is FFmpeg's decoder, fed tile by tile with what this package's own walker finds in the file: pillow-heif
(libheif) conceals damage, and FFmpeg's own HEIF reader refuses some sound files. But sound is only what libheif opens
as it stands: the walker is no witness for itself.
"""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

from auditor.model import Damage, Depth, ErrorKind, Soundness, Tier, Trouble
from auditor.readers import exif, perceptual
from auditor.readers.coded import DECODERS, Care, Decoded, Judgement, decode
from auditor.readers.examination import Buffer, Examination, Metadata
from auditor.readers.film import mp4 as movie
from auditor.readers.heif import picture as heif_picture
from auditor.readers.heif.check import check_items, name_of, payload_of, tile_numbers
from auditor.readers.heif.items import CODED_KINDS, BrokenItems, Item, Items, UnknownItems, read_items
from auditor.readers.heif.rest import heif_rest
from auditor.readers.isobmff.boxes import Box
from auditor.readers.isobmff.container import Container, read_container
from auditor.readers.limits import refusal, refused_by_decoder
from auditor.readers.opened import open_avif, open_heif
from auditor.readers.rest import whole_sha256
from auditor.readers.sniff import kind_of

_MOST_EXIF_BYTES = 16_000_000
_SECOND_LOOK_BYTES_A_MEGAPIXEL = 90_000
"""How much is decoded twice by default: all of a usual phone photo, part of a large one. DEEP has no such limit."""


def examine(data: Buffer, format_: str, depth: Depth) -> Examination:
    """See `auditor.readers.examine`. DEEP decodes each tile three times, to see what one decode hides."""
    blank = Examination(format=format_, kind=kind_of(format_))
    container = read_container(data)
    meta = container.first(b"meta")
    if meta is None:
        return _broken(blank, container, Damage("bad_index", "its list of contents is missing", 0), depth)
    try:
        items = read_items(data, meta)
    except BrokenItems as error:
        return _broken(blank, container, Damage("bad_index", str(error), meta.start), depth)
    except UnknownItems as error:
        return dataclasses.replace(blank, error=Trouble(ErrorKind.UNSUPPORTED, str(error)))
    seen = _facts(blank, data, container, meta, items)
    if not depth.reaches(Depth.DECODE):
        return seen
    damage = check_items(data, container, items)
    seen = dataclasses.replace(seen, notes=seen.notes + container.notes, checked=(Tier.STRUCTURE,))
    seen = _opened(_judged(seen, data, items, damage, depth), data)
    clip = container.first(b"mpvd")
    if clip:
        seen = _with_film(
            seen, movie.examine(bytes(data[clip.body : clip.end]), "mp4", depth), "motion clip", clip.body
        )
    if container.first(b"moov") and not container.damage:
        seen = _with_film(seen, movie.examine(data, "mp4", depth), "animation", 0)
    return seen


def _digests(data: Buffer, container: Container, meta: Box, items: Items) -> tuple[str | None, str | None]:
    """`coded_sha256`: of the primary picture's coded content, its tiles in order, and what configures their decoder.
    `image_sha256`: of that and the rest: sizes, crop and colours, further pictures (gain map, depth, alpha, the other
    eye) with what each is for, the films that the file carries, and every box, item and property that is not known to
    be descriptive.

    Left out: EXIF and XMP but for what holds content, turning and mirroring, thumbnails, padding, and where each of all
    these lies in the file. None where a byte is not in the file.
    """
    own = items.coded_under(items.primary)
    digest = hashlib.sha256()
    for item in own:
        content = payload_of(data, item)
        if item.method > 1 or len(content) != item.length or not content:
            return None, None
        for field in (item.kind, item.property(CODED_KINDS[item.kind]) or b"", content):
            digest.update(len(field).to_bytes(8, "big"))
            digest.update(field)
    if not own:
        return None, None
    coded = digest.hexdigest()
    rest = heif_rest(data, container, meta, items, own)
    if rest is not None and container.first(b"moov"):
        film = movie.examine(data, "mp4", Depth.HASH).image_sha256
        rest = [*rest, (b"film", film.encode())] if film else None
    return coded, whole_sha256(coded, rest) if rest is not None else None


def _facts(blank: Examination, data: Buffer, container: Container, meta: Box, items: Items) -> Examination:
    primary = items.items.get(items.primary)
    width, height = (heif_picture.size_as_displayed(primary) if primary else None) or (None, None)
    coded, image = _digests(data, container, meta, items)
    return dataclasses.replace(
        blank,
        width=width,
        height=height,
        # EXIF's orientation turns nothing here. Source: ISO/IEC 23008-12, A.2.1.
        metadata=dataclasses.replace(
            _exif(data, items), orientation=heif_picture.orientation(primary) if primary else None
        ),
        coded_sha256=coded,
        image_sha256=image,
    )


def _opened(seen: Examination, data: Buffer) -> Examination:
    """The examination, no longer sound where libheif does not open the file as it stands, or sees another picture
    (libavif, too, where it is an AVIF)."""
    if seen.soundness is not Soundness.SOUND:
        return seen
    opened = open_avif(data) if seen.format == "avif" else open_heif(data)
    if isinstance(opened, str):
        error = refused_by_decoder(f"it does not open as it stands: {opened}")
    elif opened != (seen.width, seen.height):
        error = Trouble(ErrorKind.UNDECODABLE, f"libheif sees a picture of {opened[0]} x {opened[1]} pixels in it")
    else:
        return seen
    return dataclasses.replace(seen, soundness=Soundness.NOT_CHECKED, error=error)


def _with_film(seen: Examination, film: Examination, name: str, start: int) -> Examination:
    """The examination with what a film in the file adds: its damage, or that it could not be checked."""
    damage = tuple(
        Damage(d.code, f"{name}: {d.detail}", None if d.offset is None else start + d.offset) for d in film.damage
    )
    if damage:
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=(*seen.damage, *damage), error=None)
    if seen.soundness is Soundness.SOUND and film.soundness is not Soundness.SOUND:
        error = film.error or Trouble(ErrorKind.UNSUPPORTED, "no reason given")
        return dataclasses.replace(seen, soundness=film.soundness, error=error.of(name))
    return seen


def _exif(data: Buffer, items: Items) -> Metadata:
    """The EXIF that describes the primary picture, or the first there is."""
    found = [item for item in items.items.values() if item.kind == b"Exif" and 4 < item.length < _MOST_EXIF_BYTES]
    found.sort(key=lambda item: items.primary not in items.references.get((b"cdsc", item.number), ()))
    for item in found:
        body = payload_of(data, item)
        skip = int.from_bytes(body[:4], "big")
        # Some writers forget the skip count, some count wrongly: the TIFF header itself is the surer sign.
        block = next((body[at:] for at in (4 + skip, 4, 10, 0) if body[at : at + 4] in (b"II*\0", b"MM\0*")), None)
        if block:
            return exif.metadata_of_exif(block)
    return Metadata()


def _broken(blank: Examination, container: Container, damage: Damage, depth: Depth) -> Examination:
    if not depth.reaches(Depth.DECODE):
        return blank
    return dataclasses.replace(
        blank,
        soundness=Soundness.DAMAGED,
        checked=(Tier.STRUCTURE,),
        damage=container.damage or (damage,),
        notes=container.notes,
    )


def _judged(seen: Examination, data: Buffer, items: Items, damage: list[Damage], depth: Depth) -> Examination:
    """The verdict of structure and decode together."""
    if damage:
        seen = dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=tuple(damage))
        if any(d.code in ("truncated", "bad_index", "missing_part") for d in damage):
            return seen
    size = heif_picture.size_as_coded(items.items[items.primary]) if items.primary in items.items else None
    too_large = refusal(*size) if size else None
    if too_large:
        return seen if damage else dataclasses.replace(seen, error=too_large)
    coded = [item for item in items.items.values() if item.kind in DECODERS and item.method < 2]
    own = {item.number for item in items.coded_under(items.primary)}
    if not own:
        primary = items.items[items.primary]
        kind = primary.kind.decode("ascii", "replace")
        return dataclasses.replace(
            seen, error=Trouble(ErrorKind.UNSUPPORTED, f"there is no decoder for pictures coded as {kind}")
        )
    return _decoded(seen, data, items, coded, own, depth)


def _decoded(
    seen: Examination, data: Buffer, items: Items, coded: list[Item], own: set[int], depth: Depth
) -> Examination:
    budget = _SECOND_LOOK_BYTES_A_MEGAPIXEL * max(1, (seen.width or 0) * (seen.height or 0) / 1e6)
    factor = _common_reduction(seen, coded, own)
    tiles: dict[int, heif_picture.Grey] = {}
    verdicts: dict[int, Decoded] = {}
    for item in coded:
        size = heif_picture.size_as_coded(item)
        if size and refusal(*size):
            return dataclasses.replace(seen, error=refusal(*size))
        configuration = item.property(CODED_KINDS[item.kind]) or b""
        care = Care.FULL if depth.reaches(Depth.DEEP) else Care.LEFTOVER if item.length <= budget else Care.ONCE
        budget -= item.length if care is Care.LEFTOVER else 0
        verdict = decode(item.kind, configuration, payload_of(data, item), care)
        verdicts[item.number] = dataclasses.replace(verdict, grey=None)
        if verdict.grey is not None and item.number in own:
            tiles[item.number] = heif_picture.reduced(np.asarray(verdict.grey), factor)
    unsupported = [v.fault for n, v in verdicts.items() if v.judgement is Judgement.UNSUPPORTED and n in own]
    damage = (*seen.damage, *_tile_damage(items, coded, verdicts, seen.damage))
    if damage:
        return dataclasses.replace(
            seen, soundness=Soundness.DAMAGED, damage=damage, checked=(Tier.STRUCTURE, Tier.DECODE)
        )
    if unsupported:
        return dataclasses.replace(
            seen, error=Trouble(ErrorKind.UNSUPPORTED, unsupported[0] or "the decoder does not know it")
        )
    tiers = (Tier.STRUCTURE, Tier.DECODE, Tier.DEEP) if depth.reaches(Depth.DEEP) else (Tier.STRUCTURE, Tier.DECODE)
    picture = heif_picture.normalised(data, items, tiles, factor)
    return dataclasses.replace(seen, soundness=Soundness.SOUND, checked=tiers, picture=picture)


def _common_reduction(seen: Examination, coded: list[Item], own: set[int]) -> int:
    """By which factor each tile is reduced as soon as it is decoded; 1 where tiles would not end on whole blocks."""
    factor = perceptual.reduction(seen.width or 1, seen.height or 1)
    sizes = [heif_picture.size_as_coded(item) or (1, 1) for item in coded if item.number in own]
    aligned = all(width % factor == 0 and height % factor == 0 for width, height in sizes)
    return factor if aligned or len(sizes) == 1 else 1


def _tile_damage(
    items: Items, coded: list[Item], verdicts: dict[int, Decoded], known: tuple[Damage, ...]
) -> list[Damage]:
    """One damage for all tiles that do not decode, with how much of the picture is left."""
    bad = [item for item in coded if verdicts[item.number].judgement is Judgement.DAMAGED]
    if not bad:
        return []
    own = items.coded_under(items.primary)
    bad_own = [item for item in own if verdicts[item.number].judgement is Judgement.DAMAGED]
    first = (bad_own or bad)[0]
    offset = first.extents[0].offset if first.extents else None
    detail = f"{name_of(items, first, tile_numbers(items))} cannot be decoded: {verdicts[first.number].fault}"
    if len(own) > 1:
        detail += f"; {len(own) - len(bad_own)} of the picture's {len(own)} tiles are sound"
    elif not bad_own:
        detail += "; the picture itself is sound"
    return [Damage("undecodable", detail, offset)]
