"""Phones on the USB cables of a Linux machine, from sysfs: readable by everybody, no library needed.

Source: Linux Documentation/ABI/testing/sysfs-bus-usb; AOSP system/core/adb (interface ff/42/01); USB Still Image
Capture Device Definition 1.0 (interface 06/01/01), which MTP shares; vendor numbers of usb.ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PHONE_MAKERS = {
    "04e8": "Samsung",
    "05ac": "Apple",
    "05c6": "Qualcomm",
    "0bb4": "HTC",
    "0e8d": "MediaTek",
    "0fce": "Sony",
    "1004": "LG",
    "12d1": "Huawei",
    "17ef": "Lenovo",
    "18d1": "Google",
    "19d2": "ZTE",
    "1bbb": "TCL",
    "22b8": "Motorola",
    "22d9": "OPPO",
    "2717": "Xiaomi",
    "2a70": "OnePlus",
    "2ae5": "Fairphone",
    "2d95": "vivo",
    "2e04": "HMD Nokia",
    "339b": "HONOR",
}
"""Makers whose devices may be a phone that shows no interface at all. Some make other things too: see _is_phone."""

_ADB = ("ff", "42", "01")
_STILL_IMAGE = ("06", "01", "01")
_PHONE_WORDS = ("phone", "pixel", "galaxy", "android", "sm-", "redmi", "mi ", "moto", "xperia", "ipad", "nexus")
_ONLY_PHONES = frozenset({"18d1", "0bb4", "22d9", "2717", "2a70", "2ae5", "2d95", "2e04", "339b", "22b8"})


class UsbMode(StrEnum):
    """What a plugged-in phone offers."""

    CHARGING = "charging"
    FILES = "files"  # MTP
    PTP = "ptp"
    DEBUGGING = "debugging"
    BOTH = "both"  # files and debugging


@dataclass(frozen=True, slots=True)
class UsbPhone:
    """One phone on a cable; `is_authorized` is whether this computer lets the device in."""

    name: str
    mode: UsbMode
    is_authorized: bool


def phones(sysfs: Path) -> tuple[UsbPhone, ...]:
    """The phones below a folder of USB devices such as /sys/bus/usb/devices; empty where there is none."""
    try:
        devices = sorted(item for item in sysfs.iterdir() if ":" not in item.name)
    except OSError:
        return ()
    found = []
    for device in devices:
        interfaces = [_interface(item) for item in sorted(sysfs.glob(f"{device.name}:*"))]
        vendor, product = _text(device / "idVendor").lower(), _text(device / "product")
        if _is_phone(vendor, product, interfaces):
            name = " ".join(filter(None, (_text(device / "manufacturer") or PHONE_MAKERS.get(vendor, ""), product)))
            found.append(UsbPhone(name or "a phone", _mode(interfaces), _text(device / "authorized") != "0"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Interface:
    triple: tuple[str, str, str]
    word: str


def _interface(folder: Path) -> _Interface:
    names = ("bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
    first, second, third = (_text(folder / name).lower() for name in names)
    return _Interface((first, second, third), _text(folder / "interface").upper())


def _is_phone(vendor: str, product: str, interfaces: list[_Interface]) -> bool:
    """A device that debugs, one that transfers files or photos, or a phone maker's that does neither."""
    if any(i.triple == _ADB or "MTP" in i.word for i in interfaces):
        return True
    if vendor not in PHONE_MAKERS:
        return False  # a still-image interface alone may be a camera
    looks_it = vendor in _ONLY_PHONES or any(word in product.lower() for word in _PHONE_WORDS)
    return looks_it or any(i.triple == _STILL_IMAGE for i in interfaces)


def _mode(interfaces: list[_Interface]) -> UsbMode:
    debugging = any(i.triple == _ADB for i in interfaces)
    files = any("MTP" in i.word for i in interfaces)
    photos = any(i.triple == _STILL_IMAGE and "MTP" not in i.word for i in interfaces)
    if debugging and files:
        return UsbMode.BOTH
    if files or photos:
        return UsbMode.FILES if files else UsbMode.PTP
    return UsbMode.DEBUGGING if debugging else UsbMode.CHARGING


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
