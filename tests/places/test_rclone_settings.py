"""Settings and variables by which a remote of rclone leads elsewhere than its address says."""

from __future__ import annotations

import json
import subprocess

import pytest

from auditor.places.rclone_remotes import leaves_of
from auditor.places.rclone_settings import leading_elsewhere
from tests.doubles.rclone_server import newest_rclone

RCLONE = newest_rclone()
DAV = {"type": "webdav", "url": "http://dav.example.org", "vendor": "other", "user": "me", "pass": "x"}
SFTP = {"type": "sftp", "host": "box.example.org", "user": "me", "port": "22"}

ELSEWHERE: list[tuple[dict[str, str], dict[str, str], str]] = [
    ({**DAV, "unix_socket": "/run/dav.sock"}, {}, "unix_socket"),
    (DAV, {"RCLONE_CONFIG_R_UNIX_SOCKET": "/run/dav.sock"}, "unix_socket"),
    (DAV, {"RCLONE_WEBDAV_UNIX_SOCKET": "/run/dav.sock"}, "unix_socket"),
    ({**SFTP, "ssh": "ssh -p 2222 me@127.0.0.1"}, {}, "ssh"),
    (SFTP, {"RCLONE_SFTP_SSH": "./fake"}, "ssh"),
    ({**SFTP, "server_command": "ssh other sftp-server"}, {}, "server_command"),
    ({**SFTP, "subsystem": "other"}, {}, "subsystem"),
    ({**SFTP, "socks_proxy": "127.0.0.1:1080"}, {}, "socks_proxy"),
    ({"type": "ftp", "host": "box.example.org", "http_proxy": "http://127.0.0.1:3128"}, {}, "http_proxy"),
    ({"type": "s3", "download_url": "http://127.0.0.1"}, {}, "download_url"),
    ({"type": "azureblob", "connection_string": "BlobEndpoint=http://127.0.0.1"}, {}, "connection_string"),
    ({"type": "google photos", "proxy": "http://127.0.0.1:8282"}, {}, "proxy"),
    ({"type": "sia", "api_url": "http://127.0.0.1:9980"}, {}, "api_url"),
    ({**DAV, "what_comes_next": "x"}, {}, "what_comes_next"),
    ({**DAV, "override.http_proxy": "127.0.0.1:3128"}, {}, "override.http_proxy"),
    (DAV, {"http_proxy": "http://127.0.0.1:3128"}, "http_proxy"),
    (DAV, {"HTTP_PROXY": "http://127.0.0.1:3128", "NO_PROXY": "other.example.org"}, "HTTP_PROXY"),
    (DAV, {"RCLONE_HTTP_PROXY": "127.0.0.1:3128", "NO_PROXY": "*"}, "RCLONE_HTTP_PROXY"),
    ({"type": "webdav", "url": "http://webdav.yandex.ru"}, {"http_proxy": "http://127.0.0.1:3128"}, "http_proxy"),
    ({"type": "s3", "endpoint": "https://minio.example.org"}, {"https_proxy": "http://127.0.0.1:3128"}, "https_proxy"),
]
WHERE_IT_SAYS: list[tuple[dict[str, str], dict[str, str]]] = [
    ({**DAV, "vendor": "nextcloud", "pacer_min_sleep": "10ms", "unix_socket": ""}, {}),
    ({**DAV, "headers": "Cookie,name=value", "description": "ours"}, {}),
    # What `rclone config` and rclone itself write down of an SFTP server.
    ({**SFTP, "shell_type": "unix", "md5sum_command": "md5sum", "sha1sum_command": "sha1sum", "key_file": "~/k"}, {}),
    ({**SFTP, "subsystem": "sftp", "path_override": "/volume1", "known_hosts_file": "~/.ssh/known_hosts"}, {}),
    ({"type": "drive", "scope": "drive", "token": "{}", "team_drive": "", "client_id": "x"}, {}),
    ({"type": "onedrive", "drive_id": "1", "drive_type": "personal", "token": "{}"}, {}),
    ({"type": "jottacloud", "configVersion": "1", "tokenURL": "https://id.jottacloud.com", "device": "Jotta"}, {}),
    ({"type": "storj", "satellite_address": "12EayRS2@us1.storj.io", "api_key": "x", "passphrase": "y"}, {}),
    ({"type": "smb", "host": "192.168.1.5", "domain": "WORKGROUP", "user": "me", "pass": "x"}, {}),
    # A proxy of the office, which leads neither to the family's box nor to another service than the certificate's.
    (DAV, {"http_proxy": "http://proxy:3128", "no_proxy": "localhost, .example.org"}),
    (SFTP, {"http_proxy": "http://proxy:3128"}),
    ({"type": "drive"}, {"https_proxy": "http://proxy:3128"}),
    ({"type": "webdav", "url": "https://webdav.yandex.ru"}, {"https_proxy": "http://proxy:3128"}),
    # Of another remote, whose name goes on where this one's ends.
    (DAV, {"RCLONE_CONFIG_R_OLD_TYPE": "sftp", "RCLONE_CONFIG_R_OLD_SSH": "ssh x"}),
]


@pytest.mark.parametrize(("settings", "environment", "by"), ELSEWHERE)
def test_a_remote_that_may_lead_elsewhere_is_not_known(
    settings: dict[str, str], environment: dict[str, str], by: str
) -> None:
    remotes = {"r": settings, "secret": {"type": "crypt", "remote": "r:x"}, "over": {"type": "alias", "remote": "r:"}}
    for words in ("r:P", "secret:P", "over:P"):
        (leaf,) = leaves_of(words, remotes, environment)
        assert (leaf.led_by, leaf.is_unknown, leaf.is_near) == (by, True, True), words
        assert leaf.told.kind == ""


@pytest.mark.parametrize(("settings", "environment"), WHERE_IT_SAYS)
def test_a_remote_leads_where_its_address_says(settings: dict[str, str], environment: dict[str, str]) -> None:
    (leaf,) = leaves_of("r:P", {"r": settings}, environment)
    assert leaf.led_by == "" and not leaf.is_unknown


def test_a_setting_in_words_and_around_a_remote_leads_elsewhere_too() -> None:
    (leaf,) = leaves_of(":webdav,url='http://dav.example.org',unix_socket='/run/s':P", {}, {})
    assert leaf.led_by == "unix_socket"
    (leaf,) = leaves_of("a:P", {"a": {"type": "cache", "remote": "r:", "plex_url": "http://x"}, "r": DAV}, {})
    assert leaf.led_by == "plex_url"
    (leaf,) = leaves_of(":local,what_comes_next=x:/srv", {}, {})
    assert leaf.is_unknown and leaf.folder == "/srv"


LEADING = {
    *("ssh", "server_command", "subsystem", "unix_socket", "http_proxy", "socks_proxy", "proxy", "api_url", "plex_url"),
    *("connection_string", "download_url", "auth_url", "token_url", "tenant_url", "site", "front_endpoint"),
}


@pytest.mark.skipif(RCLONE is None, reason="rclone is not installed")
def test_what_rclone_knows_and_the_list_does_not_leads_elsewhere() -> None:
    assert RCLONE
    said = subprocess.run([RCLONE, "config", "providers"], capture_output=True, check=True).stdout
    names = {option["Name"] for kind in json.loads(said) for option in kind["Options"]}
    assert {name for name in names if leading_elsewhere({name: "x"})} >= names & LEADING
    assert {"user", "pass", "host", "url", "token", "encoding"} <= names - LEADING
