"""Who stands for an audit: a detached signature over its seal, by a key of OpenSSH or of minisign.

Only the seal is signed; it names every other file of the folder with its digest. Sources: OpenSSH, PROTOCOL.sshsig and
ssh-keygen(1) -Y; minisign, https://jedisct1.github.io/minisign/.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from auditor.disk import small_files
from auditor.disk.folder import Folder
from auditor.errors import BadOutput, BadPlace
from auditor.report import SEAL

SSH, MINISIGN = f"{SEAL}.sig", f"{SEAL}.minisig"
"""The names of the signatures, as the two programs give them."""

_NAMESPACE = "auditor"
"""What an OpenSSH signature is for: one made for mail or for git is none of an audit."""
_FINGERPRINT = re.compile(r"\bSHA256:[A-Za-z0-9+/]{43}")
_SSH_PUBLIC = re.compile(r"^(?:ssh-|ecdsa-|sk-)\S+ \S+")
_INSTALL = "`pip install 'auditor[seal]'`"
EXTRA = f"that needs {_INSTALL}"
NEEDS_EXTRA = f"install {_INSTALL}."


class Standing(StrEnum):
    """What a signature or a time-stamp is worth. UNKNOWN: it fits, and nothing at hand says whose it is."""

    GOOD = "good"
    UNKNOWN = "unknown"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Statement:
    """What was found of one signature or time-stamp beside a seal: its file, its worth, and that in a sentence.
    `detail` is what a library said of it, for whoever looks for a fault of ours; empty for nothing."""

    file: str
    standing: Standing
    words: str
    detail: str = ""


def sign(folder: Path, key: Path, password: Callable[[], str]) -> Path:
    """Signs the seal of an audit's folder and returns the signature's file. `key` is a secret key of minisign, a
    private key of OpenSSH, or a public one whose private key the agent holds; `password` is asked for minisign's.

    Raises: BadPlace where the key is none or cannot sign; BadOutput where that signature is there already or cannot be
    written; BadPlace also where the program or library for such keys is missing.
    """
    content = _read(key, "the key")
    is_minisign = content.startswith("untrusted comment:")
    if not is_minisign and "PRIVATE KEY" not in content and not _SSH_PUBLIC.match(content):
        raise BadPlace(f"{key} is neither a key of OpenSSH nor a secret key of minisign")
    path = folder / (MINISIGN if is_minisign else SSH)
    try:
        with Folder.open(folder) as door:
            if door.there(path.name) is not None:
                raise BadOutput(f"{path} is there already; this audit is signed")
            seal = (folder / SEAL).read_bytes()
            door.write_new(path.name, _by_minisign(key, seal, password) if is_minisign else _by_ssh(key, seal))
    except OSError as error:
        raise BadOutput(f"{path} cannot be written: {error.strerror or error}") from error
    return path


def signatures(folder: Path, signers: Path | None) -> list[Statement]:
    """What the signatures beside a seal are worth, empty where there is none. `signers` is a public key of either
    kind, or OpenSSH's file of allowed signers; without it nobody says whose a signature is."""
    found = []
    for name, verified in ((SSH, _ssh_verified), (MINISIGN, _minisign_verified)):
        if (folder / name).exists():
            found.append(verified(folder, name, signers))
    return found


def _by_minisign(key: Path, seal: bytes, password: Callable[[], str]) -> bytes:
    minisign = _minisign()
    try:
        secret = minisign.SecretKey.from_file(key)
        if secret.is_encrypted():
            secret.decrypt(password())
        return bytes(secret.sign(seal))
    except (ValueError, OSError) as error:
        raise BadPlace(f"{key} cannot sign: {error}") from error


def _minisign() -> Any:
    try:
        import minisign
    except ImportError as error:
        raise BadPlace(f"a key of minisign was named; {EXTRA}") from error
    return minisign


def _by_ssh(key: Path, seal: bytes) -> bytes:
    done = _ssh_keygen("-Y", "sign", "-n", _NAMESPACE, "-f", str(key.absolute()), given=seal)
    if done.returncode or not done.stdout.startswith(b"-----BEGIN SSH SIGNATURE-----"):
        raise BadPlace(f"{key} cannot sign: {_said(done)}")
    return done.stdout


def _ssh_keygen(*words: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise BadPlace("ssh-keygen is not installed; it comes with OpenSSH (openssh-client)")
    # A passphrase is asked for on the terminal itself, not here.
    return subprocess.run([program, *words], input=given, capture_output=True, check=False)


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"ssh-keygen ended with {done.returncode}"


def _ssh_verified(folder: Path, name: str, signers: Path | None) -> Statement:
    seal, signature = (folder / SEAL).read_bytes(), str((folder / name).absolute())
    own = _ssh_keygen("-Y", "check-novalidate", "-n", _NAMESPACE, "-s", signature, given=seal)
    if own.returncode:
        return Statement(name, Standing.BAD, f"{name} is no signature of this audit: {_said(own)}")
    found = _FINGERPRINT.search(own.stdout.decode("utf-8", "replace"))
    key = found[0] if found else "a key"
    if signers is None:
        return Statement(name, Standing.UNKNOWN, f"Signed with the OpenSSH key {key}; {_WHOSE}")
    with _allowed(signers) as allowed:
        if allowed is None:
            return Statement(
                name, Standing.UNKNOWN, f"Signed with the OpenSSH key {key}; {signers} knows no such keys."
            )
        who = _ssh_keygen("-Y", "find-principals", "-f", allowed, "-s", signature, given=seal)
        principal = who.stdout.decode("utf-8", "replace").splitlines()[:1]
        if who.returncode or not principal:
            return Statement(name, Standing.BAD, f"{name} was made with the key {key}, which is not in {signers}")
        words = ("-Y", "verify", "-n", _NAMESPACE, "-f", allowed, "-I", principal[0], "-s", signature)
        done = _ssh_keygen(*words, given=seal)
    if done.returncode:
        return Statement(name, Standing.BAD, f"{name} does not hold: {_said(done)}")
    return Statement(name, Standing.GOOD, f"Signed by {principal[0]} with the OpenSSH key {key}.")


_WHOSE = "name the public key of whom you expect with --signers, to know that it is theirs."


@contextlib.contextmanager
def _allowed(signers: Path) -> Iterator[str | None]:
    """OpenSSH's file of allowed signers; a lone public key is put into one. None: a key of another kind."""
    content = _read(signers, "the signers' file")
    if content.startswith("untrusted comment:"):
        yield None
        return
    with tempfile.TemporaryDirectory() as work:
        if _SSH_PUBLIC.match(content):
            parts = content.split(None, 2)
            comment = parts[2].split()[0] if len(parts) > 2 else ""
            named = comment if re.fullmatch(r"[\w.@+-]+", comment) and not comment.startswith("-") else signers.stem
            who = re.sub(r"[^\w.@+]", "_", named)
            allowed = Path(work) / "allowed"
            allowed.write_text(f"{who} {parts[0]} {parts[1]}\n", "utf-8")
            yield str(allowed)
        else:
            yield str(signers.absolute())


def _minisign_verified(folder: Path, name: str, signers: Path | None) -> Statement:
    if signers is None and find_spec("minisign") is None:
        return Statement(name, Standing.UNKNOWN, f"There is a signature by minisign; to look into it {NEEDS_EXTRA}")
    minisign = _minisign()
    try:
        signature = minisign.Signature.from_file(folder / name)
    except (ValueError, OSError) as error:
        return Statement(name, Standing.BAD, f"{name} is no signature: {error}")
    if signers is None or not _read(signers, "the signers' file").startswith("untrusted comment:"):
        return Statement(name, Standing.UNKNOWN, f"Signed with a key of minisign; {_WHOSE}")
    try:
        minisign.PublicKey.from_file(signers).verify((folder / SEAL).read_bytes(), signature)
    except (ValueError, OSError) as error:
        return Statement(name, Standing.BAD, f"{name} does not hold by {signers}: {error}")
    return Statement(name, Standing.GOOD, f"Signed with minisign by the key in {signers}: {signature.trusted_comment}.")


def _read(path: Path, what: str) -> str:
    try:
        return small_files.read(path).decode("utf-8", "replace")
    except OSError as error:
        raise BadPlace(f"{what} {path} cannot be read: {small_files.reason(error)}") from error
