"""Rules with one thing in them changed: does a case of each rule notice?

A mutant is a rule whose query, population or parameter says something else in one place: a comparison turned or moved
by one, a condition dropped or negated, another join, NULL handled otherwise, another order, word or number. One that
passes all cases of its rule either shows a case that is missing, or does nothing that could be seen: then
`equivalent.toml` says why. What only becomes evidence is not changed.

Source: Tuya, Suarez-Cabal, de la Riva, "Mutating database queries", Information and Software Technology 49 (2007):
their operators, where rules have a use for them.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from auditor.audit import engine
from auditor.database import rule_query
from auditor.database.connection import Database
from auditor.judge import policy, rules


@dataclass(frozen=True, slots=True, eq=False)
class Mutant:
    """A rule with one change: what stood in this part of it, what stands there now; `nth` of the same changes in it."""

    rule: rules.Rule
    part: str
    was: str
    now: str
    nth: int

    def __str__(self) -> str:
        return f"{self.rule.id}, {_shown_change(self.part, self.was, self.now)} ({self.nth})"


_OTHERS: dict[type[exp.Expr], tuple[type[exp.Expr], ...]] = {
    exp.EQ: (exp.NEQ,),
    exp.NEQ: (exp.EQ, exp.NullSafeNEQ),
    exp.NullSafeNEQ: (exp.NullSafeEQ, exp.NEQ),
    exp.NullSafeEQ: (exp.NullSafeNEQ, exp.EQ),
    exp.LT: (exp.LTE, exp.GTE),
    exp.LTE: (exp.LT, exp.GT),
    exp.GT: (exp.GTE, exp.LTE),
    exp.GTE: (exp.GT, exp.LT),
    exp.And: (exp.Or,),
    exp.Or: (exp.And,),
    exp.Min: (exp.Max,),
    exp.Max: (exp.Min,),
    exp.ArgMin: (exp.ArgMax,),
    exp.ArgMax: (exp.ArgMin,),
    exp.Add: (exp.Sub,),
    exp.Sub: (exp.Add,),
    exp.Mul: (exp.Div,),
    exp.Div: (exp.Mul,),
    exp.StartsWith: (exp.EndsWith,),
    exp.EndsWith: (exp.StartsWith,),
}
_WRAPPERS = (exp.Coalesce, exp.Nullif, exp.Lower, exp.Abs, exp.Floor, exp.Round, exp.Normalize, exp.Filter)


def mutants(rule: rules.Rule) -> Iterator[Mutant]:
    """Every mutant of a rule, always in the same order."""
    seen: Counter[tuple[str, str, str]] = Counter()
    made = [("query", was, now, {"sql": sql}) for was, now, sql in _changed(rule.sql)]
    start = "SELECT COUNT(*) FROM "
    for was, now, sql in _changed(start + rule.population):
        made.append(("population", was, now, {"population": sql.removeprefix(start)}))
    for name, value in rule.params.items():
        for now in (value + 1, value - 1):
            params = {**rule.params, name: now}
            made.append(("params", f"{name} = {value}", f"{name} = {now}", {"params": params}))
    for part, was, now, changes in made:
        seen[part, was, now] += 1
        yield Mutant(replace(rule, **changes), part, was, now, seen[part, was, now])


def _changed(sql: str) -> Iterator[tuple[str, str, str]]:
    """What stood in one place, what stands there now, and the whole query with it."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    shown = _shown(tree)
    for number, node in enumerate(tree.walk()):
        if any(id(above) in shown for above in _upwards(node)):
            continue
        for now in _instead(node):
            if now == node:
                continue
            copy = tree.copy()
            place = next(there for at, there in enumerate(copy.walk()) if at == number)
            place.replace(now) if now else place.pop()
            yield _text(node), _text(now), copy.sql("duckdb")


def _text(node: exp.Expr | None) -> str:
    """As SQL in one line; of a long part, how it begins and ends; of two queries, how they are joined."""
    if isinstance(node, exp.Union):
        return "UNION" if node.args.get("distinct") else "UNION ALL"
    text = " ".join(node.sql("duckdb", comments=False).split()) if node else ""
    return text if len(text) <= 120 else f"{text[:80]} ... {text[-30:]}"


def _upwards(node: exp.Expr | None) -> Iterator[exp.Expr]:
    while node:
        yield node
        node = node.parent


def _shown(tree: exp.Expr) -> set[int]:
    """The columns of a query, and of those within it, that decide neither which paths it gives nor their order."""
    columns: dict[int, tuple[exp.Expr, str]] = {}
    for select in tree.find_all(exp.Select):
        named = select
        while isinstance(named.parent, exp.SetOperation):  # of a UNION, the first query names the columns
            named = named.parent
        first = named.find(exp.Select)
        for column, name in zip(select.expressions, first.named_selects, strict=False):
            columns[id(column)] = (column, name)
    outer = {id(column) for column in tree.selects}
    asked: set[str] = {"path"}
    while True:
        kept = {at for at, (_, name) in columns.items() if name == "path" or (name in asked and at not in outer)}
        unread = set(columns) - kept
        found = {
            column.name
            for column in tree.find_all(exp.Column)
            if column.name != "side" and not any(id(above) in unread for above in _upwards(column))
        }
        if found <= asked:
            break
        asked |= found
    read = [
        column for column in tree.find_all(exp.Column) if not any(id(above) in unread for above in _upwards(column))
    ]
    for join in tree.args.get("joins", ()):
        elsewhere = {column.table for column in read if join not in _upwards(column)}
        if join.side == "LEFT" and join.alias_or_name not in elsewhere:
            unread.add(id(join))
    return unread


def _instead(node: exp.Expr) -> Iterator[exp.Expr | None]:
    """What may stand in the place of a part of a query; None: nothing."""
    for other in _OTHERS.get(type(node), ()):
        yield other(**{key: _copied(value) for key, value in node.args.items()})
    if isinstance(node, _WRAPPERS):
        yield node.this.copy()
    if _is_condition(node):
        if not isinstance(node, exp.And | exp.Or):
            yield exp.false() if isinstance(node.parent, exp.Or) else exp.true()
        if isinstance(node, exp.Not):
            yield node.this.copy()
        elif type(node) not in _OTHERS and not isinstance(node, exp.Paren):
            yield exp.Not(this=exp.Paren(this=node.copy()))
    if _is_of_several(node):
        yield None
    match node:
        case exp.Join() if node.args.get("on") or node.args.get("using"):
            yield from _other_join(node)
        case exp.Distinct():
            yield None
        case exp.Union():
            copy = node.copy()
            copy.set("distinct", not node.args.get("distinct"))
            yield copy
            yield from (node.left.copy(), node.right.copy())
        case exp.Ordered() if node.this.name not in ("side", "backup"):  # of findings of one path, or of none
            turned = node.copy()
            turned.set("desc", not node.args.get("desc"))
            yield turned
        case exp.Literal() if node.is_string:
            yield from _other_words(node)
        case exp.Literal():
            yield exp.Literal.number(f"{float(node.name) * 1.5 + 1:g}" if "." in node.name else int(node.name) + 1)


def _copied(value: object) -> object:
    return value.copy() if isinstance(value, exp.Expr) else value


def _is_condition(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    above = isinstance(parent, exp.And | exp.Or | exp.Where | exp.Having | exp.Qualify | exp.Not)
    return (
        above
        or (node.arg_key == "on" and isinstance(parent, exp.Join))
        or (node.arg_key == "this" and isinstance(parent, exp.If))
    )


def _is_of_several(node: exp.Expr) -> bool:
    """Whether it may be left out of a list: of a row of `VALUES`, of what is IN or of what a window is made by."""
    key = "partition_by" if isinstance(node.parent, exp.Window) else "expressions"
    several = isinstance(node.parent, exp.In | exp.Values | exp.Window) and node.arg_key == key
    return several and (key == "partition_by" or len(node.parent.args[key]) > 1)


def _other_join(node: exp.Join) -> Iterator[exp.Expr]:
    copy = node.copy()
    if node.kind in ("SEMI", "ANTI"):
        copy.set("kind", "ANTI" if node.kind == "SEMI" else "SEMI")
    else:
        copy.set("side", None if node.side == "LEFT" else "LEFT")
    yield copy


def _other_words(node: exp.Literal) -> Iterator[exp.Expr]:
    words = node.name
    if isinstance(node.parent, exp.RegexpLike | exp.RegexpExtract):
        if words.startswith("^"):
            yield exp.Literal.string(words[1:])
        if words.endswith("$"):
            yield exp.Literal.string(words[:-1])
        for found in re.finditer(r"(?<=[(|])[\w\\.]+(\||(?=\)))", words):
            if "|" in words:
                fewer = words[: found.start()] + words[found.end() :]
                yield exp.Literal.string(fewer.replace("|)", ")"))
    elif node.arg_key not in ("true", "default") and not isinstance(node.parent, exp.In | exp.Tuple):  # left out, each
        yield exp.Literal.string(words + "~")


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of the mutants of one rule. `survived` and `stale` must be empty: mutants that nothing notices, and
    entries of `equivalent.toml` that no longer name so many of them. `unfit` are no queries, and not among `made`."""

    rule: rules.Rule
    made: int
    killed: int
    equivalent: int
    unfit: int
    survived: tuple[str, ...]
    stale: tuple[str, ...]


def judged(rule: rules.Rule) -> Judged:
    """Runs every mutant of a rule on the cases of the rule, until one tells them apart."""
    found = tuple(mutants(rule))
    alive, unfit = _survivors(rule, found)
    excused = {(part, was, now): count for name, part, was, now, count in equivalents() if name == rule.id}
    counted = Counter((mutant.part, mutant.was, mutant.now) for mutant in alive)
    survived = tuple(str(mutant) for mutant in alive if (mutant.part, mutant.was, mutant.now) not in excused)
    stale = tuple(
        f"{rule.id}: equivalent.toml excuses {count}, not {counted[change]}, of: {_shown_change(*change)}"
        for change, count in excused.items()
        if counted[change] != count
    )
    made, equivalent = len(found) - len(unfit), len(alive) - len(survived)
    return Judged(rule, made, made - len(alive), equivalent, len(unfit), survived, stale)


def equivalents() -> Iterator[tuple[str, str, str, str, int]]:
    """The mutants that do nothing that could be seen: rule, part, what stood there, what stands there now, how many."""
    listed = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text("utf-8"))["equivalent"]
    for entry in listed:
        assert entry["reason"], entry
        for name in entry["rules"]:
            yield name, entry.get("part", "query"), entry["was"], entry["now"], entry.get("times", 1)


def _shown_change(part: str, was: str, now: str) -> str:
    return f"{part}: {was}  ->  {now or 'nothing'}"


def _survivors(rule: rules.Rule, found: Sequence[Mutant]) -> tuple[list[Mutant], list[Mutant]]:
    """The mutants that no case tells from their rule, and those that no database understands."""
    alive, unfit = list(found), set(found)
    for case in rules.cases(rule):
        with engine.opened(case, policy.load("family")) as (lists, chosen):
            populations: dict[str, tuple[object, ...] | None] = {}
            left = []
            for mutant in alive:
                population = mutant.rule.population
                if population not in populations:
                    counting = f"SELECT count(*) AS path FROM {population}"
                    populations[population] = _paths(lists, mutant.rule, counting, chosen)
                looked_at = populations[population]
                paths = _paths(lists, mutant.rule, mutant.rule.sql, chosen) if looked_at != (0,) else ()
                if looked_at is not None and paths is not None:
                    unfit.discard(mutant)
                if paths == case.expect and looked_at and case.looked_at in (None, looked_at[0]):
                    left.append(mutant)
            alive = left
    return [mutant for mutant in alive if mutant not in unfit], [mutant for mutant in found if mutant in unfit]


def _paths(lists: Database, rule: rules.Rule, sql: str, chosen: policy.Policy) -> tuple[object, ...] | None:
    """The column `path` of what a query gives, '' where it is NULL; None where it is no query."""
    try:
        rows = lists.con.execute(sql, rule_query.bound(sql, chosen.values(rule)))
        at = [column[0] for column in rows.description].index("path")
        return tuple("" if row[at] is None else row[at] for row in rows.fetchall())
    except duckdb.Error:
        return None
