"""ASC Media Hash Lists, in and out. Source: ASC MHL Specification v2.0 (hash list, directory chain, C4 identifiers)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from auditor import __version__
from auditor.dates import rfc3339
from auditor.disk import small_files
from auditor.errors import BadManifest, BadOutput
from auditor.manifest.interop import of_place
from auditor.manifest.interop.hash_list import NAMESPACE, Stated, Told, told_by
from auditor.manifest.interop.ignored import is_ignored
from auditor.manifest.interop.listed import MOST_LIST_BYTES, Listed, listed, spelled
from auditor.manifest.interop.sums import need
from auditor.model import FileFacts
from auditor.paths import display_path

_CHAIN_NAMESPACE = "urn:ASC:MHL:DIRECTORY:v2.0"
_C4_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_GENERATION = re.compile(r"([0-9]{4,9})_.*\.mhl", re.DOTALL | re.IGNORECASE)

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def looks_like_mhl(head: bytes) -> bool:
    """Whether a file begins as a hash list of version 2, or of the older 1.x, does."""
    return b"<hashlist" in head and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


def read(path: Path, content: bytes) -> Listed:
    """The rows of one hash list: files only. Of a generation, later ones beside it say which files are not so any more.

    Raises: BadManifest where it is no XML, or XML that defines entities, or whether there are later ones is not known.
    """
    told = told_by(path, content)
    disproved, unclear = set(told.disproved), list(told.unclear)
    was = dict(told.stated)
    at = {name: name for name in was}
    for later in _later(path) if told.has_generations else ():
        try:
            then = _with_nested(later, told_by(later, small_files.read(later, MOST_LIST_BYTES)), unclear)
        except (OSError, BadManifest) as error:
            said = error if isinstance(error, BadManifest) else f"{later} cannot be read: {small_files.reason(error)}"
            unclear.append(f"a later generation lies beside it, and what it says is not known: {said}")
            disproved |= {one.path for one in told.rows}
            continue
        if then.has_generations:
            disproved |= _not_as_they_were(was, at, then)
    if told.nested:
        unclear.append(
            f"folders in it have hash lists of their own, which name their files ({display_path(told.nested[0])});"
            " name those lists too, or the folder itself"
        )
    return listed(list(told.rows), unclear, of_place.said_in(told.remarks, path), str(path), disproved)


def _with_nested(path: Path, told: Told, unclear: list[str]) -> Told:
    """What a generation says together with the lists that it names of folders with a history of their own. Of such a
    folder whose list cannot be read nothing is known, so all of it counts as passed over in silence."""
    for name in told.nested:
        folder = name.rpartition("/")[0].rpartition("/")[0]
        nested = path.parent.parent / name
        try:
            if not folder:
                raise BadManifest(f"{display_path(name)} is in no folder beneath it")
            other = _with_nested(nested, told_by(nested, small_files.read(nested, MOST_LIST_BYTES)), unclear)
        except (OSError, BadManifest) as error:
            said = error if isinstance(error, BadManifest) else f"{nested} cannot be read: {small_files.reason(error)}"
            unclear.append(f"a later generation names another list, and what that says is not known: {said}")
            other = Told((), {}, (), frozenset(), (), has_generations=True, whole=frozenset({""}))
        told = told.with_nested(folder, other)
    return told


def _not_as_they_were(was: dict[str, Stated], at: dict[str, str], then: Told) -> set[str]:
    """The files of an earlier generation that by a later one are not what they were, or not there any more.

    `was` is what is known of each, `at` where it lay last; both go along with what the later one says.
    """
    spellings: dict[str, list[str]] = {}
    for path in then.stated.keys() - set(at.values()):
        spellings.setdefault(spelled(path), []).append(path)

    def entries(path: str) -> list[str]:
        """Those that speak of a file: that of its path, else those that only spell it otherwise."""
        return [path] if path in then.stated else spellings.get(spelled(path), [])

    failed = set(map(spelled, then.disproved))
    found = set()
    for name, before in at.items():
        here = at[name] = before if entries(before) else _moved(before, then.moved)
        listed_as = entries(here)
        is_gone = not (listed_as or then.whole.isdisjoint(_above(here)) or is_ignored(here, then.ignored))
        if is_gone or (failed and spelled(here) in failed):
            found.add(name)
        for path in listed_as:
            if then.stated[path].is_of(was[name]):
                was[name] = was[name].with_also(then.stated[path])
            else:
                found.add(name)
    return found


def _moved(path: str, moved: Mapping[str, str]) -> str:
    """Where a file lies after it, or a folder that it is in, was renamed."""
    former = next((one for one in (path, *_above(path)) if one in moved), None)
    return path if former is None else moved[former] + path[len(former) :]


def _above(path: str) -> list[str]:
    """The folders that a path is in, the nearest first; the last is "", the top."""
    return [path[:end] for end in range(len(path) - 1, 0, -1) if path[end] == "/"] + [""]


def _later(path: Path) -> list[Path]:
    """The later generations of the history that a list is one of, in order: they lie beside it, with higher numbers.

    Source: ASC MHL Specification v2.0, file names of a manifest. Raises: BadManifest where nobody knows.
    """
    own = _GENERATION.fullmatch(path.name)
    if own is None:
        return []
    try:
        others = [(one, _GENERATION.fullmatch(one.name)) for one in path.parent.iterdir()]
    except OSError as error:
        said = f"its folder cannot be listed: {small_files.reason(error)}"
        raise BadManifest(f"whether a later generation than {path} says otherwise is not known: {said}") from error
    later = [(int(match[1]), one) for one, match in others if match and int(match[1]) > int(own[1])]
    return [one for _, one in sorted(later)]


def write(
    rows: Iterable[FileFacts], kind: str, name: str, now: datetime, host: str, remark: str | None = None
) -> dict[str, bytes]:
    """The files of a first generation, by name, to lie in the folder `ascmhl`: the hash list and the chain.

    Folders have no entries: the hashes that these must have count empty folders in, of which a manifest knows none.
    `kind` is md5 or sha1, the digests that the format and our rows share; `name` that of the folder, and
    `remark` a comment on the list. Raises: BadOutput where a row lacks the digest, or has a name that XML cannot hold.
    """
    stamp = now.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    entries = []
    for facts in rows:
        if _NOT_IN_XML.search(facts.path) or "\r" in facts.path:
            raise BadOutput(f"an MHL cannot hold the name {display_path(facts.path)!r}; use sha256sum's format")
        size = "" if facts.size_bytes is None else f" size={quoteattr(str(facts.size_bytes))}"
        date = "" if facts.mtime_ns is None else f" lastmodificationdate={quoteattr(rfc3339(facts.mtime_ns))}"
        digest = f'<{kind} action="original" hashdate="{stamp}">{need(facts, kind)}</{kind}>'
        path = f"<path{size}{date}>{escape(facts.path)}</path>"
        entries.append(f"    <hash>\n      {path}\n      {digest}\n    </hash>\n")
    ignored = "".join(f"<pattern>{name}</pattern>" for name in (".DS_Store", "ascmhl", "ascmhl/", ".auditor/"))
    comment = f"    <comment>{escape(remark)}</comment>\n" if remark else ""
    hashes = f"  <hashes>\n{''.join(entries)}  </hashes>\n" if entries else ""  # the schema knows no empty one
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<hashlist version="2.0" xmlns="{NAMESPACE}">\n'
        f"  <creatorinfo>\n    <creationdate>{stamp}</creationdate>\n    <hostname>{escape(host)}</hostname>\n"
        f'    <tool version="{__version__}">auditor</tool>\n{comment}  </creatorinfo>\n'
        f"  <processinfo>\n    <process>in-place</process>\n    <ignore>{ignored}</ignore>\n  </processinfo>\n"
        f"{hashes}</hashlist>\n"
    ).encode()
    file = f"0001_{re.sub(r'[^A-Za-z0-9._-]', '_', name)}_{now.strftime('%Y-%m-%d_%H%M%S')}Z.mhl"
    chain = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ascmhldirectory xmlns="{_CHAIN_NAMESPACE}">\n'
        f'  <hashlist sequencenr="1">\n    <path>{file}</path>\n    <c4>{c4(text)}</c4>\n  </hashlist>\n'
        "</ascmhldirectory>\n"
    ).encode()
    return {file: text, "ascmhl_chain.xml": chain}


def c4(content: bytes) -> str:
    """The C4 identifier: SHA-512 in base 58, 90 characters. Source: SMPTE ST 2114:2017."""
    number, letters = int.from_bytes(hashlib.sha512(content).digest(), "big"), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _C4_LETTERS[digit] + letters
    return "c4" + letters.rjust(88, "1")
