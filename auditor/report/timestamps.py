"""Since when an audit has been as it is: the time-stamp of an authority over its seal (RFC 3161).

The request and the answer are files, so that the one step which needs a network can be taken elsewhere, by whatever the
office allows.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from auditor.disk import small_files
from auditor.disk.folder import Folder
from auditor.errors import BadOutput, BadPlace
from auditor.report import SEAL
from auditor.report.signatures import EXTRA, NEEDS_EXTRA, Standing, Statement
from auditor.words import moment

REQUEST, ANSWER = f"{SEAL}.tsq", f"{SEAL}.tsr"
"""The request to an authority and its answer, by the names that OpenSSL's `ts` gives them."""

_HASHES = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}


def request(folder: Path) -> Path:
    """Writes the request for a time-stamp over the seal of an audit's folder and returns its file.

    Raises: BadOutput where it is there already or cannot be written; BadPlace where the library is missing.
    """
    rfc3161 = _rfc3161()
    built = rfc3161.TimestampRequestBuilder().data((folder / SEAL).read_bytes()).build()
    _put(folder / REQUEST, built.as_bytes())
    return folder / REQUEST


def take(folder: Path, answer: Path) -> Statement:
    """Puts an authority's answer beside the seal, if it is one for it.

    Raises: BadPlace where it is none, or none for this audit; BadOutput as `request`.
    """
    content = _read(answer)
    found = _stated(folder, content, None)
    if found.standing is Standing.BAD:
        raise BadPlace(f"{answer}: {found.words}")
    _put(folder / ANSWER, content)
    return found


def time_stamps(folder: Path, root: Path | None) -> list[Statement]:
    """What the time-stamp beside a seal is worth, empty where there is none. `root` holds the certificates that are
    trusted, as PEM; without it nobody says whose stamp it is."""
    if not (folder / ANSWER).exists():
        return []
    return [_stated(folder, _read(folder / ANSWER), root)]


def _stated(folder: Path, content: bytes, root: Path | None) -> Statement:
    if root is None and find_spec("rfc3161_client") is None:
        return Statement(ANSWER, Standing.UNKNOWN, f"There is a time-stamp; to look into it {NEEDS_EXTRA}")
    rfc3161 = _rfc3161()
    seal = (folder / SEAL).read_bytes()
    try:
        answer = rfc3161.decode_timestamp_response(content)
        token = answer.tst_info
        name = _HASHES.get(token.message_imprint.hash_algorithm.dotted_string)
    except Exception as error:
        return Statement(ANSWER, Standing.BAD, "it is no time-stamp that can be read", str(error))
    if answer.status != 0:
        return Statement(ANSWER, Standing.BAD, "the authority refused to stamp it")
    if name is None or hashlib.new(name, seal).digest() != token.message_imprint.message:
        return Statement(ANSWER, Standing.BAD, f"{ANSWER} is the time-stamp of something else than this audit")
    when = moment(token.gen_time.isoformat(), None)
    if root is None:
        said = f"Stamped {when}; name the authority's root certificate with --stamp-root, to know that it is theirs."
        return Statement(ANSWER, Standing.UNKNOWN, said)
    from cryptography import x509

    try:
        builder = rfc3161.VerifierBuilder()
        for certificate in x509.load_pem_x509_certificates(_read(root)):
            builder = builder.add_root_certificate(certificate)
        builder.build().verify_message(answer, seal)
    except (ValueError, rfc3161.VerificationError) as error:
        said = f"{ANSWER} does not hold by {root}: it was altered, or is of another authority."
        return Statement(ANSWER, Standing.BAD, said, str(error))
    return Statement(ANSWER, Standing.GOOD, f"Stamped {when} by an authority of {root}.")


def _rfc3161() -> Any:
    try:
        import rfc3161_client
    except ImportError as error:
        raise BadPlace(f"a time-stamp was asked for; {EXTRA}") from error
    return rfc3161_client


def _put(path: Path, content: bytes) -> None:
    try:
        with Folder.open(path.parent) as door:
            if door.there(path.name) is not None:
                raise BadOutput(f"{path} is there already; nothing is written over")
            door.write_new(path.name, content)
    except OSError as error:
        raise BadOutput(f"{path} cannot be written: {error.strerror or error}") from error


def _read(path: Path) -> bytes:
    try:
        return small_files.read(path)
    except OSError as error:
        raise BadPlace(f"{path} cannot be read: {small_files.reason(error)}") from error
