"""Two remotes of rclone that lead to one account or bucket by other names, hosts and protocols."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from auditor.audit import apart
from auditor.audit.apart import Apart, Asked
from auditor.manifest.rows import behind_from, behind_rows
from auditor.model import Device
from auditor.places.rclone_remotes import Leaf, _split, leaf_told, leaves_of

DAV = "https://cloud.example.org/remote.php"
REMOTES = {
    "aws": {"type": "s3", "provider": "AWS", "access_key_id": "A", "region": "eu-west-1"},
    "keys": {"type": "s3", "provider": "AWS", "access_key_id": "B", "region": "eu-west-1"},
    "elsewhere": {"type": "s3", "region": "us-east-2"},
    "china": {"type": "s3", "region": "cn-north-1"},
    "gov": {"type": "s3", "region": "us-gov-west-1"},
    **{
        name: {"type": "s3", "endpoint": host}
        for name, host in {
            "global": "s3.amazonaws.com",
            "ireland": "https://s3.eu-west-1.amazonaws.com/",
            "dash": "s3-eu-west-1.amazonaws.com",
            "dual": "https://s3.dualstack.eu-west-1.amazonaws.com:443",
            "fast": "s3-accelerate.amazonaws.com",
            "loud": "S3.EU-WEST-1.AMAZONAWS.COM.",
            "virtual": "https://bucket.s3.eu-west-1.amazonaws.com",
            "private": "https://bucket.vpce-1a2b-3c4d.s3.eu-west-1.vpce.amazonaws.com",
            "beijing": "s3.cn-north-1.amazonaws.com.cn",
            "us gov": "s3-fips.us-gov-west-1.amazonaws.com",
            "b2 by s3": "s3.us-west-004.backblazeb2.com",
            "b2 in europe": "https://s3.eu-central-003.backblazeb2.com",
            "google by s3": "https://storage.googleapis.com",
            "archive by s3": "s3.us.archive.org",
            "wasabi": "s3.wasabisys.com",
            "wasabi in europe": "s3.eu-central-1.wasabisys.com",
            "alibaba": "oss-eu-central-1.aliyuncs.com",
            "alibaba within": "oss-eu-central-1-internal.aliyuncs.com",
            "oracle by s3": "https://space.compat.objectstorage.eu-frankfurt-1.oraclecloud.com",
            "oracle of others": "https://other.compat.objectstorage.eu-frankfurt-1.oraclecloud.com",
            "storj by s3": "gateway.storjshare.io",
            "minio": "https://minio.lan:9000",
            "minio again": "http://MinIO.lan.:9000/",
        }.items()
    },
    "b2": {"type": "b2", "account": "1", "key": "2"},
    "b2 too": {"type": "b2", "account": "3", "key": "4"},
    "google": {"type": "google cloud storage"},
    "archive": {"type": "internetarchive"},
    "archive written": {"type": "internetarchive", "endpoint": "https://s3.us.archive.org"},
    "oracle": {"type": "oracleobjectstorage", "namespace": "space", "region": "eu-frankfurt-1"},
    "storj": {"type": "storj"},
    "azure": {"type": "azureblob", "account": "family"},
    "azure of others": {"type": "azureblob", "account": "neighbours"},
    "azure by a link": {"type": "azureblob", "sas_url": "https://family.blob.core.windows.net/?sv=2024&sig=x"},
    "azure by data lake": {"type": "azureblob", "endpoint": "https://family.dfs.core.windows.net"},
    "azure unsaid": {"type": "azureblob", "env_auth": "true"},
    "share": {"type": "azurefiles", "account": "family", "share_name": "photos"},
    "other share": {"type": "azurefiles", "account": "family", "share_name": "films"},
    "koofr": {"type": "koofr", "user": "me@example.org"},
    "koofr written": {"type": "koofr", "provider": "other", "endpoint": "https://app.koofr.net"},
    "digi": {"type": "koofr", "provider": "digistorage", "user": "me@example.org"},
    "mailru": {"type": "mailru", "user": "me@mail.ru"},
    "yandex": {"type": "yandex"},
    "box": {"type": "box"},
    "one": {"type": "onedrive", "drive_id": "1"},
    "one too": {"type": "onedrive", "drive_id": "2"},
    "pcloud": {"type": "pcloud"},
    "pcloud written": {"type": "pcloud", "hostname": "api.pcloud.com"},
    "pcloud in europe": {"type": "pcloud", "hostname": "eapi.pcloud.com"},
    "pcloud from a folder": {"type": "pcloud", "root_folder_id": "d77"},
    "hidrive": {"type": "hidrive", "root_prefix": "/"},
    **{
        name: {"type": "webdav", "url": url, **({"user": user} if user else {})}
        for name, (url, user) in {
            "koofr by webdav": ("https://app.koofr.net/dav/Koofr", "Me@example.org"),
            "koofr of others": ("https://app.koofr.net/dav/Koofr", "you@example.org"),
            "koofr folder": ("https://app.koofr.net/dav/Koofr/P", ""),
            "digi by webdav": ("https://storage.rcs-rds.ro/dav/Digi%20Cloud/", ""),
            "mailru by webdav": ("https://webdav.cloud.mail.ru", "me@mail.ru"),
            "yandex by webdav": ("https://webdav.yandex.ru:443/", "me"),
            "box by webdav": ("https://dav.box.com/dav", ""),
            "one by webdav": ("https://d.docs.live.net/0123456789abcdef", ""),
            "one of a firm": ("https://firm-my.sharepoint.com/personal/me_firm_com/Documents", ""),
            "pcloud by webdav": ("https://webdav.pcloud.com", ""),
            "pcloud by webdav in europe": ("https://ewebdav.pcloud.com", ""),
            "hidrive by webdav": ("https://webdav.hidrive.strato.com", ""),
            "next": (f"{DAV}/dav/files/me/", "me"),
            "next by its older address": (f"{DAV}/webdav", "me"),
            "next folder": (f"{DAV}/dav/files/me/P", "me"),
            "next by a link": ("https://cloud.example.org/public.php/webdav", "token"),
            "plain": ("http://nas.lan:5005/home", ""),
        }.items()
    },
    "hidrive by ssh": {"type": "sftp", "host": "sftp.hidrive.strato.com", "user": "me"},
    "own cloud": {"type": "webdav", "url": f"{DAV}/webdav", "vendor": "owncloud"},
    "nas": {"type": "sftp", "host": "nas.lan", "user": "me"},
    "nas loud": {"type": "sftp", "host": "NAS.lan.", "user": "me", "port": "22"},
    "nas by a port": {"type": "sftp", "host": "nas.lan", "user": "me", "port": "2022"},
    "nas of nobody": {"type": "sftp", "host": "nas.lan"},
    "nas of another": {"type": "sftp", "host": "nas.lan", "user": "other"},
    "other nas": {"type": "sftp", "host": "other.lan", "user": "me"},
    "nas by number": {"type": "sftp", "host": "192.168.1.5", "user": "me"},
    "nas by six": {"type": "sftp", "host": "fd00::5", "user": "me"},
    "another by number": {"type": "sftp", "host": "192.168.1.6", "user": "me"},
    "away": {"type": "sftp", "host": "anna.dyndns.example.org", "user": "me"},
    "also away": {"type": "sftp", "host": "backup.example.org", "user": "me"},
    "away by number": {"type": "sftp", "host": "9.9.9.9", "user": "me"},
    "also away by number": {"type": "sftp", "host": "1.1.1.1", "user": "me"},
    "cloud away": {"type": "webdav", "url": "https://cloud.example.com/dav"},
    "nas in short": {"type": "sftp", "host": "nas", "user": "me"},
    "minio by number": {"type": "s3", "endpoint": "http://192.168.1.5:9000"},
    "by a profile": {"type": "s3", "env_auth": "true", "profile": "family"},
    "drive": {"type": "drive"},
    "mums": {"type": "drive"},
    "one again": {"type": "onedrive", "drive_id": "1"},
    "next of mum": {"type": "webdav", "url": f"{DAV}/dav/files/mum", "user": "mum"},
    "koofr of google": {"type": "koofr", "user": "me@example.org", "mountid": "google"},
    "minio away": {"type": "s3", "endpoint": "https://minio.example.org"},
    "ceph away": {"type": "s3", "endpoint": "https://ceph.example.org"},
    "aws too": {"type": "s3", "provider": "AWS", "access_key_id": "A", "region": "eu-west-1"},
    "gateway": {"type": "filescom"},
    "also gateway": {"type": "sharefile"},
    "by ftp": {"type": "ftp", "host": "nas.lan", "user": "me"},
    "ftp with port": {"type": "ftp", "host": "nas.lan", "user": "me", "port": "21"},
    "windows": {"type": "smb", "host": "nas.lan"},
    "windows of a user": {"type": "smb", "host": "nas.lan", "user": "me"},
    "vault": {"type": "crypt", "remote": "aws:bucket/x"},
    "vault too": {"type": "crypt", "remote": "global:bucket/x"},
    "name": {"type": "alias", "remote": "b2:bucket"},
    "pieces": {"type": "chunker", "remote": "b2 by s3:bucket/p"},
    "pool": {"type": "union", "upstreams": '"b2 in europe:other" koofr:'},
    "side by side": {"type": "combine", "upstreams": '"cloud=google by s3:bucket" "disk=yandex:"'},
}

ONE = [
    *[("aws:bucket/p", f"{name}:bucket/p") for name in ("global", "ireland", "dash", "dual", "fast", "loud", "keys")],
    *[("aws:bucket", "elsewhere:bucket/p"), ("aws:bucket/p", "virtual:p"), ("aws:bucket/p", "virtual:bucket/p")],
    *[("aws:bucket/p", "private:bucket/p"), ("china:bucket", "beijing:bucket"), ("gov:bucket", "us gov:bucket")],
    *[("b2:bucket/p", "b2 by s3:bucket/p"), ("b2:bucket", "b2 too:bucket"), ("b2 by s3:bucket", "b2 in europe:bucket")],
    *[("google:bucket/p", "google by s3:bucket/p"), ("archive:item", "archive by s3:item")],
    *[("archive:item", "archive written:item"), ("wasabi:bucket", "wasabi in europe:bucket")],
    *[("alibaba:bucket", "alibaba within:bucket"), ("oracle:bucket", "oracle by s3:bucket")],
    *[("storj:bucket", "storj by s3:bucket"), ("minio:bucket", "minio again:bucket")],
    *[("azure:box/p", f"azure {name}:box/p") for name in ("by a link", "by data lake", "unsaid")],
    *[("share:p", ":azurefiles,account=family,share_name=photos:p/2024"), ("koofr:P", "koofr by webdav:P")],
    *[("koofr:P", "koofr written:P"), ("koofr:P/2024", "koofr folder:2024"), ("digi:P", "digi by webdav:P")],
    *[("mailru:P", "mailru by webdav:P"), ("yandex:P", "yandex by webdav:P"), ("box:P", "box by webdav:P")],
    *[("one:P", "one by webdav:P"), ("one:P", "one of a firm:P"), ("pcloud:P", "pcloud by webdav:P")],
    *[("pcloud:P", "pcloud written:P"), ("pcloud in europe:P", "pcloud by webdav in europe:P")],
    *[("pcloud:P", "pcloud from a folder:Q"), ("hidrive:users/me/P", "hidrive by webdav:users/me/P")],
    *[("hidrive:users/me/P", "hidrive by ssh:P"), ("next:P", "next by its older address:P")],
    *[("next:P", "own cloud:P"), ("next:P/2024", "next folder:2024"), ("next:P", "next by a link:")],
    *[("nas:P", "nas loud:P/2024"), ("nas:P", "nas:/home/me/P"), ("nas:P", "nas loud:/volume1/P")],
    *[("nas:P", "nas of nobody:P"), ("nas:P", "nas of nobody:/home/me/P"), ("nas:backup/P", "nas of another:P")],
    *[
        ("nas:P", "by ftp:P"),
        ("nas:P", "windows:home/P"),
        ("plain:P", "windows:home/P"),
        ("by ftp:P", "ftp with port:P"),
    ],
    *[("windows:Photos/P", "windows of a user:photos"), ("windows:homes/me/P", "windows of a user:home/P")],
    *[("nas:P", "nas by number:P"), ("nas by number:P", "nas by six:P"), ("nas:P", "nas in short:P")],
    # A box has a name and an address at each of its sockets, and perhaps one in the net.
    *[("nas by number:P", "another by number:P"), ("nas in short:P", "other nas:P"), ("nas:P", "other nas:P")],
    *[("nas:P", "away:P"), ("nas by number:P", "away:P"), ("away:P", "away by number:P")],
    *[("nas by number:P", "plain:P"), ("minio:bucket", "minio by number:bucket/p")],
    *[("by a profile:bucket", f"{name}:bucket") for name in ("aws", "minio", "minio by number", "b2", "by a profile")],
    # Where its endpoint is, nobody knows: by S3 a box may show the folders that it shows by ssh.
    ("by a profile:bucket", "nas:bucket"),
    # What one account shares lies in another one under any path.
    *[("koofr:P", "koofr of others:P"), ("one:P", "one too:P"), ("one:P", "one too:Shared/P"), ("drive:P", "mums:Q")],
    *[("yandex:P", "yandex by webdav:Q"), ("pcloud:P", "pcloud in europe:P"), ("box:P", "box by webdav:Shared/P")],
    *[("pcloud:P", "pcloud by webdav in europe:P"), ("next:P", "next of mum:Q"), ("koofr:P", "koofr of google:P")],
    # A name in the net may lead anywhere, and two of them to one server.
    *[
        ("away:P", "also away:P"),
        ("away by number:P", "also away by number:P"),
        ("windows:photos", "cloud away:photos"),
    ],
    *[("minio away:b/p", "ceph away:b/p"), ("hidrive:P", "cloud away:P"), ("b2:bucket", "minio away:bucket")],
    *[("aws:an-alias-1a2b-s3alias/p", "aws too:bucket/p"), ("aws:bucket/p", "aws too:arn:aws:s3:eu:1:accesspoint")],
    *[("gateway:P", "drive:P"), ("gateway:P", "also gateway:P")],
    *[("windows:C$/Photos", "windows:Photos"), ("vault:P", "vault too:P"), ("name:p", "b2 by s3:bucket/p/2024")],
    *[("name:", "pieces:"), ("pool:", "b2:other"), ("pool:P", "koofr by webdav:P")],
    *[("side by side:cloud/p", "google:bucket/p"), ("side by side:disk", "yandex by webdav:")],
    # A path says nothing where the servers, their ports or the shares are two names: one may lie in another one.
    *[("nas by number:P", "nas:Q"), ("nas by number:P", "other nas:Q"), ("nas:P", "nas by a port:Q")],
    *[("windows:photos", "windows of a user:films"), ("windows:photos/P", "windows:all/photos/P")],
]


TWO = [
    *[("aws:bucket/p", "global:other/p"), ("aws:bucket/p", "dual:bucket/q")],
    *[("aws:bucket", "china:bucket"), ("aws:bucket", "gov:bucket"), ("aws:bucket", "minio:bucket")],
    *[("aws:bucket", "b2 by s3:bucket"), ("b2:bucket", "b2 by s3:other"), ("google:bucket", "google by s3:bucket2")],
    *[("oracle:bucket", "oracle of others:bucket"), ("azure:box", "azure of others:box"), ("azure:box", "share:box")],
    *[("azure of others:box", "azure by a link:box"), ("share:p", "other share:p"), ("azure:box", "azure:box2")],
    *[("koofr:P", "koofr by webdav:Q"), ("koofr:P", "digi:P"), ("koofr:P", "yandex:P"), ("drive:P", "yandex:P")],
    *[("next:P", "drive:P"), ("cloud away:P", "one:P"), ("one:P", "one again:Q"), ("drive:P", "drive:Q")],
    *[("next:P", "next by its older address:Q"), ("next folder:2024", "next:Q/2024"), ("nas:P", "nas loud:Q")],
    ("nas by number:P", "drive:P"),
    *[("aws:bucket", "minio by number:bucket"), ("minio:bucket", "minio by number:q")],
    *[("nas:P", "hidrive by ssh:P")],
    *[("by a profile:bucket", f"{name}:bucket2") for name in ("aws", "minio", "b2", "by a profile")],
    *[("by a profile:bucket", f"{name}:bucket") for name in ("drive", "koofr")],
    *[
        ("nas:/volume1/P", "nas:/volume2/P"),
    ],
    *[
        ("vault:P", "vault too:Q"),
        ("name:q", "pieces:"),
        ("pool:P", "b2:third"),
        ("side by side:cloud/p", "yandex:p"),
    ],
]


UNSAID = [
    *[("drive:P", "drive:Q"), ("nas:P", "hidrive by ssh:P"), ("aws:bucket", "minio:bucket")],
    *[("aws:bucket", "minio by number:bucket")],
]
ENVIRONMENT: dict[str, str] = {}


@pytest.fixture(autouse=True)
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of Amazon's own programs, in which a profile leads elsewhere."""
    file = tmp_path / "config"
    file.write_text("[profile family]\nendpoint_url = https://minio.lan:9000\n", "utf-8")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setitem(ENVIRONMENT, name, str(file))
    return file


def leaves(words: str) -> tuple[Leaf, ...]:
    return leaves_of(words, REMOTES, ENVIRONMENT)


def test_profiles_that_lead_nowhere_else_are_amazons(profiles: Path) -> None:
    profiles.write_text("[profile family]\nregion = eu-west-1\n", "utf-8")
    assert not may_share("by a profile:bucket", "minio:bucket", {})
    assert may_share("by a profile:bucket", "aws:bucket", {})
    profiles.unlink()
    assert not may_share("by a profile:bucket", "minio:bucket", {})
    profiles.mkdir()  # it cannot be read: nobody knows
    assert may_share("by a profile:bucket", "minio:bucket", {})


def test_where_a_profile_leads_may_be_nearby() -> None:
    (leaf,) = leaves("by a profile:bucket")
    assert leaf.is_near


HOME = {"nas.lan": "192.168.1.5", "minio.lan": "192.168.1.5", "192.168.1.5": "192.168.1.5"}


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network at home, whatever that of this machine is."""
    monkeypatch.setattr(apart, "is_another_machine", lambda address: address.startswith("192.168.1."))


def may_share(one: str, other: str, rooms: Mapping[str, Device]) -> bool:
    asked = Asked(rooms, {host: frozenset({at}) for host, at in HOME.items()})
    return any(apart.remotes(a, b, asked) is None for a in leaves(one) for b in leaves(other))


@pytest.mark.parametrize(("one", "other"), ONE)
def test_one_account_by_two_ways_is_one_copy(one: str, other: str) -> None:
    assert may_share(one, other, {})
    assert may_share(other, one, {})


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_accounts_buckets_and_folders_are_two_copies(one: str, other: str) -> None:
    assert not may_share(one, other, {})
    assert not may_share(other, one, {})


def as_told(words: str) -> tuple[Leaf, ...]:
    """The same after a list said it."""
    told = json.loads(json.dumps(behind_rows(leaf.told for leaf in leaves(words))))
    return tuple(map(leaf_told, behind_from(told)))


@pytest.mark.parametrize(("one", "other"), [*ONE, *TWO])
def test_lists_tell_two_accounts_from_one_as_the_remotes_do(one: str, other: str) -> None:
    pairs = [(a, b) for a in as_told(one) for b in as_told(other)]
    is_one = any(apart.remotes(a, b, Asked()) is None for a, b in pairs)
    # Of a list nothing is looked up, and in which account a path goes it says only where it names that.
    assert is_one is ((one, other) in (*ONE, *UNSAID))


def test_a_list_holds_no_secret_of_a_remote() -> None:
    """No setting, user, folder, or address but the host's."""
    remotes = {
        "dav": {"type": "webdav", "url": "https://me:geheim@cloud.example.org/public.php/geheim", "user": "geheim"},
        "s3": {
            "type": "s3",
            "access_key_id": "geheim",
            "secret_access_key": "geheim",
            "endpoint": "https://geheim@h.org",
        },
        "odd": {"type": "sftp", "host": "me:geheim@:22", "user": "geheim", "pass": "geheim"},
        "vault": {"type": "crypt", "remote": "s3:geheim", "password": "geheim"},
        "blob": {"type": "azureblob", "sas_url": "https://a.blob.core.windows.net/c?sig=geheim", "account": "geheim"},
    }
    for words in ("dav:geheim", "s3:geheim", "odd:/geheim", "vault:geheim", "blob:geheim", ":sftp,host=h,pass=geheim:"):
        told = [leaf.told for leaf in leaves_of(words, remotes, {})]
        assert told and "geheim" not in json.dumps(behind_rows(told)), told


@pytest.mark.parametrize(
    ("rooms", "why"),
    [
        ((10, 5), Apart.MACHINES),
        ((10, 10), None),  # one box has an address at each of its sockets
        ((10, None), None),
    ],
)
def test_two_servers_at_home_are_two_by_address_and_room(rooms: tuple[int, int | None], why: Apart | None) -> None:
    told = {
        words: Device(storage_total_bytes=total << 30)
        for words, total in zip(("nas by number:P", "another by number:P"), rooms, strict=True)
        if total
    }
    (one,), (other,) = leaves("nas by number:P"), leaves("another by number:P")
    asked = Asked(told, {at: frozenset({at}) for at in ("192.168.1.5", "192.168.1.6")})
    assert apart.remotes(one, other, asked) is why
    assert apart.remotes(one, other, Asked(told)) is None  # where they are, was not asked


def test_how_full_an_account_is_tells_nothing() -> None:
    """Each user of a server has a room, and what one of them shares is in the rooms of all."""
    rooms = {
        words: Device(storage_total_bytes=total << 30, storage_free_bytes=total << 29)
        for words, total in {"next:P": 100, "next of mum:P": 50, "drive:P": 15, "mums:P": 200}.items()
    }
    assert may_share("next:P", "next of mum:P", rooms) and may_share("drive:P", "mums:P", rooms)


def test_what_nobody_knows_may_be_anything() -> None:
    """Settings that are not understood, and kinds of remotes around others that came after this program."""
    layers = {"new": {"type": "archive", "remote": "/srv"}, "over": {"type": "alias", "remote": "nobody:P"}}
    for words in ("nobody:P", ":local,a b=c:/srv", ":local,x='y:/srv", ":local,x='y'z:/srv", "new:", "over:"):
        (leaf,) = leaves_of(words, layers, {})
        assert leaf.is_unknown and leaf.is_near and leaf.folder is None
        for other in ("aws:bucket", "nas:P", "nobody:Q"):
            (known,) = leaves(other)
            assert not (apart.remotes(leaf, known, Asked()) or apart.remotes(known, leaf, Asked()))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *[
            ("global.checkers=3", "3"),
            ("override.links=true", "true"),
            ("x=a'b", "a'b"),
            ('x="a "":,"" b"', 'a ":," b'),
        ],
        *[("x='it''s'", "it's"), ("x", "true"), ("x=", ""), ("x=a/b", "a/b")],
    ],
)
def test_settings_in_words_are_read_as_rclone_reads_them(setting: str, value: str) -> None:
    assert _split(f":local,{setting}:/srv/p") == (":local", {setting.partition("=")[0]: value}, "/srv/p")
