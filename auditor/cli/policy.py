"""auditor policy: what must be backed up, and what counts as proof."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from auditor.cli import programs, screen
from auditor.disk.folder import Folder
from auditor.errors import BadOutput
from auditor.judge import policy as policies
from auditor.judge import rules as known
from auditor.words import typed, visible

NAME = "policy"

app = typer.Typer(
    name=NAME, no_args_is_help=True, add_completion=False, help="What must be backed up, and what counts as proof."
)


@app.command("list", epilog=screen.examples((("auditor policy list", "the names for `auditor audit --policy`"),)))
def show_all() -> None:
    """Lists the policies that ship with the program.

    Exit codes: 0 listed.
    """
    programs.tell(policies=[{"id": name, "title": policies.load(name).title} for name in policies.names()])
    for name in policies.names():
        screen.say(f"{name:<15} {visible(policies.load(name).title)}")


@app.command(
    "show",
    epilog=screen.examples(
        (
            ("auditor policy show family", "what the usual policy asks for"),
            ("auditor policy show office -o my-policy.toml", "a copy to change, for `audit --policy my-policy.toml`"),
            ("auditor policy show my-policy.toml", "whether your own is understood"),
        )
    ),
)
def show_one(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A policy's name, or a file NAME.toml.")],
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", metavar="DIR", help="A folder of your own rules that it names.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", metavar="FILE.toml", help="Write a copy of it, to change.")] = None,
) -> None:
    """Shows one policy: what it asks for, and which checks it weighs otherwise. A file is checked on the way.

    Exit codes: 0 shown or copied; 2 there is no such policy, it cannot be understood, or FILE is there already.
    """
    policy = policies.load(name)
    policies.select(policy, known.load(rules or ()))
    if out is not None:
        _copy(name, out)
        return
    programs.tell(policy=asdict(policy))
    screen.say(f"{visible(policy.id)}  (version {visible(policy.version)})")
    screen.say(visible(policy.title))
    for line in policy.description.splitlines():
        screen.say(f"  {visible(line)}")
    off_site = f", {policy.off_site_copies} of them off-site" if policy.off_site_copies else ""
    other = [f"{rule} ({severity.value})" for rule, severity in sorted(policy.severities.items())]
    rows = (
        ("Must be backed up", ", ".join(kind.value for kind in policy.kinds) + ", and their sidecars"),
        ("Left out", ", ".join(("what lies in a bin", *policy.exclude_names, *policy.exclude_paths))),
        ("Counts as proof", ", ".join(status.value for status in policy.proof)),
        ("Copies", f"{policy.min_copies}{off_site}"),
        ("Off-site are", ", ".join(("clouds", *policy.off_site))),
        ("Lists may be", f"{policy.max_list_age_days} days old"),
        ("Checks skipped", ", ".join(policy.skip_rules)),
        ("Weighed otherwise", ", ".join(other)),
        ("Parameters", ", ".join(f"{key} = {value}" for key, value in policy.params.items())),
        ("SHA-256", policy.sha256),
    )
    screen.say()
    for title, text in rows:
        if text:
            screen.say(f"  {title:<18} {visible(text)}")


def _copy(name: str, out: Path) -> None:
    if out.suffix != ".toml":
        raise BadOutput(f"{out} does not end with .toml, which says that it is a policy's file; choose such a name")
    try:
        with Folder.open(out.parent) as folder:
            folder.write_new(out.name, policies.copy_of(name, out.stem))
    except FileExistsError as error:
        raise BadOutput(f"{out} is there already; nothing is written over. Choose another name with -o") from error
    except OSError as error:
        raise BadOutput(f"{out} cannot be written: {error.strerror}") from error
    programs.tell(file=out.absolute())
    screen.say(visible(str(out)))
    screen.note(f"Change it, then audit with --policy {visible(typed(str(out)))}")
