"""What stands between the user and an audit: is a phone there, in which mode, and what to do about it.

Looks only at what any user may see: the USB devices in sysfs (Linux), what adb says, the mounts, and which programs are
installed. Everything it looks at can be given, so that each state is tested without a phone.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from auditor.errors import AuditorError
from auditor.model import Device
from auditor.places import adbclient, mtp, rcloneclient
from auditor.places.adb import SDCARD, AdbPlace
from auditor.places.adbclient import REMEDIES, Client, Seen
from auditor.places.usb import UsbMode, UsbPhone, phones
from auditor.words import percent

LEAST_ANDROID = 10
"""The oldest Android that the phone's commands were written for; older ones may work."""
FULL = 0.95
"""A phone or disk that is fuller than this share stops taking pictures, and copies fail."""


class State(StrEnum):
    """How one thing stands."""

    READY = "ready"
    TO_DO = "to do"  # the remedy says what
    MISSING = "missing"  # optional: only who wants it needs it
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that was looked at: what it is, how it stands, in a sentence, and what to do (None: nothing)."""

    subject: str
    state: State
    sentence: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is looked at. `devices` asks adb, `describe` a phone that is ready, `remotes` lists those of rclone.

    Each raises AuditorError where its program is missing or fails.
    """

    system: str = platform.system()
    sysfs: Path = Path("/sys/bus/usb/devices")
    devices: Callable[[], tuple[Seen, ...]] = lambda: adbclient.devices(adbclient.find_adb())
    describe: Callable[[str], Device | None] = lambda serial: describe_phone(serial)
    mounts: Callable[[], tuple[mtp.Mount, ...]] = mtp.mounts
    remotes: Callable[[], tuple[str, ...]] = lambda: list_remotes()
    folder: Path = Path()
    space: Callable[[Path], tuple[int, int]] = lambda folder: shutil.disk_usage(folder)[:3:2]


def examine(around: Surroundings = Surroundings()) -> tuple[Advice, ...]:
    """Everything worth saying, the phone first."""
    plugged = phones(around.sysfs) if around.system == "Linux" else ()
    try:
        seen: tuple[Seen, ...] | None = around.devices()
        trouble = ""
    except AuditorError as error:
        seen, trouble = None, str(error)
    advice = [
        *_cable(around, plugged, seen),
        *_iphone(plugged, seen),
        *_debugging(around, plugged, seen, trouble),
        *_mounted(around),
    ]
    advice += _remotes(around)
    advice += _here(around)
    return tuple(advice)


def describe_phone(serial: str) -> Device | None:
    """Model, Android version and storage of a phone that adb is allowed to talk to."""
    place = AdbPlace(Client(adbclient.find_adb(), serial), f"adb:{serial}", SDCARD, (".",), serial, serial)
    return place.device()


def list_remotes(seconds: float = rcloneclient.ANSWER_SECONDS) -> tuple[str, ...]:
    """The remotes that rclone knows, with their colon. Raises: BadPlace without rclone, or where it gives no answer
    within `seconds`."""
    listed = rcloneclient.run(rcloneclient.find_rclone(), "listremotes", seconds=seconds).stdout
    return tuple(listed.decode("utf-8", "replace").split("\n")[:-1])


def phone_script() -> bytes:
    """The script that makes a list on the phone itself."""
    return Path(mtp.__file__).with_name("phone-manifest.sh").read_bytes()


def _cable(around: Surroundings, plugged: tuple[UsbPhone, ...], seen: tuple[Seen, ...] | None) -> list[Advice]:
    if around.system != "Linux":
        sentence = f"what is plugged in cannot be seen on {around.system}; adb below sees phones with debugging"
        return [Advice("cable", State.UNKNOWN, sentence)]
    if not plugged:
        if any(phone.state == "device" for phone in seen or ()):
            return []  # over Wi-Fi, or a simulator
        return [
            Advice(
                "cable",
                State.TO_DO,
                "no phone is plugged in",
                "plug it in with a cable that carries data (many only charge), and unlock it",
            )
        ]
    return [_mode(phone) for phone in plugged]


_OF_IPHONES = "its camera's photos and videos only, and not those whose originals lie in iCloud alone"


def _iphone(plugged: tuple[UsbPhone, ...], seen: tuple[Seen, ...] | None) -> list[Advice]:
    """What an audit of an iPhone cannot say; nothing where an Android phone is seen, or the cable has said it."""
    is_android = any("iphone" not in phone.name.lower() for phone in plugged)
    if is_android or seen or any(phone.mode is UsbMode.PTP for phone in plugged):
        return []
    return [Advice("iPhone", State.UNKNOWN, f"one shows a computer {_OF_IPHONES}")]


def _mode(phone: UsbPhone) -> Advice:
    name = f"cable: {phone.name}"
    notification = "pull down the notifications on the phone, tap the one on USB"
    if not phone.is_authorized:
        return Advice(name, State.TO_DO, "this computer blocks the device (USBGuard or alike)", "allow it there")
    if phone.mode is UsbMode.PTP and "iphone" in phone.name.lower():
        return Advice(
            name,
            State.UNKNOWN,
            f"an iPhone shows {_OF_IPHONES}",
            "Settings, Photos, Download and Keep Originals brings them onto it first; no real iPhone was tried yet",
        )
    if phone.mode is UsbMode.CHARGING:
        return Advice(
            name,
            State.TO_DO,
            "it is only charging: the computer sees the phone and none of its files",
            f"unlock it, {notification} and choose File transfer; an iPhone asks Trust this computer?",
        )
    if phone.mode is UsbMode.PTP:
        return Advice(
            name,
            State.TO_DO,
            "it shows photos only (PTP): folders such as WhatsApp and Download are left out",
            f"{notification} and choose File transfer, if you want them; debugging (adb:) shows all",
        )
    words = {
        UsbMode.FILES: "File transfer is on",
        UsbMode.DEBUGGING: "USB debugging is on",
        UsbMode.BOTH: "File transfer and USB debugging are on",
    }
    return Advice(name, State.READY, words[phone.mode])


def _debugging(
    around: Surroundings, plugged: tuple[UsbPhone, ...], seen: tuple[Seen, ...] | None, trouble: str
) -> list[Advice]:
    if seen is None:
        return [Advice("adb", State.MISSING, trouble, "needed only for adb: (the surest way to list a phone)")]
    if not seen:
        remedy = (
            "on the phone: Settings, About phone, tap Build number seven times; then Developer options, USB debugging"
        )
        has_debugging = any(phone.mode in (UsbMode.DEBUGGING, UsbMode.BOTH) for phone in plugged)
        if has_debugging:
            remedy = "unplug it and plug it in again; if it stays so, " + REMEDIES["no permissions"]
        sentence = "USB debugging is on, and adb does not see the phone" if has_debugging else "adb sees no phone"
        return [Advice("adb", State.TO_DO, sentence, remedy)]
    advice = []
    for phone in seen:
        subject = f"adb: {phone.model or phone.serial}"
        if phone.state != "device":
            remedy = REMEDIES.get(phone.state, "unplug it, plug it in again, and look at its screen")
            advice.append(Advice(subject, State.TO_DO, f"the phone is {phone.state}", remedy))
        else:
            advice += _phone(subject, phone.serial, around.describe(phone.serial))
    return advice


def _phone(subject: str, serial: str, device: Device | None) -> list[Advice]:
    if device is None:
        return [Advice(subject, State.TO_DO, "the phone gave no answer", "unlock it and try again")]
    advice = [Advice(subject, State.READY, f"ready: name it adb:{serial}")]
    version = (device.android_version or "").partition(".")[0]
    if version.isdigit() and int(version) < LEAST_ANDROID:
        sentence = f"Android {device.android_version}: its commands were only tried from Android {LEAST_ANDROID} on"
        advice.append(Advice(subject, State.UNKNOWN, sentence))
    if device.usb_state and "mtp" not in device.usb_state.split(","):
        advice.append(Advice(subject, State.UNKNOWN, "File transfer is off, which adb: does not need"))
    if device.storage_total_bytes and device.storage_free_bytes is not None:
        advice.append(_room(subject, "the phone", device.storage_free_bytes, device.storage_total_bytes))
    return advice


def _mounted(around: Surroundings) -> list[Advice]:
    return [
        Advice(f"mtp: {mount.name}", State.READY, f"mounted as {mount.root} ({mount.maker}): name it mtp:{mount.name}")
        for mount in around.mounts()
    ]


def _remotes(around: Surroundings) -> list[Advice]:
    try:
        remotes = around.remotes()
    except AuditorError as error:
        return [Advice("rclone", State.MISSING, str(error), "needed only for clouds (rclone:REMOTE:PATH)")]
    if not remotes:
        return [Advice("rclone", State.MISSING, "rclone knows no remote", "for a cloud, run `rclone config` once")]
    return [Advice("rclone", State.READY, "remotes: " + ", ".join(f"rclone:{name}" for name in remotes))]


def _here(around: Surroundings) -> list[Advice]:
    try:
        total, free = around.space(around.folder)
    except OSError as error:
        return [Advice("this computer", State.UNKNOWN, f"its free space is not known: {error}")]
    return [_room("this computer", "the disk of the current folder", free, total)]


def _room(subject: str, what: str, free: int, total: int) -> Advice:
    share = 1 - free / total if total else 0.0
    sentence = f"{what} has {free / 1e9:,.1f} of {total / 1e9:,.1f} GB free"
    if share > FULL:
        return Advice(subject, State.TO_DO, f"{sentence}: it is {percent(share)} full", "make room before copying")
    return Advice(subject, State.READY, sentence)
