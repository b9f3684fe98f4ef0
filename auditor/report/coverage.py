"""The coverage plot: of each month and folder, how many files are safe, and how many each backup holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from auditor import words as text
from auditor.database import page
from auditor.database.connection import Database
from auditor.database.page import Axis
from auditor.model import FileVerdict

FEWEST = 12
"""A plot of fewer files says no more than their list."""
MOST_LINES = 4
_MOST_MONTHS, _MOST_YEARS, _MOST_FOLDERS = 48, 40, 12
_ENOUGH = 0.9  # of the dated files: so many have to lie in the months that are shown, or years are
_HEIGHT = 150.0  # of the highest bar, in pixels
_KINDS = {verdict.value: said for verdict, said in text.VERDICTS.items() if verdict is not FileVerdict.NOT_DUE}


@dataclass(frozen=True, slots=True)
class Amount:
    """The due files of one month, year or folder: by verdict, and by the backup that holds proof of them."""

    label: str
    verdicts: Mapping[str, int]
    held: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.verdicts.values())

    @property
    def words(self) -> str:
        """The numbers as a sentence."""
        parts = [
            f"{text.count(self.verdicts[kind])} {said}" for kind, said in _KINDS.items() if self.verdicts.get(kind)
        ]
        backups = [f"{text.count(number)} in {backup}" for backup, number in self.held.items()]
        return f"{self.label}: {text.counted(self.total, 'file', 'files')}, {', '.join((*parts, *backups))}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle or line of the plot: across in percent of the width, down in pixels."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One month, year or folder as it is drawn; `tick` is what stands on the axis, empty for none."""

    amount: Amount
    tick: str
    x: float
    y: float
    width: float
    height: float
    pieces: tuple[Piece, ...]
    lines: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """One view. `amounts` are all numbers of it, for the table; `top` is the count of the highest bar; `by_file` is how
    many lie where the date of the file puts them, as none of the photo is known."""

    heading: str
    name: str
    bars: tuple[Bar, ...]
    amounts: tuple[Amount, ...]
    top: int
    height: float
    others: str = ""
    by_file: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Both views, the verdicts that occur in them, with their words, and the backups, in the audit's order."""

    plots: tuple[Plot, ...]
    kinds: Mapping[str, str]
    backups: tuple[str, ...]


def of(db: Database, proof: Sequence[str], backups: Sequence[str]) -> Coverage | None:
    """The plot of an audit; None where there are too few files. `backups` are their labels, in visible form."""
    dated, folders = _amounts(db, Axis.MONTH, proof, backups), _amounts(db, Axis.FOLDER, proof, backups)
    if sum(amount.total for amount in dated.values()) < FEWEST:
        return None
    kinds = {kind: words for kind, words in _KINDS.items() if any(a.verdicts.get(kind) for a in dated.values())}
    months = replace(_by_month(dated, backups), by_file=page.dated_by_file(db))
    places = _by_folder(folders, backups)
    # One or two months are no course of time.
    return Coverage((months, places) if len(months.bars) > 2 else (places, months), kinds, tuple(backups))


def _amounts(db: Database, axis: Axis, proof: Sequence[str], backups: Sequence[str]) -> dict[str | None, Amount]:
    verdicts: dict[str | None, dict[str, int]] = {}
    for one in page.covered(db, axis):
        verdicts.setdefault(one.name, {})[one.verdict] = one.count
    held: dict[str | None, dict[str, int]] = {}
    for other in page.held(db, axis, proof):
        held.setdefault(other.name, {})[text.visible(other.backup)] = other.count
    return {
        name: Amount(_label(axis, name), found, {backup: held.get(name, {}).get(backup, 0) for backup in backups})
        for name, found in verdicts.items()
    }


def _label(axis: Axis, name: str | None) -> str:
    if axis is Axis.FOLDER:
        return text.visible(name or "") or "(top folder)"
    return text.month(name) if name else "no date"


def _together(label: str, amounts: Iterable[Amount], backups: Sequence[str]) -> Amount:
    """Several as one."""
    found = list(amounts)
    verdicts = {kind: number for kind in _KINDS if (number := sum(one.verdicts.get(kind, 0) for one in found))}
    return Amount(label, verdicts, {backup: sum(one.held.get(backup, 0) for one in found) for backup in backups})


def _by_month(dated: Mapping[str | None, Amount], backups: Sequence[str]) -> Plot:
    """Every month of the four years that hold the most, or every year where these do not hold nearly all; what lies
    outside, and what has no date, in bars of their own."""
    months = {_number(name): amount for name, amount in dated.items() if name}
    total = sum(amount.total for amount in months.values())
    first, last = _window(months, _MOST_MONTHS)
    inside = sum(amount.total for number, amount in months.items() if first <= number <= last)
    heading, unit = "By month", 1
    if inside < _ENOUGH * total:
        heading, unit = "By year", 12
        years: dict[int, list[Amount]] = {}
        for number, amount in months.items():
            years.setdefault(number // 12, []).append(amount)
        months = {year: _together(str(year), found, backups) for year, found in years.items()}
        first, last = _window(months, _MOST_YEARS)
    shown = [
        (_tick(number, unit, number == first), months.get(number) or _together(_name(number, unit), (), backups))
        for number in range(first, last + 1)
        if months
    ]
    around = [
        ("before", _together("before that", (a for n, a in months.items() if n < first), backups)),
        *shown,
        ("later", _together("after that", (a for n, a in months.items() if n > last), backups)),
        ("no date", dated.get(None) or _together("no date", (), backups)),
    ]
    bars = [(tick, amount) for tick, amount in around if amount.total or amount in [a for _, a in shown]]
    amounts = tuple(amount for _, amount in sorted(months.items())) + ((dated[None],) if None in dated else ())
    return _upright(heading, bars, amounts, backups)


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _name(number: int, unit: int) -> str:
    return text.month(f"{number // 12:04d}-{number % 12 + 1:02d}") if unit == 1 else str(number)


def _tick(number: int, unit: int, is_first: bool) -> str:
    if is_first and unit == 1 and 12 - number % 12 > 3:
        return f"{_name(number, unit)[:3]} {number // 12}" if number % 12 else str(number // 12)
    if unit == 1:
        return str(number // 12) if number % 12 == 0 else ""
    return str(number) if number % 5 == 0 else ""


def _window(amounts: Mapping[int, Amount], most: int) -> tuple[int, int]:
    """The first and last of so many neighbours that hold the most files, the latest of such: a camera without a clock
    dates one photo to 1970 or 2099."""
    starts = sorted(amounts)
    if not starts or starts[-1] - starts[0] < most:
        return (starts[0], starts[-1]) if starts else (0, -1)
    held = {start: sum(a.total for n, a in amounts.items() if start <= n < start + most) for start in starts}
    best = max(starts, key=lambda start: (held[start], start))
    within = [number for number in starts if best <= number < best + most]
    return within[0], within[-1]


def _upright(
    heading: str, found: Sequence[tuple[str, Amount]], amounts: tuple[Amount, ...], backups: Sequence[str]
) -> Plot:
    top = max((amount.total for _, amount in found), default=0) or 1
    width = 100 / max(len(found), 8)
    bars = []
    for nth, (tick, amount) in enumerate(found):
        x, y = nth * width, _HEIGHT
        pieces = []
        for kind in _KINDS:
            if number := amount.verdicts.get(kind, 0):
                height = _HEIGHT * number / top
                y -= height
                pieces.append(Piece(kind, x + width * 0.1, y, width * 0.8, height))
        lines = [
            Piece(str(which), x, _HEIGHT - _HEIGHT * amount.held[backup] / top - 1.5 * which, width, 0)
            for which, backup in enumerate(backups[:MOST_LINES])
        ]
        bars.append(Bar(amount, tick, x, 0, width, _HEIGHT, tuple(pieces), tuple(lines)))
    return Plot(heading, "month", tuple(bars), amounts, top, _HEIGHT)


_ROW = 38.0


def _by_folder(folders: Mapping[str | None, Amount], backups: Sequence[str]) -> Plot:
    """The folders with the most files; all others are one line of words, outside the scale."""
    ranked = sorted(folders.values(), key=lambda amount: (-amount.total, amount.label))
    shown, rest = ranked[:_MOST_FOLDERS], ranked[_MOST_FOLDERS:]
    top = shown[0].total if shown else 1
    bars = []
    for nth, amount in enumerate(shown):
        x, y = 0.0, nth * _ROW
        pieces = []
        for kind in _KINDS:
            if number := amount.verdicts.get(kind, 0):
                pieces.append(Piece(kind, x, y + 18, 100 * number / top, 12))
                x += 100 * number / top
        lines = [
            Piece(str(which), 100 * amount.held[backup] / top, y + 15, 0, 18)
            for which, backup in enumerate(backups[:MOST_LINES])
        ]
        bars.append(Bar(amount, amount.label, 0, y, 100, _ROW, tuple(pieces), tuple(lines)))
    others = _together(text.counted(len(rest), "other folder", "other folders"), rest, backups).words if rest else ""
    return Plot("By folder", "folder", tuple(bars), tuple(ranked), top, _ROW * len(shown), others)
