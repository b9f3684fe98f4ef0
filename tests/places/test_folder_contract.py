"""The folder keeps the contract of places."""

from __future__ import annotations

from pathlib import Path

from auditor.places import Place
from auditor.places.folder import open_folder
from tests.places.contract import PlaceContract


class TestFolder(PlaceContract):
    def show(self, tree: Path) -> Place:
        return open_folder(str(tree))

    def gone(self, tmp_path: Path) -> Place:
        (tmp_path / "soon gone").mkdir()
        place = self.show(tmp_path / "soon gone")
        (tmp_path / "soon gone").rmdir()
        return place
