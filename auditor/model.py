"""The words of the field as types: what a file is, what a list of files is, and what an audit says of them.

Everything here is frozen and does no I/O; nothing here imports from the rest of the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Depth(StrEnum):
    """How far a scan looks into each file; every depth includes the ones before it."""

    LIST = "list"  # names, sizes and dates; no file is opened
    HASH = "hash"  # every byte is read: digests, format and metadata
    DECODE = "decode"  # structure is walked and pictures are decoded strictly; key frames of videos
    DEEP = "deep"  # every frame of every video

    def reaches(self, other: Depth) -> bool:
        """Whether a scan of this depth holds all that a scan of `other` holds."""
        order = list(Depth)
        return order.index(self) >= order.index(other)


class Kind(StrEnum):
    """What sort of payload a file is, by its content or, where that says nothing, by its extension."""

    PHOTO = "photo"
    VIDEO = "video"
    SIDECAR = "sidecar"
    OTHER = "other"


class Tier(StrEnum):
    """A check that ran on a file's bytes."""

    HASH = "hash"
    STRUCTURE = "structure"
    DECODE = "decode"
    DEEP = "deep"


class Soundness(StrEnum):
    """What the checks that ran say of a file; SOUND is never said on structure alone."""

    SOUND = "sound"
    DAMAGED = "damaged"
    SUSPICIOUS = "suspicious"
    NOT_CHECKED = "not_checked"


DIGESTS = ("sha256", "md5", "sha1", "quickxor", "dropbox")
"""Digests that have a column of their own in a row; all in lower-case hex."""


class DigestOrigin(StrEnum):
    """Who computed a row's digests, and from what. Best first; CLAIMED proves nothing."""

    READ = "read"  # this tool, from the file's bytes
    COMPUTED = "computed"  # the storage service, from the bytes that it stores
    STREAMED = "streamed"  # the storage service, from the bytes as they arrived
    CLAIMED = "claimed"  # whoever uploaded the file; the service only repeats it
    FOREIGN = "foreign"  # another tool's manifest states them


class ErrorKind(StrEnum):
    """Why a row proves nothing, or less than others. The sentence beside it is for people, and is never parsed."""

    UNREADABLE = "unreadable"  # it is there, and its bytes could not be read
    UNDECODABLE = "undecodable"  # every byte was read, but what looks into its kind of file could not
    UNSUPPORTED = "unsupported"  # nothing here looks into its kind of file
    SPECIAL = "special"  # it is no file: a device, a socket, a FIFO
    REFUSED = "refused"  # its name would lead out of its folder
    TRASHED = "trashed"  # it lies in a bin that somebody or something empties
    SHARED = "shared"  # it lies in somebody else's album
    MISSING = "missing"  # it is listed and not there: its content is known to be lost
    LINKED = "linked"  # it is a further name of a file that it should be a copy of
    SHOWN = "shown"  # its mount may show the file that it should be a copy of, and nothing tells the two apart
    LINK = "link"  # a link to a folder elsewhere, not followed; files that nobody looked at may lie behind it
    LINK_TO_FILE = "link_to_file"  # a link to a file elsewhere, or to nothing; it is not followed
    NOT_HELD = "not_held"  # a link in an archive to what may be a folder, which the archive does not hold
    ALIAS = "alias"  # a link to what is listed by itself, so nothing is behind it
    TEMPORARY = "temporary"  # an unfinished file of this program's own
    DOUBTED = "doubted"  # it arrived damaged, and what it came through may have spoilt it


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a thing proves nothing, or less than others: `kind` for programs, `reason` for people."""

    kind: ErrorKind
    reason: str

    def __str__(self) -> str:
        return self.reason

    def of(self, name: str) -> Trouble:
        """The same trouble, said of a part called `name`."""
        return Trouble(self.kind, f"{name}: {self.reason}")


class Status(StrEnum):
    """What became of one source file in one backup (or, over all backups, the best of them). Best first."""

    IDENTICAL = "identical"
    METADATA_CHANGED = "metadata_changed"
    REDUCED = "reduced"
    NOT_CHECKED = "not_checked"
    DAMAGED = "damaged"
    MISSING = "missing"
    NOT_DUE = "not_due"


class FileVerdict(StrEnum):
    """What the audit concludes for one source file."""

    PROVEN = "proven"
    NOT_SAFE = "not_safe"
    NOT_CHECKED = "not_checked"
    WAIVED = "waived"
    NOT_DUE = "not_due"


class Verdict(StrEnum):
    """What the audit concludes as a whole. NOT SAFE beats CANNOT SAY beats SAFE."""

    SAFE = "SAFE"
    NOT_SAFE = "NOT SAFE"
    CANNOT_SAY = "CANNOT SAY"


class Severity(StrEnum):
    """How much a finding matters. Worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class RuleState(StrEnum):
    """How a rule ended. Only PASSED and FAILED mean that it looked at something."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"  # its population is empty
    NOT_RUN = "not_run"  # a column it needs is not in the lists
    BROKEN = "broken"  # its query failed


class FindingStatus(StrEnum):
    """Whether a finding counts: NEW and KNOWN do, WAIVED does not. KNOWN was in the baseline already."""

    NEW = "new"
    KNOWN = "known"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Damage:
    """Proof that a file's bytes are broken.

    `code` is a stable word (`truncated`, `zero_block`, `bad_crc`, ...), `detail` a sentence for a person, `offset` the
    byte where it begins, None where the judge gives no place.
    """

    code: str
    detail: str
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file of a backup came from: `path` in the place `source` (its id), with that file's own date and content.

    `seen` (RFC 3339 UTC) is when the copier last saw this content at this path there, by that machine's clock. `turn`
    counts the runs of the backup: of several contents that one path had over the years, that of the latest turn is the
    one to restore, whatever the clocks said; 0 where an earlier version of this program wrote it. `mtime_ns` None where
    the source knew no date; `changed_ns` and `inode` are the file's change time and number in the source, None where
    these say nothing there.
    """

    source: str
    path: str
    sha256: str
    mtime_ns: int | None
    seen: str
    turn: int = 0
    changed_ns: int | None = None
    inode: int | None = None

    @property
    def order(self) -> tuple[int, str]:
        """Later origins are greater."""
        return self.turn, self.seen


class Fixity(StrEnum):
    """How a backup's file fails what was stored (fixity, as in RFC 8493): its row proves nothing until it is mended."""

    ROTTED = "rotted"  # other bytes under the same date
    SPOILT = "spoilt"  # another date and other bytes, but no edit: empty now, or damaged where it was not
    OVERWRITTEN = "overwritten"  # it has the content of another file of the backup
    UNREADABLE = "unreadable"  # its bytes could not be read
    LOST = "lost"  # it is not there any more


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One row of a manifest: what is known of one file. None means not known, never zero or empty.

    `path` is relative to the place, with `/`, in Python's file-system form: bytes that are not UTF-8 are held as
    surrogate escapes (the manifest writes them as `path_bytes`). `size_bytes` in bytes; `mtime_ns` nanoseconds since
    1970 UTC; `read_at` RFC 3339 UTC, when these bytes were read; `taken_at` local time as the camera wrote it,
    `YYYY-MM-DDTHH:MM:SS`, with `taken_offset` (`+02:00`) and `taken_subsec` (digits) apart; `width` and `height` in
    pixels as displayed; latitude and longitude in degrees, north and east positive. `image_sha256` is the digest of
    everything in the file but what is known to be descriptive metadata; `coded_sha256` of the coded picture, frames and
    sound alone, which proves nothing, but finds the file that differs elsewhere. `file_id` names the file on this
    machine, whatever its path (device and inode), and `changed_ns` is when anything of it last changed (ctime); None
    where the place cannot say. `error` says why the row proves nothing, or less than others. `phash` is 16 hex digits,
    `phash_turned` the seven other orientations. `origins` is set in a backup's own manifests only, and so are the next
    three: `fixity` None where nothing is known to be wrong, `stored_sha256` the digest that the file should have where
    something is, and `edited` where its bytes were changed in the backup on purpose, and are not its origins' any more.
    """

    path: str
    size_bytes: int | None = None
    mtime_ns: int | None = None
    mtime_trusted: bool = True
    read_at: str | None = None
    digest_origin: DigestOrigin | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    head_sha256: str | None = None
    kind: Kind = Kind.OTHER
    format: str | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    taken_at: str | None = None
    taken_offset: str | None = None
    taken_subsec: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    orientation: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    image_id: str | None = None
    image_sha256: str | None = None
    coded_sha256: str | None = None
    phash: str | None = None
    phash_turned: tuple[str, ...] = ()
    soundness: Soundness | None = None
    checked: tuple[Tier, ...] = ()
    damage: tuple[Damage, ...] = ()
    notes: tuple[str, ...] = ()
    sidecar: str | None = None
    companion_of: str | None = None
    origins: tuple[Origin, ...] = ()
    fixity: Fixity | None = None
    stored_sha256: str | None = None
    edited: bool = False
    file_id: str | None = None
    changed_ns: int | None = None
    error: Trouble | None = None

    @property
    def sha256(self) -> str | None:
        """The SHA-256 of the whole content, in hex; None where it is not known."""
        return self.digests.get("sha256")

    @property
    def error_kind(self) -> ErrorKind | None:
        """Why the row proves nothing, or less than others; None where nothing is wrong with it."""
        return self.error.kind if self.error else None


MOST_BYTES = (1 << 63) - 1
"""No file is larger: what claims to be (a phone, an archive, a list of a stranger) has a size that is not known."""


@dataclass(frozen=True, slots=True)
class Device:
    """What is known of the phone or disk behind a place; None where the place cannot tell.

    `mounted_from` is what a mount that shows what lies elsewhere is said to be of: a server's share, a remote. `phone`
    is the same for all places of one phone: a digest of its serial number.
    """

    model: str | None = None
    android_version: str | None = None
    filesystem: str | None = None
    mounted_from: str | None = None
    storage_total_bytes: int | None = None
    storage_free_bytes: int | None = None
    usb_state: str | None = None
    is_phone: bool = False
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Behind:
    """One service that a remote leads to, as a list says it: enough to tell two of them from one, and no secret.

    `kind` is rclone's word for it, `hosts` are where it is reached, `service` which one it is. The others are hashed,
    step by step where they are paths, and say only what is equal: `account` facts on the account as `name=value`,
    `base` from where paths go, `paths` the folder in it as it may be called, `hidden` the path below it in the words of
    a remote that gives names of its own.
    """

    kind: str
    service: str
    hosts: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    base: str = ""
    paths: tuple[str, ...] = ()
    hidden: str = ""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next. `action` is the command of auditor that does it, with the words of its command line as they are
    (not as a shell wants them); None where no command does it, and `arguments` None where not all are known. As a text,
    it is the sentence for people, made of the same."""

    sentence: str
    action: str | None = None
    arguments: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason not to begin, as sentences. `wants` is the option by which the user says that it is meant all the same;
    None where no word helps. `instead` is what to do in its place, where that is known."""

    why: str
    wants: str | None = None
    instead: NextStep | None = None

    def __str__(self) -> str:
        return self.why


MADE_ON_PHONE = "phone"
"""The kind of place of a list that a phone made of itself: it is of a phone, and says perhaps of which model."""


@dataclass(frozen=True, slots=True)
class Header:
    """First line of a manifest: what was listed, by what, when.

    `columns` are the row's columns that this list can know of; a rule that needs another one is not run, never passed.
    `previous` tells of the list of the same place before this one (`files`, `bytes`, `finished`), None for the first.
    `sources` names the places whose files a backup holds, label by id; None where it does not say. `off_site` says that
    the place is kept elsewhere than on this machine and in its network; None where that is not known. `behind` are the
    services that a remote leads to; None of every other place, and where the list does not say.
    """

    schema: int
    tool: str
    place: str
    place_id: str
    label: str
    place_kind: str
    depth: Depth
    started: str
    columns: tuple[str, ...]
    digests: tuple[str, ...] = ("sha256",)
    device: Device | None = None
    exclusions: tuple[str, ...] = ()
    previous: Mapping[str, Any] | None = None
    sources: Mapping[str, str] | None = None
    off_site: bool | None = None
    behind: tuple[Behind, ...] | None = None


@dataclass(frozen=True, slots=True)
class Footer:
    """Last line of a manifest. `digest` is the SHA-256 of all lines before it; `complete` is False where the listing
    did not end cleanly, with the reasons."""

    files: int
    bytes: int
    digest: str
    finished: str
    complete: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """How one rule ended: what it looked at, how many findings count, and how long it took.

    `findings` counts new and known ones, `waived` the waived ones. `reason` says why a rule did not run or broke.
    `verdict` is what a finding of the rule makes of its file; None: nothing. `tidying`: no finding of
    it means that anything is lost.
    """

    rule_id: str
    state: RuleState
    severity: Severity
    looked_at: int = 0
    findings: int = 0
    known: int = 0
    waived: int = 0
    seconds: float = 0.0
    reason: str | None = None
    verdict: FileVerdict | None = None
    tidying: bool = False


@dataclass(frozen=True, slots=True)
class Partition:
    """due = proven + not_safe + not_checked + waived. It cannot be built unless it adds up.

    Raises: ValueError where the counts do not add up or one is negative.
    """

    due: int
    proven: int
    not_safe: int
    not_checked: int
    waived: int

    def __post_init__(self) -> None:
        parts = (self.proven, self.not_safe, self.not_checked, self.waived)
        if min(parts) < 0 or sum(parts) != self.due:
            raise ValueError(f"{self.due} due files are not {' + '.join(map(str, parts))}")


@dataclass(frozen=True, slots=True)
class Audit:
    """The outcome of an audit: what the screen, the CSV, the JSON and the report say with the same words.

    `limits` are the caveats without which the verdict is not to be had: of what it is not a word, or rests on.
    """

    verdict: Verdict
    sentence: str
    partition: Partition
    outcomes: tuple[RuleOutcome, ...]
    caveats: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
