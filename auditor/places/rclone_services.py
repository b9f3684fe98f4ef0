"""Which service of the net a remote of rclone leads to, and where in it: one service has many names and protocols.

What cannot be told apart by what rclone was told is taken for one: a copy too few is a question, one too many a loss.
"""

from __future__ import annotations

import hashlib
import ipaddress
import posixpath
import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Service:
    """A service that has several addresses or protocols, under which a file has one path.

    `hosts` are those by which any protocol reaches it; its groups `account` and `bucket` are what a host says of these.
    `kinds` are rclone's words for its own protocol, `account` the setting that names the account, "" where none does.
    `top` is the path of an account's top in the addresses of WebDAV, as a pattern.
    """

    hosts: re.Pattern[str]
    kinds: tuple[str, ...] = ()
    account: str = ""
    top: str = ""


def _service(hosts: str, *kinds: str, account: str = "", top: str = "") -> Service:
    return Service(re.compile(hosts), kinds, account, top)


SERVICES = {
    # A bucket's name is one in all of a partition, whoever asks and by whatever host: docs.aws.amazon.com/AmazonS3,
    # "General purpose bucket naming rules", "Virtual hosting of general purpose buckets".
    "Amazon S3 in China": _service(r"(?:(?P<bucket>.+)\.)?s3[\w.-]*\.amazonaws\.com\.cn"),
    "Amazon S3 for the US government": _service(r"(?:(?P<bucket>.+)\.)?s3[\w.-]*[.-]us-gov-[\w.-]*\.amazonaws\.com"),
    "Amazon S3": _service(r"(?:(?P<bucket>.+)\.)?s3[\w.-]*\.amazonaws\.com"),
    # Names of buckets are one in all of the service.
    "Backblaze B2": _service(r"(?:(?P<bucket>.+)\.)?(?:s3|api\w*|f\d+)(?:\.[\w-]+)?\.backblazeb2\.com", "b2"),
    "Google Cloud Storage": _service(
        r"(?:(?P<bucket>.+)\.)?storage(?:\.[\w-]+\.rep)?\.googleapis\.com", "google cloud storage"
    ),
    "Internet Archive": _service(r"s3\.us\.archive\.org", "internetarchive"),
    "QingStor": _service(r"(?:.+\.)?qingstor\.com", "qingstor"),
    "Wasabi": _service(r"(?:(?P<bucket>.+)\.)?s3(?:\.[\w-]+)?\.wasabisys\.com"),
    "Alibaba OSS": _service(r"(?:(?P<bucket>.+)\.)?(?:s3\.)?oss-[\w.-]+\.aliyuncs\.com"),
    "IBM COS": _service(
        r"(?:(?P<bucket>.+)\.)?s3\.[\w.-]+\.(?:cloud-object-storage\.appdomain\.cloud|objectstorage\.\w+)"
    ),
    "Tencent COS": _service(r"(?:(?P<bucket>.+)\.)?cos[\w.-]*\.(?:myqcloud\.com|tencentcos\.cn)"),
    # They are one in an account: learn.microsoft.com, "Storage account endpoints"; docs.oracle.com, "S3 Compatibility".
    "Azure Blob Storage": _service(
        r"(?P<account>[\w]+)(?:-secondary)?\.(?:z\d+\.)?(?:blob|dfs)\.(?:core|storage)\.[\w.]+",
        "azureblob",
        account="account",
    ),
    "Azure Files": _service(
        r"(?P<account>[\w]+)(?:-secondary)?\.file\.(?:core|storage)\.[\w.]+", "azurefiles", account="account"
    ),
    "Oracle Object Storage": _service(
        r"(?:(?P<account>[^.]+)\.compat\.)?objectstorage\.[\w-]+\.(?:oraclecloud\.com|oci\.customer-oci\.com)",
        "oracleobjectstorage",
        account="namespace",
    ),
    "Storj": _service(r"gateway(?:\.[\w-]+)?\.storjshare\.io|[\w-]+\.storj\.io", "storj", "tardigrade"),
    # Folders of one account, by WebDAV and by the service's own protocol: rclone.org/webdav, "Provider notes", and the
    # services' pages of help.
    "Box": _service(r"(?:dav|ftp|api)\.box\.com", "box", top="dav"),
    "Digi Storage": _service(r"storage\.rcs-rds\.ro", account="user", top="dav/Digi Cloud"),
    "Koofr": _service(r"app\.koofr\.(?:net|eu)", "koofr", account="user", top="dav/Koofr"),
    "HiDrive": _service(r"(?:.+\.)?hidrive\.(?:strato|ionos)\.com", "hidrive"),
    "Mail.ru": _service(r"webdav\.cloud\.mail\.ru", "mailru", account="user"),
    "OneDrive": _service(
        r"d\.docs\.live\.net|[\w-]+\.sharepoint\.(?:com|cn|de|us)",
        "onedrive",
        top="(?:personal|sites|teams)/[^/]+/[^/]+|[^/]+",
    ),
    "OpenDrive": _service(r"webdav\.opendrive\.com", "opendrive", account="username"),
    "pCloud": _service(r"e?(?:api|webdav)\.pcloud\.com", "pcloud"),
    "PikPak": _service(r"dav\.(?:my)?pikpak\.com", "pikpak"),
    "Premiumize.me": _service(r"(?:webdav|ftp)\.premiumize\.me", "premiumizeme"),
    "put.io": _service(r"(?:webdav|ftp)\.put\.io", "putio"),
    "Yandex Disk": _service(r"webdav\.yandex\.\w+(?:\.tr)?", "yandex"),
    "1fichier.com": _service(r"(?:webdav|ftp)\.1fichier\.com", "fichier"),
}
"""By name; the first whose hosts match. What is not in it is one service at each host, or of each kind without one."""

_OF_ITS_OWN = (
    *("drive", "dropbox", "google photos", "jottacloud", "mega", "protondrive", "iclouddrive", "internxt", "filen"),
    *("gofile", "linkbox", "sugarsync", "ulozto", "zoho", "pixeldrain", "huaweidrive", "filelu", "drime"),
)
"""Kinds of one service each, which has one address and keeps the files itself. Left out are those that show what other
services and servers keep (files.com, ShareFile, File Fabric, ImageKit and the like)."""

_BUCKETS = (
    *("Amazon S3", "Amazon S3 in China", "Amazon S3 for the US government", "Backblaze B2", "Google Cloud Storage"),
    *("Internet Archive", "QingStor", "Wasabi", "Alibaba OSS", "IBM COS", "Tencent COS", "Azure Blob Storage"),
    *("Azure Files", "Oracle Object Storage", "Storj"),
)
"""Services in which a bucket, share or container of another name or account is another one, whoever asks."""

_LENT = {"Koofr": ("webdav",), "Digi Storage": ("webdav",), "HiDrive": ("webdav", "sftp", "ftp")}
"""Services that others offer under names of their own, and by which protocols; every service of buckets is by S3."""

_OTHERS_IN_KOOFR = "Koofr with others in it"
"""What Koofr shows of accounts at other services: koofr.eu/help, "Connected accounts"."""

_WITH_HOMES = ("ftp", "sftp")
"""Kinds in which a path goes from the user's home unless it begins with a slash, and one user may see the folders of
another one by other paths: rclone.org/sftp, rclone.org/ftp."""

_BY_ADDRESS = ("http", "webdav")
"""Kinds whose address holds the beginning of the path."""

_OTHER_NAME = re.compile(r"arn:.*|.*-s3alias|.*--ol-s3")
"""What is written like a bucket of Amazon's and leads into one of another name: docs.aws.amazon.com/AmazonS3, "Access
point aliases"."""

_DRIVES = ("drive_id", "mountid", "team_drive")
"""Settings of which two are two drives of a service. None is the drive that the account has first."""

_TOPS = ("root_folder_id", "root_folder_slug", "root_id", "root_namespace")
"""Settings that say from where in a drive paths go, in words that are no path."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a remote leads. `known` are facts on the account, name and value: two that differ in one are two accounts.

    `base` is from where paths go: of two bases nothing is known. `paths` are those that may be meant.
    """

    service: str = ""
    known: frozenset[tuple[str, str]] = frozenset()
    base: str = ""
    paths: tuple[str, ...] = ("",)

    @property
    def top(self) -> str:
        """The first name of the path: a server's share, by SMB."""
        return self.paths[0].strip("/").partition("/")[0].casefold()

    def hashed(self) -> Where:
        """The same, in words that say only what is equal: accounts, users and folders are nobody's else to read."""
        known = frozenset((name, hashed(value)) for name, value in self.known)
        service = self.service if _PLAIN.fullmatch(self.service) else hashed(self.service)
        return Where(service, known, self.base and hashed(self.base), tuple(map(hashed_path, self.paths)))

    def may_be_one_account(self, other: Where) -> bool:
        """Whether nothing says that they are two accounts, if they are of one service."""
        ours, theirs = dict(self.known), dict(other.known)
        return all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())

    def may_overlap(self, other: Where, hidden: tuple[str, str]) -> bool:
        """Whether one folder may be, or lie in, the other; `hidden` are the paths below each, in the words of crypt.

        Two names that crypt hides in one folder are two there too.
        """
        if self.base != other.base:
            return True
        pairs = [(_steps(a), _steps(b)) for a in self.paths for b in other.paths]
        return any(_are_nested(a, b) if a != b else _are_nested(*map(_steps, hidden)) for a, b in pairs)


BY_S3 = ("s3", "b2", "google cloud storage", "internetarchive", "oracleobjectstorage", "qingstor", "storj")
"""Kinds of which one bucket may be reached by S3 too."""


def is_public(kind: str, service: str, hosts: Sequence[str]) -> bool:
    """Whether a service of the net, at an address that is known here, keeps the files itself."""
    if service in SERVICES:
        return hosts != ("",)
    return not hosts and kind == service and kind in _OF_ITS_OWN


def is_bucket(service: str) -> bool:
    """Whether paths in a service mean the same whoever asks."""
    return service in _BUCKETS


def is_lent(service: str, kind: str) -> bool:
    """Whether a server that is reached in this way may be the service, under a name that nobody here knows."""
    return kind in _LENT.get(service, ()) or (kind == "s3" and service in _BUCKETS)


def service_at(host: str) -> str | None:
    """The service of the net that has this host; None where there is none."""
    return next((name for name, one in SERVICES.items() if one.hosts.fullmatch(host.lower())), None)


def is_near(host: str) -> bool:
    """Whether a host is this machine or in a private network; a name without a dot is one of the own network.

    Source: RFC 1918, 3927, 4193, 6761 (localhost), 6762 (.local), 8375 (home.arpa).
    """
    name = host.lower().rstrip(".")
    try:
        return not ipaddress.ip_address(name.partition("%")[0]).is_global
    except ValueError:
        own = (".localhost", ".local", ".lan", ".home", ".internal", ".home.arpa", ".intranet", ".fritz.box")
        return "." not in name or name.endswith(own)


_PLAIN = re.compile(r"[\w. :-]*")
"""What a service or host is called that holds no more than its name."""


def hashed(text: str) -> str:
    """A text that is nobody's to read; equal for texts that differ in the case of letters alone."""
    return hashlib.sha256(text.casefold().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def hashed_path(path: str) -> str:
    """A path, each name of it hashed."""
    return "/".join(hashed(step) for step in _steps(path)[1:])


def plain_host(host: str) -> str:
    """The host, "" where what was named as one may hold more than that."""
    return host if _PLAIN.fullmatch(host) else ""


def where(kind: str, settings: Mapping[str, str], hosts: Sequence[str], path: str) -> Where:
    """Where a remote of these settings leads; `hosts` are those that they name."""
    at = [host.lower().rstrip(".") for host in hosts if host or kind != "s3"] or list(_own_host(kind, settings))
    known = {key: settings[key].lower() for key in _DRIVES if settings.get(key)}
    base = _base(kind, settings, path)
    for name, service in SERVICES.items():
        found = next((match for host in at if (match := service.hosts.fullmatch(host))), None)
        if found or (not at and kind in service.kinds):
            said = found.groupdict() if found else {}
            if account := said.get("account") or _person(settings, service.account):
                known["account"] = account.lower()
            inside = _inside(kind, settings, path, service.top)
            paths = (inside, f"{said['bucket']}/{inside}") if said.get("bucket") else (inside,)
            if name == "Koofr" and ("mountid" in known or re.match(r"dav(?:/|$)", inside)):
                name = _OTHERS_IN_KOOFR
            return Where(name, frozenset(known.items()), base, paths)
    service_of_its_own = " ".join(sorted(set(at))) or ("" if hosts else kind)
    # A folder of a server has another path by each protocol; a bucket is one by S3 alone.
    base = f"{kind} {base}{_port(kind, settings)}" if at and kind != "s3" else base
    if kind in _BY_ADDRESS:  # what others share lies in each user's account under any name
        who = settings.get("user") or hashed(settings.get("bearer_token", ""))
        base = f"{base} {who.casefold()}"
    return Where(service_of_its_own, frozenset(known.items()), base, (_inside(kind, settings, path, ""),))


def _own_host(kind: str, settings: Mapping[str, str]) -> Iterator[str]:
    """The host that rclone goes to where none is named, for kinds that have several."""
    if kind == "s3":  # rclone.org/s3: without an endpoint it is Amazon's of the region
        region = settings.get("region") or "us-east-1"
        yield f"s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    elif kind == "koofr" and settings.get("provider") == "digistorage":
        yield "storage.rcs-rds.ro"


def _person(settings: Mapping[str, str], name: str) -> str | None:
    """The account by the setting of this name, or by the user where that is one; a user without the domain of an
    address may be another one's name for the same."""
    if name not in ("user", "username"):
        return settings.get(name)
    user = settings.get("username") or settings.get("user") or ""
    return user if "@" in user else None


def _base(kind: str, settings: Mapping[str, str], path: str) -> str:
    said = [f"{key}={settings[key]}" for key in _TOPS if settings.get(key)]
    share = path.strip("/").partition("/")[0].lower()
    if kind in _WITH_HOMES:
        said.append(f"{kind} {settings.get('user', '')} {'/' if path.startswith('/') else '~'}")
    elif kind == "smb" and (share == "homes" or share.endswith("$")):  # a share that may hold other ones
        said.append(share)
    elif kind == "s3" and _OTHER_NAME.fullmatch(share):
        said.append(f"bucket behind {share}")
    elif kind in _BY_ADDRESS and "public.php" in _of_address(settings):  # a folder that is shared by a link
        said.append(_of_address(settings))
    return " ".join(said)


def _port(kind: str, settings: Mapping[str, str]) -> str:
    """The port of a server, where it is not the usual one: behind another one may be another server of that machine."""
    try:
        at = urllib.parse.urlsplit(settings.get("url", ""))
        port = str(at.port or _PORTS.get(at.scheme, ""))
    except ValueError:
        return " port unclear"
    said = settings.get("port") or port
    return f" port {said}" if said and said != _PORTS.get(kind, _PORTS["https"]) else ""


_PORTS = {"sftp": "22", "ftp": "21", "smb": "445", "http": "80", "https": "443"}


def _inside(kind: str, settings: Mapping[str, str], path: str, top: str) -> str:
    """The whole path of a folder in its service; `top` as in `Service`."""
    within = {"azurefiles": "share_name", "hidrive": "root_prefix", "seafile": "library"}.get(kind)
    if kind not in _BY_ADDRESS:
        return f"{settings.get(within, '')}/{path}" if within else path
    # Two addresses of one folder: docs.nextcloud.com, "Accessing Nextcloud files using WebDAV".
    address = re.sub(r"(?<![^/])remote\.php/(?:webdav|dav/files/[^/]+)(?=/|$)", "files", _of_address(settings))
    whole = f"{address}/{path.strip('/')}".strip("/")
    return re.sub(rf"^(?:{top})(?:/|$)", "", whole) if top else whole


def _of_address(settings: Mapping[str, str]) -> str:
    try:
        return urllib.parse.unquote(urllib.parse.urlsplit(settings.get("url", "")).path).strip("/")
    except ValueError:
        return ""


def _steps(path: str) -> tuple[str, ...]:
    """The names in a path. Letters of either case are one, as OneDrive and Dropbox have it."""
    return PurePosixPath(posixpath.normpath("/" + path.strip("/")).casefold()).parts


def holds(outer: str, inner: str) -> bool:
    """Whether a path is another one, or leads into it."""
    return _steps(inner)[: len(_steps(outer))] == _steps(outer)


def _are_nested(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
