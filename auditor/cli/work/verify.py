"""What `auditor verify` does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import typer

from auditor import __version__
from auditor.audit import refusals, roles
from auditor.cli import ahead, copying, named, programs, screen
from auditor.config import Role
from auditor.copier import backup as backing
from auditor.copier import preflight
from auditor.copier.execute import RunOptions
from auditor.copier.layout import Layout
from auditor.errors import BadOutput, BadPlace, Interrupted
from auditor.judge.signs import ASKED, CHECKED, CROSSED
from auditor.model import NextStep
from auditor.paths import display_path
from auditor.places.presence import watch
from auditor.scrub import verify as scrubbing
from auditor.scrub.result import NOT_LOOKED_AT, Conclusion, conclude
from auditor.scrub.sampling import CONFIDENCE
from auditor.scrub.verify import Choice, Verified
from auditor.store.changes import Fate
from auditor.store.generations import Store
from auditor.words import count, counted, moment, step, typed, visible

NAME = "verify"

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_557_600}


def command(
    *,
    backup: str,
    manifest: Path | None,
    sample: str | None,
    older_than: str | None,
    budget: str | None,
    out: Path | None,
    init: bool,
    hang: float,
) -> None:
    """As the command of this name in `auditor.cli` says."""
    backup = named.place(backup)
    place = copying.kept_folder(backup)
    named.used(place, Role.BACKUP)
    store = Store(place.root)
    role = roles.role_of_folder(place.root, backup)
    choice = _choice(sample, older_than, budget)
    if out is not None and out.exists():
        raise BadOutput(f"{out} is there already; nothing is written over. Choose another file with -o")
    if out is not None and not out.absolute().parent.is_dir():
        raise BadOutput(f"{out} cannot be written: there is no folder {out.parent}; make it, or choose another -o")
    if init and (manifest or out or not choice.everything):
        raise BadPlace("--init reads everything and compares with nothing: leave the others out")
    if init and next(iter(place.walk()), None) is None:  # as a mount point is without its disk
        raise BadPlace(f"there is nothing in {backup} to write down: is its disk connected and mounted?")
    if init and (told := preflight.in_bin(place.root)):
        raise BadPlace(told)
    if init and (told := refusals.refusal_of_init(role, map(roles.role_of_root, preflight.seen_here()))):
        raise BadPlace(told)
    if not init and manifest is None and not scrubbing.has_rows(store):
        if (marker := store.marker()) is not None and marker.generation:
            again = refusals.with_phone("backup", {s.id: s.label for s in marker.sources}, backup)
            told = f"the backup's manifests are missing; number {marker.generation} was the last"
            programs.tell(verdict="NOT SAFE", sentence=f"{told}. Nothing says what its files were.")
            screen.say(f"✗ NOT SAFE: {told}. Nothing says what its files were.", style="bold red")
            words = (
                f"put one back if you have a copy, or run `COMMAND`, which writes down what is there now; then {again}"
            )
            screen.next_step(step(NAME, backup, "--init", words=words))
            if out is not None:
                screen.say(f"  Nothing was written to {visible(str(out))}")
            raise typer.Exit(1)
        if store.marks():
            raise BadPlace(
                f"the first backup to {backup} was broken off before it wrote down what it had copied; run the same"
                f" `auditor backup` again: it goes on from there. Without the phone, `auditor verify {typed(backup)}"
                " --init` writes down what is there"
            )
        copying.refuse(refusals.refusal_without_record(role, NAME))
    title = f"Reading {named.called(place)}"
    with copying.stoppable() as stop, screen.phase(title) as show:
        timed = ahead.timed(show, title, NAME, place.id, place.kind)
        options = RunOptions(hang_s=hang, stop=stop, on_progress=copying.as_scan(timed))
        if manifest is not None:
            options = replace(options, unplugged=watch(place, None))
            verified = scrubbing.verify_against(place.root, manifest, choice, options, _now)
        elif init:
            with backing.session(place.root, Layout.MIRROR) as store:
                made = scrubbing.first_generation(store, replace(options, unplugged=watch(place, store.door)), _now)
        else:
            with scrubbing.session(store) as (store, unwritable):
                options = replace(options, unplugged=watch(place, store.opened))
                known = preflight.remembered(place.root)
                verified = scrubbing.verify(
                    store, choice, options, _now, seed=_now().toordinal(), known=known, unwritable=unwritable
                )
                preflight.remember_last(store, lower=False)
        stopped = stop()
    if stopped:
        if init:
            kept = f"What was read is written down; `auditor verify {typed(backup)}` goes on with the others."
        elif manifest is not None or verified.unwritten:
            kept = "Nothing was written down; the same command begins again."
        elif not verified.read:
            kept = "Nothing was read yet; the same command begins again."
        else:
            kept = "What was read is written down; the same command reads the longest unread first."
        raise Interrupted(f"stopped. {kept}")
    if init:
        programs.tell(manifest=made.path, files=made.footer.files, complete=made.footer.complete)
        screen.say(f"✓ {counted(made.footer.files, 'file is', 'files are')} written down in {visible(str(made.path))}")
        for reason in made.footer.reasons:
            screen.note(visible(reason))
        raise typer.Exit(0 if made.footer.complete else 3)
    conclusion = conclude(verified, choice)
    programs.tell(**_record(verified, conclusion, place.label, _now()))
    if out is not None:
        _write(_record(verified, conclusion, place.label, _now()), out)
    show_verified(verified, conclusion, place.spec, role.sources, out)
    raise typer.Exit(conclusion.exit_code)


def _whence(verified: Verified) -> list[str]:
    """Where the bytes came from that were read: a copy in this computer's memory says nothing of the disk."""
    lines = []
    if verified.from_device:
        lines.append(f"{counted(verified.from_device, 'file was', 'files were')} read from the disk itself")
    if verified.untold:
        many = counted(verified.untold, "file was", "files were")
        lines.append(f"{many} read, perhaps from this computer's memory: the system does not tell")
    return lines


def show_verified(
    verified: Verified,
    conclusion: Conclusion,
    backup: str,
    phones: Mapping[str, str] = MappingProxyType({}),
    record: Path | None = None,
) -> None:
    """The verdict of a scrub and what it found. `phones` are those that the backup has a record of, label by id;
    `record` is the file that says the same, None where none was wanted."""
    counts = verified.counts
    sign, word, colour = _SIGNS[conclusion.exit_code]
    screen.verdict(f"{sign} {word}{conclusion.sentence}", f"bold {colour}")
    unread = f"  {count(counts[Fate.NOT_READ]):>10}  not read this time"
    if screen.quiet():
        if counts[Fate.NOT_READ]:  # the sentence speaks of the others alone
            screen.say(unread)
        return
    for generation in verified.chain:
        screen.say(f"  {generation.path.name}: {visible(generation.trouble or '')}")
    if verified.outdated:
        one = verified.outdated[0]
        more = f" (and {count(len(verified.outdated) - 1)} more)" if verified.outdated[1:] else ""
        screen.say(f"  An older manifest, {one.path.name}{more}: {visible(one.trouble or '')}")
        screen.say("  Nothing depends on it any more: a later one, which is right, lists all files.")
    if verified.unwritten:
        screen.say(f"  Not written down: {visible(verified.unwritten)}")
    copying.fates(verified.found, screen.say)
    if counts[Fate.NOT_READ]:
        screen.say(unread)
    if verified.binned:
        lie = "lies" if verified.binned == 1 else "lie"
        screen.say(f"  {count(verified.binned):>10}  {lie} in a bin here, which will be emptied; not counted")
    for line in _whence(verified):
        screen.say(f"  {line}")
    if verified.oldest_read:
        screen.say(f"  Every file was read after {moment(verified.oldest_read)}")
    if verified.statement:
        screen.say(f"  {verified.statement}")
    screen.say(f"  Not looked at: {NOT_LOOKED_AT}. {refusals.with_phone('audit', phones, backup)} does")
    written = [f"  Report   {visible(str(record))}"] if record is not None else []
    screen.ending(*written, step=_next_step(verified, phones, backup))


def _next_step(verified: Verified, phones: Mapping[str, str], backup: str) -> NextStep | None:
    """What to do about what was found. Where the phone lies that its `backup` would need, nobody wrote down."""
    counts = verified.counts
    again = refusals.with_phone("backup", phones, backup)
    bad = {fate for fate in scrubbing.BAD if counts[fate]}
    if verified.lies_in_bin:
        return NextStep(f"move it out of there, then run `auditor {NAME}` on it again")
    if bad == {Fate.EXCHANGED}:
        return NextStep(f"{again} writes down the names that they have now", "backup")
    if bad:
        return NextStep(f"{again} repairs them, where the phone still has them", "backup")
    if verified.chain:
        return NextStep(f"{again} puts that right", "backup")
    if counts[Fate.EDITED]:
        return NextStep(f"{again} copies what was stored once more, where the phone still has it", "backup")
    return None


_SIGNS = {0: (CHECKED, "", "green"), 1: (CROSSED, "NOT SAFE: ", "red"), 3: (ASKED, "CANNOT SAY: ", "yellow")}
"""By exit code: the sign, the word before the sentence, and its colour. A backup by itself is never called safe."""


def _record(verified: Verified, conclusion: Conclusion, label: str, now: datetime) -> dict[str, object]:
    """What a scrub found, for machines and files; `statement` is what reading some of the files says of all."""
    unread = verified.counts[Fate.NOT_READ] + verified.counts[Fate.UNREADABLE]
    return {
        "backup": label,
        "finished": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tool": f"auditor {__version__}",
        "verdict": conclusion.verdict.value if conclusion.verdict else None,
        "sentence": conclusion.sentence,
        "not_looked_at": NOT_LOOKED_AT,
        "counts": {fate.value: verified.counts[fate] for fate in Fate},
        "statement": verified.statement or "All of the files were read." * (not unread),
        "confidence": CONFIDENCE if verified.statement else None,
        "read_from_device": verified.from_device,
        "could_not_tell": verified.untold,
        "every_file_read_since": verified.oldest_read,
        "read_in_a_bin": verified.binned,
        "not_written_down": verified.unwritten,
        "manifests_not_right": [{"name": g.path.name, "trouble": g.trouble} for g in verified.chain],
        "older_manifests_not_right": [{"name": g.path.name, "trouble": g.trouble} for g in verified.outdated],
        "files": [
            {
                "path": display_path(f.path),
                "fate": f.fate.value,
                "stored_sha256": f.stored,
                "read_sha256": f.read,
                "detail": f.detail,
            }
            for f in verified.found
        ],
    }


def _write(record: dict[str, object], out: Path) -> None:
    try:
        with out.open("x", encoding="utf-8") as stream:
            json.dump(record, stream, indent=2)
            stream.write("\n")
    except OSError as error:
        raise BadOutput(f"{out} cannot be written: {error.strerror}") from error


def _choice(sample: str | None, older_than: str | None, budget: str | None) -> Choice:
    number, share = None, None
    if sample is not None:
        fits = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", sample.strip())
        if not fits or float(fits[1]) <= 0 or (fits[2] and float(fits[1]) > 100) or ("." in fits[1] and not fits[2]):
            raise BadPlace(f"--sample {sample} is neither a number of files nor a share: write 500 or 5%")
        number, share = (None, float(fits[1]) / 100) if fits[2] else (int(fits[1]), None)
    age_s = _seconds(older_than, "--older-than")
    return Choice(number, share, None if age_s is None else timedelta(seconds=age_s), _seconds(budget, "--budget"))


def _seconds(text: str | None, option: str) -> float | None:
    if text is None:
        return None
    fits = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhdwy])", text.strip().lower())
    if not fits:
        raise BadPlace(f"{option} {text} is no time: write a number and s, m, h, d, w or y, such as 10m or 30d")
    return float(fits[1]) * _UNITS[fits[2]]


def _now() -> datetime:
    return datetime.now(UTC)
