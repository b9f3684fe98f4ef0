"""What became of a file is said in one way everywhere: the words have one home, and the pages take them from there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import auditor
from auditor import data as shipped
from auditor import words
from auditor.model import FileVerdict, Status

HOME = Path(words.__file__)
GUIDE = Path(__file__).parents[2] / "docs/guides/audits.md"


def test_everything_that_can_become_of_a_file_has_words() -> None:
    assert list(words.VERDICTS) == list(FileVerdict) and all(words.VERDICTS.values())
    assert list(words.STATUSES) == list(Status)


def strings(file: Path) -> Iterator[str]:
    """What a file may show: of a program its strings without those that explain it, of a page all of it."""
    text = file.read_text("utf-8")
    if file.suffix != ".py":
        yield text
        return
    tree = ast.parse(text)
    explaining = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining:
            yield node.value


def test_nothing_else_has_words_of_its_own_for_it() -> None:
    """The verdict's own sentences (judge) and those of findings are whole sentences."""
    labels = set(words.VERDICTS.values()) | set(words.STATUSES.values()) - {""}
    labels |= {label.capitalize() for label in labels}
    apart = re.compile(f"(?:^|>) *({'|'.join(map(re.escape, sorted(labels)))}) *(?:$|<)")
    files = [*Path(str(auditor.__file__)).parent.rglob("*.py"), *shipped.folder("reports").rglob("*.*")]
    found = [
        f"{file.name}: {match[1]}"
        for file in files
        if file != HOME
        for text in strings(file)
        for match in apart.finditer(text)
    ]
    assert not found


def test_the_guide_names_them() -> None:
    guide = GUIDE.read_text("utf-8")
    for verdict, said in words.VERDICTS.items():
        assert re.search(rf"`{verdict.value}` {re.escape(said)}\b", guide), verdict
