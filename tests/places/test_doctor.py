"""What the doctor says of each state of a cable, a phone, a cloud; with made-up surroundings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from auditor.cli import app
from auditor.errors import BadPlace
from auditor.model import Device
from auditor.places.adbclient import Seen
from auditor.places.doctor import State, Surroundings, examine
from auditor.places.mtp import Mount
from auditor.places.usb import UsbMode, phones

ADB, PTP, MTP = ("ff", "42", "01", "ADB Interface"), ("06", "01", "01", ""), ("06", "01", "01", "MTP")
VENDOR_MTP = ("ff", "ff", "00", "MTP")
KEYBOARD, DISK = ("03", "01", "01", ""), ("08", "06", "50", "")


def plug(sysfs: Path, vendor: str, product: str, *interfaces: tuple[str, str, str, str], authorized: str = "1") -> None:
    device = sysfs / f"1-{len(list(sysfs.glob('1-?'))) + 1}"
    device.mkdir(parents=True)
    for name, text in (("idVendor", vendor), ("product", product), ("authorized", authorized)):
        (device / name).write_text(text + "\n")
    for number, (first, second, third, word) in enumerate(interfaces):
        folder = sysfs / f"{device.name}:1.{number}"
        folder.mkdir()
        for name, text in (
            ("bInterfaceClass", first),
            ("bInterfaceSubClass", second),
            ("bInterfaceProtocol", third),
            ("interface", word),
        ):
            if text:
                (folder / name).write_text(text + "\n")


@pytest.mark.parametrize(
    ("vendor", "product", "interfaces", "mode"),
    [
        ("18d1", "Pixel 7", (), UsbMode.CHARGING),
        ("18d1", "Pixel 7", (MTP,), UsbMode.FILES),
        ("2717", "Redmi Note 8", (VENDOR_MTP,), UsbMode.FILES),
        ("04e8", "SAMSUNG_Android", (PTP,), UsbMode.PTP),
        ("18d1", "Pixel 7", (ADB,), UsbMode.DEBUGGING),
        ("18d1", "Pixel 7", (MTP, ADB), UsbMode.BOTH),
        ("9999", "Unheard of", (ADB,), UsbMode.DEBUGGING),
        ("05ac", "iPhone", (PTP,), UsbMode.PTP),
        ("05ac", "iPhone", (), UsbMode.CHARGING),
        ("04a9", "Canon EOS", (PTP,), None),
        ("05ac", "Apple Keyboard", (KEYBOARD,), None),
        ("04e8", "Portable SSD T7", (DISK,), None),
        ("046d", "Mouse", (KEYBOARD,), None),
    ],
)
def test_the_mode_of_a_device(
    tmp_path: Path, vendor: str, product: str, interfaces: tuple[Any, ...], mode: UsbMode | None
) -> None:
    plug(tmp_path, vendor, product, *interfaces)
    assert [phone.mode for phone in phones(tmp_path)] == ([mode] if mode else [])


def fail(*_: object) -> Any:
    raise BadPlace("adb is not installed; install it")


def around(tmp_path: Path, **more: Any) -> Surroundings:
    quiet: dict[str, Any] = {
        "system": "Linux",
        "sysfs": tmp_path,
        "devices": lambda: (),
        "describe": lambda serial: Device(model="Pixel", android_version="13", usb_state="mtp,adb", is_phone=True),
        "mounts": lambda: (),
        "remotes": lambda: ("drive:",),
        "space": lambda folder: (1_000_000_000_000, 500_000_000_000),
    }
    return Surroundings(**(quiet | more))


READY = (Seen("SERIAL", "device", "Pixel 7"),)


@pytest.mark.parametrize(
    ("more", "subject", "state", "says"),
    [
        ({}, "cable", State.TO_DO, "cable that carries data"),
        ({}, "adb", State.TO_DO, "tap Build number seven times"),
        ({"devices": fail}, "adb", State.MISSING, "adb is not installed"),
        ({"system": "Windows"}, "cable", State.UNKNOWN, "cannot be seen on Windows"),
        ({"devices": lambda: (Seen("S", "unauthorized"),)}, "adb: S", State.TO_DO, "tap Allow"),
        ({"devices": lambda: (Seen("S", "offline"),)}, "adb: S", State.TO_DO, "plug it in again"),
        ({"devices": lambda: (Seen("??", "no permissions"),)}, "adb: ??", State.TO_DO, "udev rules"),
        ({"devices": lambda: (Seen("S", "rescue"),)}, "adb: S", State.TO_DO, "look at its screen"),
        ({"devices": lambda: READY}, "adb: Pixel 7", State.READY, "name it adb:SERIAL"),
        ({"devices": lambda: READY, "describe": lambda s: None}, "adb: Pixel 7", State.TO_DO, "no answer"),
        (
            {"devices": lambda: READY, "describe": lambda s: Device(android_version="8.1")},
            "adb: Pixel 7",
            State.UNKNOWN,
            "Android 8.1",
        ),
        (
            {
                "devices": lambda: READY,
                "describe": lambda s: Device(storage_total_bytes=128 * 10**9, storage_free_bytes=2 * 10**9),
            },
            "adb: Pixel 7",
            State.TO_DO,
            "98% full",
        ),
        ({"mounts": lambda: (Mount(Path("/run/x"), "gvfs mtp", "Pixel"),)}, "mtp: Pixel", State.READY, "mtp:Pixel"),
        ({}, "rclone", State.READY, "rclone:drive:"),
        ({"remotes": lambda: ()}, "rclone", State.MISSING, "rclone config"),
        ({"remotes": fail}, "rclone", State.MISSING, "needed only for clouds"),
        ({"space": lambda f: (1000, 1)}, "this computer", State.TO_DO, "make room"),
    ],
)
def test_each_state_has_its_sentence(
    tmp_path: Path, more: dict[str, Any], subject: str, state: State, says: str
) -> None:
    advice = examine(around(tmp_path, **more))
    matching = [a for a in advice if a.subject == subject and a.state is state]
    assert any(says in f"{a.sentence} {a.remedy or ''}" for a in matching), advice


@pytest.mark.parametrize(
    ("interfaces", "authorized", "state", "says"),
    [
        ((), "1", State.TO_DO, "File transfer"),
        ((PTP,), "1", State.TO_DO, "PTP"),
        ((MTP,), "0", State.TO_DO, "blocks the device"),
        ((MTP, ADB), "1", State.READY, "USB debugging are on"),
    ],
)
def test_each_mode_has_its_sentence(
    tmp_path: Path, interfaces: tuple[Any, ...], authorized: str, state: State, says: str
) -> None:
    plug(tmp_path, "18d1", "Pixel 7", *interfaces, authorized=authorized)
    (advice,) = (a for a in examine(around(tmp_path)) if a.subject == "cable: Google Pixel 7")
    assert advice.state is state and says in f"{advice.sentence} {advice.remedy or ''}"


def test_debugging_that_adb_does_not_see_is_a_matter_of_rights(tmp_path: Path) -> None:
    plug(tmp_path, "18d1", "Pixel 7", ADB)
    (advice,) = (a for a in examine(around(tmp_path)) if a.subject == "adb")
    assert "udev" in (advice.remedy or "")


def test_a_phone_over_wifi_needs_no_cable(tmp_path: Path) -> None:
    assert not [a for a in examine(around(tmp_path, devices=lambda: READY)) if a.subject == "cable"]


def test_the_command_looks_without_failing_and_writes_the_script(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0 and "this computer" in result.stdout
    target = tmp_path / "list.sh"
    assert CliRunner().invoke(app, ["doctor", "--phone-script", str(target)]).exit_code == 0
    assert target.read_text().startswith("#!/bin/sh")
    again = CliRunner().invoke(app, ["doctor", "--phone-script", str(target)])
    assert again.exit_code != 0 and "nothing is written over" in str(again.exception)


def test_an_iphone_is_told_apart_and_nobody_is_sent_to_a_menu_that_it_lacks(tmp_path: Path) -> None:
    plug(tmp_path, "05ac", "iPhone", PTP)
    (advice,) = [one for one in examine(around(tmp_path)) if one.subject.startswith("cable")]
    assert advice.state is State.UNKNOWN and "iCloud" in advice.sentence
    assert "File transfer" not in str(advice.remedy) and "adb" not in str(advice.remedy)


@pytest.mark.parametrize("system", ["Linux", "Darwin", "Windows"])
def test_what_no_audit_of_an_iphone_says_is_said_wherever_no_android_phone_is_seen(tmp_path: Path, system: str) -> None:
    told = examine(replace(around(tmp_path), system=system))
    (advice,) = [one for one in told if "iCloud" in one.sentence]
    assert advice.subject == "iPhone"


def test_of_iphones_nothing_is_said_where_an_android_phone_is_seen(tmp_path: Path) -> None:
    plug(tmp_path, "18d1", "Pixel 8", PTP)
    assert not [one for one in examine(around(tmp_path)) if "iCloud" in one.sentence]
