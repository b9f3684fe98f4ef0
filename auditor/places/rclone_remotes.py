"""What lies behind a remote of rclone: which services and hosts, and what the digests are worth that they state.

rclone gives every digest in the same words, whoever made it. Some services compute it from the bytes that they store;
others repeat what the program said that uploaded the file, and repeat it still when the stored bytes have rotted. Which
is which stands in `GRADES`, with sources; docs/evidence.md has the table for people. What is not in it is claimed.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.model import DigestOrigin

GRADES = {
    # rclone reads the bytes itself, now.
    "local": DigestOrigin.COMPUTED,  # rclone.org/local
    "memory": DigestOrigin.COMPUTED,
    # The server runs md5sum or sha1sum over the stored file, now.
    "sftp": DigestOrigin.COMPUTED,  # rclone.org/sftp, "Checksum"
    # The service makes it of what it stores; the client cannot set it.
    "box": DigestOrigin.COMPUTED,  # developer.box.com, File: sha1
    "drive": DigestOrigin.COMPUTED,  # developers.google.com/drive, files: md5Checksum, sha1Checksum, sha256Checksum
    "dropbox": DigestOrigin.COMPUTED,  # dropbox.com/developers/reference/content-hash
    "google cloud storage": DigestOrigin.COMPUTED,  # cloud.google.com/storage/docs/hashes-etags
    "internetarchive": DigestOrigin.COMPUTED,  # rclone.org/internetarchive: "calculated by Internet Archive"
    "onedrive": DigestOrigin.COMPUTED,  # learn.microsoft.com/graph, hashes resource: quickXorHash
    "pcloud": DigestOrigin.COMPUTED,  # docs.pcloud.com, checksumfile
    "swift": DigestOrigin.COMPUTED,  # docs.openstack.org/api-ref/object-store: ETag; none for segmented objects
    "yandex": DigestOrigin.COMPUTED,  # yandex.com/dev/disk/api: md5 of a resource
    # The service made it while the file arrived, before it was stored.
    "jottacloud": DigestOrigin.STREAMED,  # rclone.org/jottacloud: the MD5 is compared when the upload ends
    "koofr": DigestOrigin.STREAMED,  # app.koofr.net/developers: hash in the answer to an upload
}
"""By rclone's word for the service. Left out, so claimed: azureblob and azurefiles (Content-MD5 is stored and returned,
not validated: learn.microsoft.com, StoreBlobContentMD5), s3 and its kin (X-Amz-Meta-Md5chksum of multipart uploads:
rclone.org/s3, "Multipart uploads"; a listing does not tell it from an ETag), webdav (oc:checksums of Nextcloud,
ownCloud and Fastmail are the client's: nextcloud/server, apps/dav, File.php), protondrive (the client's, encrypted),
and what was not found documented."""

B2_SMALLEST_LARGE_BYTES = 5_000_000
"""A smaller file of Backblaze B2 came in one piece, whose SHA-1 the service checks; the SHA-1 of a large file is the
uploader's `large_file_sha1`. Source: backblaze.com/docs, Large Files."""

_PASS_ON = ("alias", "cache", "union", "combine")
"""Remotes that give the digests of the remotes in them."""

_MAKE_THEIR_OWN = ("chunker", "compress", "crypt", "hasher")
"""Remotes that keep digests beside the files of another remote, as they were at upload; crypt has none."""

_MOST_LAYERS = 10


@dataclass(frozen=True, slots=True)
class Leaf:
    """One remote at the bottom.

    `kind` is rclone's word for it, "" where it is not known; `host` is where it is reached, None where it has no
    address that the user named; `is_own` says that the digests are not its, but kept by a remote around it; `folder` is
    the path of a `local` one.
    """

    kind: str
    host: str | None = None
    is_own: bool = False
    folder: str | None = None

    def grade(self, size_bytes: int | None) -> DigestOrigin:
        """What its digest of a file of this size is worth."""
        if self.is_own:
            return DigestOrigin.CLAIMED
        if self.kind == "b2" and size_bytes is not None and size_bytes < B2_SMALLEST_LARGE_BYTES:
            return DigestOrigin.COMPUTED
        return GRADES.get(self.kind, DigestOrigin.CLAIMED)

    @property
    def is_near(self) -> bool:
        """Whether it is, or may be, on this machine or in this network."""
        if self.kind in ("", "local", "memory"):
            return True
        return self.host is not None and _is_near(self.host)


def grade(leaves: tuple[Leaf, ...], size_bytes: int | None) -> DigestOrigin:
    """What a digest is worth that comes from one of these, nobody knows which: the least of them."""
    order = list(DigestOrigin)
    return max((leaf.grade(size_bytes) for leaf in leaves), key=order.index, default=DigestOrigin.CLAIMED)


def leaves_of(words: str, config: Mapping[str, Mapping[str, str]]) -> tuple[Leaf, ...]:
    """What lies behind `REMOTE:PATH`, by rclone's configuration (`rclone config dump`)."""
    return tuple(_leaves(words, config, is_own=False, layers=0))


def with_environment(
    config: Mapping[str, Mapping[str, str]], environment: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """The settings with what `RCLONE_CONFIG_NAME_KEY` says besides, and remotes that stand only there in lower case.

    Source: rclone.org/docs, "Config file" under "Environment Variables".
    """
    names = {match[1].lower() for key in environment if (match := re.fullmatch(r"RCLONE_CONFIG_(.+)_TYPE", key))}
    known = {name.replace("-", "_").lower() for name in config}
    found = {}
    for name in (*config, *(names - known)):
        start = f"RCLONE_CONFIG_{name.replace('-', '_').upper()}_"
        said = {key[len(start) :].lower(): value for key, value in environment.items() if key.startswith(start)}
        found[name] = {**config.get(name, {}), **said}
    return found


def _leaves(words: str, config: Mapping[str, Mapping[str, str]], *, is_own: bool, layers: int) -> Iterator[Leaf]:
    split = _split(words)
    if split is None:
        yield Leaf("local", is_own=is_own, folder=words)
        return
    name, given, path = split
    known = (
        {"type": name[1:]} if name.startswith(":") else config.get(name) or config.get(name.replace("-", "_").lower())
    )
    if known is None or layers > _MOST_LAYERS:
        yield Leaf("", is_own=is_own)
        return
    settings = {**known, **given}
    kind = settings.get("type", "")
    if kind in _PASS_ON or kind in _MAKE_THEIR_OWN:
        inner = settings.get("upstreams", "") if kind in ("union", "combine") else settings.get("remote", "")
        found = [
            re.sub(r":(ro|nc|writeback)$", "", part) if kind == "union" else part
            for part in (_listed(inner, kind) if kind in ("union", "combine") else [inner])
        ]
        for part in found:
            whole = f"{part.rstrip('/')}/{path}" if path and kind == "alias" else part
            yield from _leaves(whole, config, is_own=is_own or kind in _MAKE_THEIR_OWN, layers=layers + 1)
        if not found:
            yield Leaf("", is_own=is_own)
        return
    yield Leaf(kind, _host(kind, settings), is_own, path if kind == "local" else None)


def _listed(upstreams: str, kind: str) -> list[str]:
    """The remotes of a union or combine: separated by spaces, in double quotes where they hold spaces."""
    parts = [plain or quoted.replace('""', '"') for quoted, plain in re.findall(r'"((?:[^"]|"")*)"|(\S+)', upstreams)]
    return [part.partition("=")[2] if kind == "combine" else part for part in parts]


def _split(words: str) -> tuple[str, dict[str, str], str] | None:
    """Name (with its colon in front where it is a type), settings and path of `NAME,a=b,c="d:e":PATH`; None for a path
    of this machine. Source: rclone.org/docs, "Connection strings"."""
    start = re.match(r":?[\w.+@ -]+(?=[,:])", words)
    if start is None or re.match(r"[A-Za-z]:[\\/]", words):
        return None
    at = start.end()
    settings: dict[str, str] = {}
    while words[at : at + 1] == ",":
        found = re.compile(r""",([\w-]+)(?:=("(?:[^"]|"")*"|'(?:[^']|'')*'|[^,:"']*))?""").match(words, at)
        if found is None:
            return start[0], settings, ""
        value = found[2] if found[2] is not None else "true"
        if value[:1] in ("'", '"') and value:
            value = value[1:-1].replace(value[0] * 2, value[0])
        settings[found[1].replace("-", "_")] = value
        at = found.end()
    return start[0], settings, words[at + 1 :]


def _host(kind: str, settings: Mapping[str, str]) -> str | None:
    """Where a remote is reached that the user named the address of; None for a service with an address of its own."""
    for name in ("url", "endpoint", "host", "namenode", "auth", "domain"):
        if value := settings.get(name):
            address = value if "://" in value else f"//{value}"
            try:
                return urllib.parse.urlsplit(address).hostname or value
            except ValueError:
                return value
    return "" if kind in ("webdav", "sftp", "ftp", "smb", "http", "hdfs", "seafile") else None


def _is_near(host: str) -> bool:
    """Whether a host is this machine or in a private network; a name without a dot is one of the own network.

    Source: RFC 1918, 3927, 4193, 6761 (localhost), 6762 (.local), 8375 (home.arpa).
    """
    name = host.lower().rstrip(".")
    try:
        return not ipaddress.ip_address(name.partition("%")[0]).is_global
    except ValueError:
        own = (".localhost", ".local", ".lan", ".home", ".internal", ".home.arpa", ".intranet", ".fritz.box")
        return "." not in name or name.endswith(own)
