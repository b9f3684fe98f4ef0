"""How pages are made: templates of reports/app, in which every text is escaped and shows what acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from auditor import __version__, config, words
from auditor import data as shipped
from auditor.app import orders, results, sentences

if TYPE_CHECKING:
    import jinja2

_BUTTONS = {"audit": "Check again", "backup": "Back up what is missing to {}", "verify": "Read {} again"}
"""The commands that a next step may be a button for, and what it says."""


@cache
def _environment() -> jinja2.Environment:
    import jinja2  # the link, and the first answer, must not wait for templates
    from markupsafe import escape

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shipped.folder("reports") / "app"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: words.visible(value) if type(value) is str else value,
    )
    environment.filters.update(
        size=words.size,
        count=words.count,
        counted=words.counted,
        moment=words.moment,
        taken=words.taken,
        label=orders.label,
        heading=orders.heading,
        exact=escape,
        query=lambda pairs: escape(urlencode(pairs, doseq=True)),
        left=time_left,
        quoted=quoted,
        said=sentences.said,
        capitalised=lambda words: words[:1].upper() + words[1:],
    )
    environment.globals.update(version=__version__)
    return environment


def made(template: str, **known: Any) -> str:
    """A page, or a piece of one."""
    return _environment().get_template(f"{template}.html.j2").render(known)


def plain(name: str, **known: str) -> str:
    """A page that is no template, with secrets of ours put in, which hold no markup."""
    return Template((shipped.folder("reports") / "app" / f"{name}.html").read_text("utf-8")).substitute(known)


def page(template: str, status: int = 200, **known: Any) -> Response:
    """The answer that is a page."""
    return HTMLResponse(made(template, **known), status)


def trouble(sentence: str, status: int = 404) -> Response:
    """A page that only says what is wrong."""
    return page("trouble", status, sentence=sentence)


def said(sentence: str) -> Response:
    """What a button's answer is where nothing was done: the sentence, which the page shows."""
    return HTMLResponse(made("said", sentence=sentence), 422)


def to(url: str) -> Response:
    """The answer to a button that leads elsewhere."""
    return Response(status_code=204, headers={"HX-Redirect": url})


def chosen(request: Request) -> tuple[str, list[str]]:
    """Phone (empty: none yet) and backups, as the page's address names them."""
    query = request.query_params
    return query.get("phone", ""), list(dict.fromkeys(filter(None, query.getlist("backup"))))


@dataclass(frozen=True, slots=True)
class Step:
    """A button that goes on from what was found: what it says, the fields of its form, and what who presses it says
    with that, a sentence; empty where that is nothing besides."""

    says: str
    fields: tuple[tuple[str, str], ...]
    meaning: str = ""


def step(action: str | None, places: Sequence[str] | None) -> Step | None:
    """A next step as a command told it, as a button. None where it is none that a button does, or names places as they
    were called from another folder."""
    said = [(name, orders.SAID) for name, word in orders.WORDS.items() if word in (places or ())]  # it was said before
    places = [place for place in places or () if place not in orders.WORDS.values()]
    if action not in _BUTTONS or not all(map(_is_whole, places)) or len(places) < (1 if action == "verify" else 2):
        return None
    phone = [] if action == "verify" else [("phone", places[0])]
    backups = [("backup", place) for place in places[len(phone) :]]
    says = _BUTTONS[action].format(orders.label(backups[-1][1]) if backups else "it")
    return Step(says, (("order", action), *phone, *backups, *said))


def meant(word: str, fields: tuple[tuple[str, str], ...]) -> Step:
    """The button by which the user gives the word that a command wants, to the order that these fields are."""
    says, meaning = sentences.MEANT[word]
    name = next(name for name, option in orders.WORDS.items() if option == word)
    return Step(says, (*fields, (name, orders.SAID)), meaning)


def _is_whole(place: str) -> bool:
    return not place.startswith("-") and results.is_exact(place) and config.whole_spec(place) == place


def time_left(seconds: float | None) -> str:
    """The rest of a piece of work in words; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds < 60:
        return "less than a minute left"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {words.counted(minutes, 'minute', 'minutes')} left"
    return f"about {words.counted(round(minutes / 60), 'hour', 'hours')} left"


def quoted(name: str) -> str:
    """A name as a part of an address."""
    return quote(name, safe="")
