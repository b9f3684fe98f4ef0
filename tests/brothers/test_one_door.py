"""Whatever changes a place does it through `auditor.disk`: every call in the program that could change a folder is
looked up in its source, and is in that room or stands below with the reason why it may be where it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(str(find_spec("auditor").origin)).parent  # type: ignore[union-attr]

OS = {"rename", "replace", "renames", "unlink", "remove", "rmdir", "removedirs", "mkdir", "makedirs", "mkfifo", "link",
      "symlink", "utime", "truncate", "ftruncate", "chmod", "chown", "open", "mknod"}  # fmt: skip
SHUTIL = {"copy", "copy2", "copyfile", "copytree", "move", "rmtree"}
PATH = {"unlink", "rmdir", "mkdir", "touch", "write_text", "write_bytes", "chmod", "symlink_to", "hardlink_to",
        "rename"}  # fmt: skip

EXCEPTIONS = {
    "app/commands.py": "makes the home of reports that the user's own settings name",
    "app/jobs.py": "what commands said, in a folder of this user's own notes",
    "app/launcher.py": "an entry among this user's own programs, where nothing else has the name",
    "app/run.py": "the link for the browser: a new file of this user's own, and who may read the notes of the app",
    "app/temporary.py": "what goes with the server, in a folder of this user's own notes",
    "app/server.py": "takes that file away again",
    "audit/listing.py": "moves lists within the audit's own folder, which `locks.begin` has looked at",
    "audit/run.py": "renames that folder",
    "cli/__init__.py": "opens the null device",
    "cli/config.py": "makes the home of reports that a person has just named",
    "cli/work/demo.py": "makes the demo's folder, which was not there",
    "cli/work/doctor.py": "writes the phone's script into the folder that a person named for it",
    "cli/work/duplicates.py": "renames the search's own folder, which `locks.begin` has looked at",
    "cli/work/manifest.py": "makes the folder for pictures that a person named",
    "cli/work/verify.py": "the report that a person named, opened so that nothing is written over",
    "config.py": "makes the folder of this user's own settings",
    "copier/upload.py": "a temporary folder of its own",
    "copier/worker.py": "dates the open temporary file that it has just made",
    "isolation/heartbeat.py": "a temporary folder of its own",
    "demo/media.py": "films in memory",
    "demo/story.py": "files of the demo's folder, which was not there",
    "scan/cache.py": "lists in this user's cache",
    "manifest/interop/foreign.py": "makes the folder of an export that a person named",
    "manifest/jsonl.py": "makes the folder of a list that a person named",
    "readers/tiff/reader.py": "opens the null device",
    "report/__init__.py": "files of the audit's own folder, which `locks.begin` has looked at",
    "duplicates/tables.py": "files of the search's own folder, opened so that nothing is written over",
    "report/html.py": "a file of the audit's own folder",
    "report/provenance.py": "files of the audit's own folder",
    "report/signatures.py": "a file in a temporary folder of its own",
    "scrub/drill.py": "the record's own folder, which was not there",
    "report/tables.py": "files of the audit's own folder",
    "isolation/limits.py": "the null device, and a file of the kernel",
}


def changing(tree: ast.AST) -> Iterator[str]:
    """The calls of a module that could change a folder."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in OS:
                yield f"os.{name}"
            case ast.Attribute(value=ast.Name(id="shutil"), attr=name) if name in SHUTIL:
                yield f"shutil.{name}"
            case ast.Attribute(attr="replace") if len(node.args) == 1 and not node.keywords:
                yield ".replace"  # of a path: that of a string has two arguments, `dataclasses.replace` is a name
            case ast.Attribute(attr=name) if name in PATH:
                yield f".{name}"
            case ast.Attribute(attr="open") | ast.Name(id="open"):
                modes = [
                    a.value for a in (*node.args, *(k.value for k in node.keywords)) if isinstance(a, ast.Constant)
                ]
                if any(isinstance(m, str) and m and set(m) <= set("rwaxbt+") and set(m) & set("wax+") for m in modes):
                    yield "open for writing"


def test_nothing_changes_a_folder_past_the_door() -> None:
    found = {
        path.relative_to(PACKAGE).as_posix(): calls
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent != PACKAGE / "disk" and (calls := sorted(set(changing(ast.parse(path.read_text("utf-8"))))))
    }
    assert {name: calls for name, calls in found.items() if name not in EXCEPTIONS} == {}
    assert sorted(EXCEPTIONS) == sorted(found), "an exception is not needed any more"


def test_the_search_finds_what_it_looks_for() -> None:
    code = (
        "os.replace(a, b); p.replace(q); p.open('xb'); open(p, 'a'); p.unlink(); shutil.rmtree(p); 'x'.replace('a', '')"
    )
    assert len(list(changing(ast.parse(code)))) == 6
