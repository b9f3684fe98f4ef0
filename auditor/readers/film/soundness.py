"""The verdict on a film of any container: what its structure proves and what its decoder says, put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from auditor.model import Damage, Depth, ErrorKind, Soundness, Tier, Trouble
from auditor.readers.examination import Buffer, Examination
from auditor.readers.film.decode import Believed, FilmVerdict, judge
from auditor.readers.limits import refusal


def judged(
    seen: Examination,
    data: Buffer,
    damage: Sequence[Damage],
    depth: Depth,
    believed: Sequence[Believed],
    external: bool = False,
) -> Examination:
    """The verdict of structure and decode together, for films of any container.

    A film that cannot be read because it is cut or has no index is not decoded. `believed` are its streams as the
    walker read them; `external`: its pictures lie in another file.
    """
    if any(d.code in ("truncated", "bad_index") for d in damage):
        return dataclasses.replace(seen, soundness=Soundness.DAMAGED, damage=tuple(damage))
    if external:
        return dataclasses.replace(seen, error=Trouble(ErrorKind.UNSUPPORTED, "its video lies in another file"))
    too_large = refusal(seen.width or 0, seen.height or 0)
    if too_large:
        return dataclasses.replace(seen, error=too_large)
    verdict = judge(data, seen.format or "", depth, believed)
    seen = _completed(seen, verdict)
    if damage or verdict.damage:
        ran = (Tier.STRUCTURE, Tier.DECODE) if verdict.frames else (Tier.STRUCTURE,)
        return dataclasses.replace(
            seen, soundness=Soundness.DAMAGED, checked=ran, damage=(*damage, *verdict.damage), error=None
        )
    if verdict.error:
        return dataclasses.replace(seen, error=verdict.error)
    deep = (Tier.DEEP,) if depth.reaches(Depth.DEEP) else ()
    return dataclasses.replace(seen, soundness=Soundness.SOUND, checked=(Tier.STRUCTURE, Tier.DECODE, *deep))


def _completed(seen: Examination, verdict: FilmVerdict) -> Examination:
    """The facts that only the decoder's reader knows, where the walker did not find them."""
    if seen.width is None:
        seen = dataclasses.replace(seen, width=verdict.width, height=verdict.height)
    return dataclasses.replace(seen, duration_s=seen.duration_s or verdict.duration_s)
