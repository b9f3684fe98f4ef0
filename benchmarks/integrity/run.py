"""Who finds damaged photos and films, and who cries wolf: seeded faults, the auditor and its peers on the same files.

Run from the checkout: `python -m benchmarks.integrity.run FOLDER... --out DIR [--bases 40] [--peers-on 4] [--seed 1]`.
DIR gets the files, `truth.csv` (what was done to each) and `verdicts.csv` (who called it bad); the tables are printed.
Peers judge the faults of the first `--peers-on` samples of each family, since they start a process for each file.
"""

from __future__ import annotations

import argparse
import collections
import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from auditor.model import Depth
from benchmarks.integrity import faults
from benchmarks.integrity.faults import FILMS, Fault
from benchmarks.integrity.peers import Auditor, Judge, judges
from benchmarks.integrity.samples import Sample, given, made

_NOT_GROSS = ("one bit flipped", "a byte of DQT changed", "a byte of DHT changed")
_ENCODED = 4


@dataclass(slots=True)
class Score:
    """Of how many files a judge said that they are bad."""

    bad: int = 0
    judged: int = 0

    def __str__(self) -> str:
        return "-" if not self.judged else f"{self.bad}/{self.judged}"


Table = dict[tuple[str, str], dict[str, Score]]


def faulted(samples: list[Sample], seed: int) -> Iterator[tuple[Sample, int, Fault]]:
    """Every fault of every sample, with the sample's number within its family."""
    number: collections.Counter[str] = collections.Counter()
    photos = [s for s in samples if s.family == "jpeg"]
    for sample in samples:
        index = number[sample.family]
        number[sample.family] += 1
        yield sample, index, Fault("sound", "sound", sample.content, 0, 0, harmful=False)
        key = f"{seed}|{sample.name}"
        if sample.family in ("jpeg", "jpeg, progressive") and faults.jpeg_segments(sample.content)[0]:
            other = photos[(index + 1) % len(photos)].content
            yield from ((sample, index, f) for f in faults.jpeg(sample.content, other, key))
            yield from ((sample, index, f) for f in faults.jpeg_harmless(sample.content, other, key))
        else:
            format_ = sample.family.split(" ")[0].rstrip(",")
            yield from ((sample, index, f) for f in faults.general(format_, sample.content, key))


def judge_all(samples: list[Sample], out: Path, seed: int, peers_on: int, all_judges: list[Judge]) -> Table:
    """Write each fault, ask the judges, keep who said what."""
    table: Table = collections.defaultdict(lambda: collections.defaultdict(Score))
    with (out / "truth.csv").open("w", newline="") as truth_file, (out / "verdicts.csv").open("w", newline="") as said:
        truth, verdicts = csv.writer(truth_file), csv.writer(said)
        truth.writerow(["file", "base", "family", "real", "group", "fault", "harmful", "offset", "length"])
        verdicts.writerow(["file", "judge", "bad"])
        for sample, index, fault in faulted(samples, seed):
            if fault.harmful and fault.content == sample.content:
                continue
            stem = "".join(c if c.isalnum() and c.isascii() else "_" for c in Path(sample.name).stem)
            path = out / "files" / sample.family.replace(" ", "_") / f"{stem}__{fault.name}{sample.extension}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(fault.content)
            name = path.relative_to(out).as_posix()
            what = [sample.name, sample.family, sample.real, fault.group, fault.name, fault.harmful]
            truth.writerow([name, *what, fault.offset, fault.length])
            for judge in all_judges:
                if sample.extension not in judge.reads or (not judge.name.startswith("auditor") and index >= peers_on):
                    continue
                bad = judge.bad(path)
                verdicts.writerow([name, judge.name, bad])
                score = table[sample.family, fault.group][judge.name]
                score.bad += bad
                score.judged += 1
            path.unlink()
    return table


def show(table: Table, names: list[str]) -> None:
    """The table as Markdown: files called bad of files judged."""
    print("| family | fault | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 2) + "|")
    for (family, group), scores in sorted(table.items(), key=lambda item: (item[0][0], _order(item[0][1]))):
        print(f"| {family} | {group} | " + " | ".join(str(scores[name]) for name in names) + " |")


def _order(group: str) -> tuple[int, str]:
    return (0 if group == "sound" else 1 if group.startswith("harmless") else 2), group


def summary(table: Table, names: list[str]) -> None:
    """The figures that the goals are about, one line each."""
    print("\n| over all | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    jpegs = ("jpeg", "jpeg, progressive")
    lines: dict[str, Callable[[str, str], bool]] = {
        "false alarms, sound files": lambda f, g: g == "sound",
        "false alarms, harmless changes": lambda f, g: g.startswith("harmless"),
        "JPEG, gross faults": lambda f, g: f in jpegs and _harm(g) and g not in _NOT_GROSS,
        "cut at 10-99 %, all families": lambda f, g: g == "cut at 10-99 %",
        "header wiped, all families": lambda f, g: g == "header wiped",
        "4 KiB of zeros, all but TIFF": lambda f, g: g == "4 KiB of zeros" and f != "tiff",
        "part behind missing or cut": lambda f, g: g in ("part behind missing", "part behind cut"),
        "HEIC, 4 KiB of noise": lambda f, g: f == "heic" and g == "4 KiB of noise",
        "WebP, 4 KiB of noise": lambda f, g: f == "webp" and g == "4 KiB of noise",
        "films, 4 KiB of noise": lambda f, g: f[:3] in FILMS and g == "4 KiB of noise",
        "PNG, one bit flipped": lambda f, g: f == "png" and g == "one bit flipped",
        "HEIC, one bit flipped": lambda f, g: f == "heic" and g == "one bit flipped",
        "H.264 films, one bit flipped": lambda f, g: f.endswith("H.264") and g == "one bit flipped",
        "one bit flipped, all families": lambda f, g: g == "one bit flipped",
    }
    for name, wanted in lines.items():
        total: dict[str, Score] = collections.defaultdict(Score)
        for (family, group), scores in table.items():
            if wanted(family, group):
                for judge, score in scores.items():
                    total[judge].bad += score.bad
                    total[judge].judged += score.judged
        cells = [f"{total[n]} {_percent(total[n])}".strip() for n in names]
        print(f"| {name} | " + " | ".join(cells) + " |")


def _harm(group: str) -> bool:
    return group != "sound" and not group.startswith("harmless")


def _percent(score: Score) -> str:
    return f"({100 * score.bad / score.judged:.1f} %)" if score.judged else ""


def main() -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bases", type=int, default=60, help="how many of the given files of a family get faults")
    parser.add_argument("--peers-on", type=int, default=4, help="of how many samples of a family the peers are asked")
    parser.add_argument("--families", nargs="+", help="only families that begin with one of these words")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    real, left_out = given(options.folders)
    large = [s for s in real if s.family == "jpeg" and len(s.content) > 600_000][:_ENCODED]
    samples = real + list(made([Image.open(io.BytesIO(s.content)).convert("RGB") for s in large]))
    number: collections.Counter[str] = collections.Counter()
    kept = []
    for sample in samples:
        number[sample.family] += 1
        wanted = not options.families or sample.family.startswith(tuple(options.families))
        if wanted and number[sample.family] <= options.bases:
            kept.append(sample)
    auditor = Auditor(Depth.DECODE)
    all_judges = judges(auditor)
    table = judge_all(kept, options.out, options.seed, options.peers_on, all_judges)
    print(f"{len(kept)} sound files, {sum(s.real for s in kept)} of them given.")
    print("Left out, since the auditor does not call them sound:")
    print("".join(f"- {line}\n" for line in left_out))
    names = [judge.name for judge in all_judges]
    show(table, names)
    summary(table, names)
    print(f"\nThe auditor called {auditor.suspicious} files suspicious and could not check {auditor.not_checked};")
    print(f"its slowest file took {auditor.slowest_seconds:.1f} s of CPU time.")


if __name__ == "__main__":
    main()
