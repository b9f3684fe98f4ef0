"""`auditor` without a word: what it sees, what was said last, and what to do next."""

from __future__ import annotations

from dataclasses import asdict

from auditor import config
from auditor.cli import named, programs, screen
from auditor.cli.work import places
from auditor.config import Role
from auditor.judge.signs import ASKED, SIGNS
from auditor.model import NextStep, Verdict
from auditor.places.candidates import Candidate, Presence, Sort, candidates
from auditor.report import history
from auditor.report.history import Past
from auditor.words import day, step, visible


def show() -> None:
    """A few lines: the phones and backups that are there, the last audit, the next step, and where help is."""
    known = config.load()
    found = candidates(known.places)
    past = history.found([named.home()])
    last = past[0] if past else None
    is_changed = last is not None and history.is_changed(last)
    programs.tell(places=list(map(asdict, found)), last=last and _told(last, is_changed))
    shown = [one for one in found if one.name or one.sort in (Sort.PHONE, Sort.DISK, Sort.SHARE)]
    for one in shown:
        screen.say(places.line(one))
    phones = [one for one in found if one.role is Role.PHONE or one.sort is Sort.PHONE]
    if not any(one.presence is Presence.THERE for one in phones):
        screen.say("- No phone is seen. `auditor doctor` says what to do about it.")
    if last is not None:
        where = f"{visible(last.source)} in {', '.join(map(visible, last.backups))}"
        sign, said = (ASKED, history.CHANGED) if is_changed else (SIGNS[last.verdict], visible(last.sentence))
        screen.say(f"{sign} {day(last.finished)}, {where}: {said}")
    screen.next_step(_next(known, found, None if is_changed else last))
    screen.say("  Help     auditor --help")


def _told(last: Past, is_changed: bool) -> dict[str, object]:
    said = {"verdict": last.verdict, "sentence": last.sentence}
    return {"folder": last.folder.absolute(), **said, "changed": is_changed}


def _next(known: config.Config, found: tuple[Candidate, ...], last: Past | None) -> NextStep:
    phones, backups = known.of(Role.PHONE), known.of(Role.BACKUP)
    away = {one.name for one in found if one.presence in (Presence.ABSENT, Presence.SILENT, Presence.NOT_READY)}
    if not phones or not backups:
        if last is None:
            return NextStep("auditor audit PHONE BACKUP, which changes nothing on either; `auditor demo` shows it")
        return NextStep("auditor audit PHONE BACKUP again, or give both a name once: `auditor config add --help`")
    missing = [one.name for one in (*phones, *backups) if one.name in away]
    if missing:
        return NextStep(f"connect {' and '.join(missing)}, then auditor audit", "audit", ())
    if last is not None and last.verdict is Verdict.NOT_SAFE and len(phones) == len(backups) == 1:
        words = (phones[0].name, backups[0].name)
        return step("backup", *words, words="COMMAND, which copies what is missing, and audits")
    return step("audit") if len(phones) == 1 else step("audit", phones[0].name)
