"""auditor backup to a cloud: what it lacks is uploaded, compared there, moved into place, and audited."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import typer

from auditor.audit import inputs, uploads
from auditor.audit.order import Order
from auditor.audit.refusals import refusal_of_backup
from auditor.audit.roles import Pair, paired, role_of, said_by_hand
from auditor.cli import ahead, copying, named, programs, screen, unfinished
from auditor.cli.work import audit as audit_command
from auditor.copier.source_manifest import without
from auditor.copier.upload import Outcome, Upload, upload_missing
from auditor.errors import BadPlace, Interrupted
from auditor.judge import rules as ruling
from auditor.judge import verdict
from auditor.judge.policy import Policy
from auditor.manifest.jsonl import Manifest
from auditor.model import Depth, Severity
from auditor.places import Place, nesting, pace
from auditor.places.rclone import RclonePlace, open_rclone
from auditor.places.rcloneclient import RemoteFailed, call
from auditor.report import list_name
from auditor.scan import run as scan
from auditor.words import count, counted, size, typed, visible

PREFIX = "rclone:"
UPLOAD = "upload"


def backup(
    place: Place,
    dest: str,
    policy: Policy,
    out: Path | None,
    fail_on: Severity,
    *,
    plan_only: bool,
    no_audit: bool,
    is_by_hand: bool = False,
) -> None:
    """Carries out `auditor backup SOURCE rclone:REMOTE:PATH`; exits as `backup` does."""
    cloud = open_rclone(dest.removeprefix(PREFIX))
    if nesting.will_be_emptied(cloud):
        raise BadPlace(f"{dest} lies in a bin, which will be emptied; name a folder outside of it")
    if nesting.within(cloud, place):
        raise BadPlace(f"the backup {dest} lies inside the source {place.spec}; name places that are apart")
    if nesting.within(place, cloud):
        raise BadPlace(f"the source {place.spec} lies inside its backup {dest}; name places that are apart")
    sides = paired(role_of(place), role_of(cloud), is_by_hand=is_by_hand)
    if plan_only:
        words = " ".join((typed(place.spec), typed(dest), *said_by_hand([sides])))
        raise BadPlace(f"an upload has no plan beforehand: run `auditor audit {words}`, which changes nothing")
    copying.name_sides([sides], refusal_of_backup)
    try:
        call(cloud.serving, "operations/mkdir", {"fs": cloud.remote, "remote": ""})
    except RemoteFailed as error:
        screen.note(f"the folder could not be made, it may be there already: {visible(str(error))}")
    uploads.remember(cloud.local_things, place)
    excluded = re.compile(policy.excluded())
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as work:
        title = f"Reading {named.called(place)}"
        with screen.phase(title) as show:
            listed = scan.scan(
                place,
                Path(work) / list_name(0),
                depth=Depth.DECODE,
                use_cache=False,
                extra_digests=cloud.native_digests()[:1],
                on_progress=ahead.timed(show, title, Depth.DECODE, place.id, place.kind),
            )
        done = _upload(place, listed, cloud, excluded)
        failed = [(upload.path, upload.reason or "") for upload in done if upload.outcome is Outcome.FAILED]
        if failed:
            screen.note(f"{count(len(failed)):>10}  not uploaded:")
            copying.listed(failed)
        if altered := _altered(place, listed, done):
            listed = without(altered, listed, place, Path(work) / list_name(1))
        if no_audit:
            raise typer.Exit(1 if failed or altered or not listed.footer.complete else 0)
        code = _audit(place, listed, cloud, policy, out, fail_on, began, sides)
    raise typer.Exit(code)


def _upload(place: Place, listed: Manifest, cloud: RclonePlace, excluded: re.Pattern[str] | None) -> list[Upload]:
    done: list[Upload] = []

    def to_upload(files: int, size_bytes: int) -> None:
        if not files:
            return
        told = ahead.expected(UPLOAD, cloud.id, cloud.kind, files, size_bytes)
        time = f"; {told}" if told else ""
        screen.note(f"{'To upload':<24} {counted(files, 'file', 'files')}, {size(size_bytes)} at most{time}")

    with screen.phase(f"Uploading to {named.called(cloud)}", "not uploaded") as show:
        now = scan.Progress(0, listed.footer.files, 0, listed.footer.bytes, "", 0, 0)
        for upload in upload_missing(place, listed, cloud, excluded, to_upload):
            done.append(upload)
            now = replace(now, files=now.files + 1, bytes=now.bytes + upload.size_bytes, current=upload.path)
            show(now)
    counts = Counter(upload.outcome for upload in done)
    sent = sum(upload.size_bytes for upload in done if upload.outcome is Outcome.UPLOADED)
    weight = programs.weighed(counts[Outcome.UPLOADED], sent)
    pace.remember(UPLOAD, cloud.id, weight, sum(upload.seconds for upload in done))
    lost = [{"path": one.path, "reason": one.reason} for one in done if one.outcome is Outcome.FAILED]
    programs.tell(copied=counts[Outcome.UPLOADED], held=counts[Outcome.HELD], bytes=sent, not_copied=lost)
    screen.note(f"{count(counts[Outcome.UPLOADED]):>10}  uploaded and compared there, {size(sent)}")
    screen.note(f"{count(counts[Outcome.HELD]):>10}  there already")
    return done


def _altered(place: Place, listed: Manifest, done: Sequence[Upload]) -> dict[str, str]:
    """The files of which a phone says itself that they are others than what arrived of them, with the reason; says so.

    Raises: Interrupted where Ctrl-C was pressed meanwhile.
    """
    there = {upload.path for upload in done if upload.outcome is not Outcome.FAILED}
    arrived = {row.path: (row.sha256, row.size_bytes) for row in listed.rows() if row.path in there}
    with copying.stoppable() as stop:
        proof = copying.asked_again(place, arrived, stop)
    altered = copying.confirmed(proof) if proof else {}
    if stop():
        raise Interrupted("stopped; nothing was audited. The same command goes on from there.")
    return altered


def _audit(
    place: Place,
    listed: Manifest,
    cloud: RclonePlace,
    policy: Policy,
    out: Path | None,
    fail_on: Severity,
    began: datetime,
    sides: Pair,
) -> int:
    known = ruling.load(())
    report = out or unfinished.new("audit", folder=named.home())
    order = Order(
        *inputs.labelled(
            inputs.Side(place.spec, place.label, place, listed),
            [inputs.Side(cloud.spec, cloud.label, cloud)],
            named.name_of,
            named.given(),
        ),
        policy,
        known,
        began=began,
        pairs=(sides,),
        homes=named.homes(report),
        by=named.by(),
    )
    result = audit_command.run(order, report)
    audit_command.show(result, report, {rule.id: rule for rule in known})
    return verdict.exit_code(result.verdict, result.outcomes, fail_on)
