"""What lies behind a remote of rclone: which services and hosts, and what the digests are worth that they state.

rclone gives every digest in the same words, whoever made it. Some services compute it from the bytes that they store;
others repeat what the program said that uploaded the file, and repeat it still when the stored bytes have rotted. Which
is which stands in `GRADES`, with sources; docs/evidence.md has the table for people. What is not in it is claimed.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from auditor.disk import small_files
from auditor.model import Behind, DigestOrigin
from auditor.paths import typed_path
from auditor.places.rclone_services import (
    BY_S3,
    SERVICES,
    Where,
    hashed_path,
    holds,
    is_bucket,
    is_near,
    is_public,
    plain_host,
    where,
)
from auditor.places.rclone_settings import leading_elsewhere, proxy

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

MAKE_THEIR_OWN = ("chunker", "compress", "crypt", "hasher")
"""Remotes that keep digests beside the files of another remote, as they were at upload; crypt has none."""

_RENAMES = "crypt"
"""The remote in which a path is not that of the remote in it."""

_ADDRESSES = (
    *("url", "endpoint", "host", "hostname", "namenode", "auth", "storage_url", "sas_url", "satellite_address"),
)
"""Settings in which the user names where a remote is reached."""

_BY_PATH = ("sftp", "ftp", "smb", "webdav")
"""Servers of which a path says the same to every remote that leads there as one user, by one port and share."""

_PREFIXES = {"google cloud storage": "gcs", "google photos": "gphotos"}
"""By what the environment calls a type whose word it does not use (`rclone config providers`, Prefix)."""

_ENV_AUTH = (
    *(("AWS_ENDPOINT_URL", "endpoint"), ("AWS_ENDPOINT_URL_S3", "endpoint")),
    *(("OS_AUTH_URL", "auth"), ("OS_STORAGE_URL", "storage_url")),
)
"""Addresses that `env_auth` takes from the environment of other tools. Source: docs.aws.amazon.com/sdkref,
"Service-specific endpoints"; rclone.org/swift, "Configuration from the environment"."""

_OF_A_PROFILE = "endpoint of a profile"
"""A word among the settings that is none of rclone's: the address stands in a profile of Amazon's own programs."""

_MOST_LAYERS = 10

_NO = ("", "0", "f", "false")
"""How a setting says no: pkg.go.dev/strconv, ParseBool."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One remote at the bottom.

    `kind` is rclone's word for it, "" where it is not known; `hosts` are where it is reached, none where it has no
    address but its service's own; `is_own` says that the digests are not its, but kept by a remote around it.
    `remote` is its name as rclone takes it, with the settings given in words, and `path` the folder in it, with nothing
    of the names around it; `hidden` the path below that in the words of a `crypt` remote, whatever it is called there.
    What has one is encrypted. `where` is the service and the account, as far as that is known; `follows_links` says of
    a folder that what links in it lead to is shown as if it lay there. `led_by` is the setting or variable by which it
    may lead elsewhere than its address says, "" where there is none.
    """

    kind: str
    hosts: tuple[str, ...] = ()
    is_own: bool = False
    path: str = ""
    remote: str = ""
    hidden: str = ""
    where: Where = field(default_factory=Where)
    follows_links: bool = False
    led_by: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether nobody can say what it is: it may be whatever lies on another side."""
        return self.kind == "" or self.led_by != ""

    @property
    def folder(self) -> str | None:
        """The path of a `local` one; None of any other."""
        return self.path if self.kind == "local" else None

    @property
    def words(self) -> str:
        """How rclone is asked for it."""
        return f"{self.remote}:{self.path}"

    @property
    def told(self) -> Behind:
        """The same as a list says it: no secret, no setting, no path."""
        at = self.where.hashed()
        account = tuple(sorted(f"{name}={value}" for name, value in at.known))
        hosts = tuple(map(plain_host, self.hosts))
        hidden = f"/{hashed_path(self.hidden)}" if self.hidden else ""
        return Behind("" if self.is_unknown else self.kind, at.service, hosts, account, at.base, at.paths, hidden)

    @property
    def is_public(self) -> bool:
        """Whether a service of the net, at an address that is known here, keeps the files itself."""
        return not self.is_unknown and is_public(self.kind, self.where.service, self.hosts)

    @property
    def is_bucket(self) -> bool:
        """Whether paths in it mean the same whoever asks, but for other names of a bucket."""
        return self.kind in BY_S3 or is_bucket(self.where.service)

    def has_paths_of(self, other: Leaf) -> bool:
        """Whether paths in both go through one account, so that two that do not overlap are two folders. In two
        accounts of a service, and in two shares of a server, one folder may lie under any two paths."""
        if self.is_bucket and other.is_bucket:
            return True
        if self.kind == "smb" and self.where.top != other.where.top:
            return False
        if self.remote and self.remote == other.remote:
            return True
        if self.is_public or other.is_public:
            known = self.where.known
            return self.where.service == other.where.service and bool(known) and known == other.where.known
        return self.kind in _BY_PATH and self.where.service == other.where.service

    def may_overlap(self, other: Leaf) -> bool:
        """Whether one folder may be, or lie in, the other, if both are of one account."""
        if self.is_unknown or other.is_unknown:
            return True
        return self.where.may_overlap(other.where, (self.hidden, other.hidden))

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
        if self.is_unknown or self.kind in ("local", "memory"):
            return True
        return any(map(is_near, self.hosts))

    def surely_holds(self, other: Leaf) -> bool:
        """Whether a folder of a remote that both name alike is, or holds, that of the other; not asked of folders of
        this machine."""
        if self.remote != other.remote or "local" in (self.kind, other.kind):
            return False
        if self.path == other.path:
            return holds(self.hidden, other.hidden)
        return holds(self.path, other.path)


def leaf_told(told: Behind) -> Leaf:
    """What a list says of a service, to be compared with what another one says, and with nothing else."""
    known = frozenset((name, value) for name, _, value in (fact.partition("=") for fact in told.account))
    at = Where(told.service, known, told.base, told.paths)
    return Leaf(told.kind, told.hosts, hidden=told.hidden, where=at)


def grade(leaves: tuple[Leaf, ...], size_bytes: int | None) -> DigestOrigin:
    """What a digest is worth that comes from one of these, nobody knows which: the least of them."""
    order = list(DigestOrigin)
    return max((leaf.grade(size_bytes) for leaf in leaves), key=order.index, default=DigestOrigin.CLAIMED)


def leaves_of(words: str, config: Mapping[str, Mapping[str, str]], environment: Mapping[str, str]) -> tuple[Leaf, ...]:
    """What lies behind `REMOTE:PATH`, by rclone's configuration (`rclone config dump`) and the environment."""
    return tuple(_leaves(words, _Settings(config, environment), is_own=False, layers=0))


@dataclass(frozen=True, slots=True)
class _Settings:
    """What rclone knows of remotes: its configuration, and the environment, which wins over it."""

    config: Mapping[str, Mapping[str, str]]
    environment: Mapping[str, str]

    def of(self, name: str, given: Mapping[str, str]) -> dict[str, str] | None:
        """The settings of a remote, or of a type with its colon in front; None where nobody knows it.

        From the strongest: those in its words, of the remote in the environment, of the type in the environment, of the
        configuration. Source: rclone.org/docs, "Precedence" under "Environment Variables".
        """
        of_remote = {"type": name[1:]} if name.startswith(":") else self._said(f"CONFIG_{name}")
        written = self.config.get(name, {})
        kind = {**written, **of_remote}.get("type")
        if kind is None:
            return None
        found = {**written, **self._said(_PREFIXES.get(kind, kind)), **of_remote, **given}
        if found.get("env_auth", "").lower() == "true":
            found = {to: self.environment[key] for key, to in _ENV_AUTH if key in self.environment} | found
            if kind == "s3" and not found.get("endpoint") and _profiles_name_endpoints(found, self.environment):
                found[_OF_A_PROFILE] = "true"
        return found

    def follow_links(self, settings: Mapping[str, str] | None) -> bool:
        """Whether a `local` remote shows what links lead to: rclone.org/local, "--copy-links"."""
        said = (settings or {}).get("copy_links") or self.environment.get("RCLONE_COPY_LINKS", "")
        return said.lower() not in _NO

    def _said(self, of: str) -> dict[str, str]:
        start = f"RCLONE_{of.replace('-', '_').upper()}_"
        return {k[len(start) :].lower(): v for k, v in self.environment.items() if k.upper().startswith(start)}


def _profiles_name_endpoints(settings: Mapping[str, str], environment: Mapping[str, str]) -> bool:
    """Whether any profile of Amazon's own programs leads elsewhere than to Amazon: which one counts is not asked.
    Source: docs.aws.amazon.com/sdkref, "Shared config and credentials files", "Service-specific endpoints"."""
    config = environment.get("AWS_CONFIG_FILE") or "~/.aws/config"
    secrets = settings.get("shared_credentials_file") or environment.get("AWS_SHARED_CREDENTIALS_FILE")
    for file in (config, secrets or "~/.aws/credentials"):
        try:
            text = small_files.read(typed_path(file))
        except FileNotFoundError:
            continue
        except (OSError, ValueError):  # nobody knows
            return True
        if b"endpoint_url" in text.lower():
            return True
    return False


def _leaves(words: str, known: _Settings, *, is_own: bool, layers: int) -> Iterator[Leaf]:
    split = _split(words)
    if split is None:
        yield Leaf("local", is_own=is_own, path=words, follows_links=known.follow_links(known.of(":local", {})))
        return
    name, given, path = split
    remote = words[: len(words) - len(path)].removesuffix(":")
    settings = known.of(name, given) if given is not None else None
    unknown = Leaf("", is_own=is_own, path=path, remote=remote, where=Where(paths=(path,)))
    if settings is None or layers > _MOST_LAYERS:
        yield unknown
        return
    kind = settings["type"]
    is_around = kind in _PASS_ON or kind in MAKE_THEIR_OWN
    led_by = leading_elsewhere({name: value for name, value in settings.items() if name != _OF_A_PROFILE}) or ""
    if is_around or settings.get("remote") or settings.get("upstreams"):
        found = list(_within(kind, settings, path)) if is_around else []
        for part in found:
            for leaf in _leaves(part, known, is_own=is_own or kind in MAKE_THEIR_OWN, layers=layers + 1):
                around = _in_crypt(leaf, settings, path) if kind == _RENAMES else leaf
                yield replace(around, led_by=around.led_by or led_by)
        if not found:
            yield unknown
        return
    hosts = tuple(_hosts(kind, settings))
    at = where(kind, settings, hosts, path)
    # Who a service of the net is, its certificate says.
    is_certain = at.service in SERVICES and not any(settings.get(key, "").startswith("http:") for key in _ADDRESSES)
    if hosts and not is_certain:
        led_by = led_by or proxy(kind, hosts, known.environment) or ""
    yield Leaf(kind, hosts, is_own, path, remote, "", at, known.follow_links(settings), led_by)


def _in_crypt(leaf: Leaf, settings: Mapping[str, str], path: str) -> Leaf:
    """What lies behind a `crypt` remote. Where it leaves the bytes as they are, only its names are its own."""
    if settings.get("no_data_encryption", "false").lower() not in _NO:
        return replace(leaf, where=replace(leaf.where, base=f"{leaf.where.base} crypt {path}"))
    return replace(leaf, hidden=f"{path}/{leaf.hidden}")


def _within(kind: str, settings: Mapping[str, str], path: str) -> Iterator[str]:
    """The remotes, each with its folder, in which the files of a folder lie that is of a remote around others."""
    if kind == "combine":  # the first name of a path is that of a remote in it
        first, _, rest = path.strip("/").partition("/")
        named = [part.partition("=") for part in _listed(settings.get("upstreams", ""))]
        chosen = [(remote, rest) for name, _, remote in named if name == first]
        parts = chosen or [(remote, "") for _, _, remote in named]
    elif kind == "union":
        upstreams = _listed(settings.get("upstreams", ""))
        parts = [(re.sub(r":(ro|nc|writeback)$", "", part), path) for part in upstreams]
    else:
        parts = [(settings.get("remote", ""), "" if kind == _RENAMES else path)]
    for part, below in parts:
        joint = "" if not below or part.endswith((":", "/")) else "/"
        yield f"{part}{joint}{below}"


def _listed(upstreams: str) -> list[str]:
    """The remotes of a union or combine: separated by spaces, in double quotes where they hold spaces."""
    return [plain or quoted.replace('""', '"') for quoted, plain in re.findall(r'"((?:[^"]|"")*)"|(\S+)', upstreams)]


def _split(words: str) -> tuple[str, dict[str, str] | None, str] | None:
    """Name (with its colon in front where it is a type), settings and path of `NAME,a=b,c="d:e":PATH`; None for a path
    of this machine. The settings are None where they are not understood. Source: rclone.org/docs, "Connection strings";
    rclone, fs/fspath/path.go."""
    start = re.match(r":?[\w.+@ -]+(?=[,:])", words)
    if re.match(r"[A-Za-z]:[\\/]", words) or (start is None and ":" not in words.partition("/")[0]):
        return None
    if start is None:
        return words, None, ""
    at = start.end()
    settings: dict[str, str] = {}
    while words[at : at + 1] == ",":
        found = _SETTING.match(words, at)
        if found is None:
            return words, None, ""
        value = found[2] if found[2] is not None else "true"
        if value[:1] in ("'", '"'):
            value = value[1:-1].replace(value[0] * 2, value[0])
        settings[found[1].replace("-", "_")] = value
        at = found.end()
    return start[0], settings, words[at + 1 :]


_SETTING = re.compile(r""",([\w.-]+)(?:=("(?:[^"]|"")*"|'(?:[^']|'')*'|(?!["'])[^,:]*))?(?=[,:])""")


def _hosts(kind: str, settings: Mapping[str, str]) -> Iterator[str]:
    """Where a remote is reached that the user named an address of; none for a service with an address of its own."""
    named = [settings[name] for name in _ADDRESSES if settings.get(name)]
    for value in named:
        try:
            yield urllib.parse.urlsplit(value if "://" in value else f"//{value}").hostname or value
        except ValueError:
            yield value
    if settings.get("use_emulator", "").lower() == "true":
        yield "localhost"
    if not named and settings.get(_OF_A_PROFILE):
        yield ""
    if not named and kind in ("webdav", "sftp", "ftp", "smb", "http", "hdfs", "seafile"):
        yield ""
