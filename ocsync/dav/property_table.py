"""Properties as tables of renderers, compiled once per request.

A table says for each property how its element is written for files and for folders.
Compiling it against what a request asks leaves a flat list of functions to call for
each row; what is missing of every row of a kind is one ready string. Knows neither
nodes nor rows: the subject's type belongs to the table.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ocsync.dav.xml_names import empty_element
from spaces.model import NO_EXTRAS, Extras

Subject = TypeVar("Subject")
Context = TypeVar("Context")

Render = Callable[[Subject, Extras], str | None]


@dataclass(frozen=True)
class Property(Generic[Context, Subject]):
    """A live property: how to make its renderers; None where the kind has it not.

    `is_certain`: the renderer never returns None. `needs_extras`: it reads what is
    fetched beside the row. `in_allprop`: it is part of an allprop answer.
    """

    of_file: Callable[[Context], Render[Subject]] | None = None
    of_folder: Callable[[Context], Render[Subject]] | None = None
    is_certain: bool = True
    needs_extras: bool = False
    in_allprop: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks: names, or all properties, or only what names there are.

    With `is_all`, `names` are those asked beside (DAV:include).
    """

    names: tuple[str, ...] = ()
    is_all: bool = False
    is_names_only: bool = False


ALL_PROPERTIES = Wanted(is_all=True)


@dataclass(frozen=True)
class _Kind(Generic[Subject]):
    always: tuple[Render[Subject], ...]
    maybe: tuple[tuple[str, Render[Subject]], ...]
    missing: str


Table = Mapping[str, Property[Context, Subject]]


def needs_extras(table: Table[Context, Subject], wanted: Wanted) -> bool:
    """Whether answering takes more than the rows themselves."""
    if wanted.is_all or wanted.is_names_only:
        return True
    for name in wanted.names:
        known = table.get(name)
        if known is None or known.needs_extras:
            return True
    return False


class Renderer(Generic[Context, Subject]):
    """Writes DAV:response elements for one request."""

    def __init__(
        self,
        table: Table[Context, Subject],
        wanted: Wanted,
        context: Context,
        *,
        is_folder: Callable[[Subject], bool],
        is_minimal: bool,
    ) -> None:
        self._is_folder = is_folder
        self._is_minimal = is_minimal
        self._with_dead = wanted.is_all or wanted.is_names_only
        self._names_only = wanted.is_names_only
        self._kinds: dict[bool, _Kind[Subject]] = {}
        self._compile: Callable[[bool], _Kind[Subject]] = lambda is_folder: _compile(
            table, context, for_folder=is_folder, wanted=wanted
        )

    def response(self, href: str, subject: Subject, extras: Extras = NO_EXTRAS) -> str:
        """The element for one row; `href` is an encoded path."""
        is_folder = self._is_folder(subject)
        kind = self._kinds.get(is_folder)
        if kind is None:
            kind = self._kinds[is_folder] = self._compile(is_folder)
        found = [render(subject, extras) or "" for render in kind.always]
        missing = kind.missing
        for tag, render in kind.maybe:
            element = render(subject, extras)
            if element is not None:
                found.append(tag if self._names_only else element)
            elif not self._with_dead:
                missing += tag
        if self._with_dead and extras.dead_properties:
            found.extend(self._dead(extras.dead_properties))
        return _response(href, "".join(found), "" if self._is_minimal else missing)

    def _dead(self, properties: Mapping[str, str]) -> Iterable[str]:
        if self._names_only:
            return map(empty_element, properties)
        return properties.values()


def _response(href: str, found: str, missing: str) -> str:
    if missing and not found:
        return (
            f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{missing}"
            "</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>"
            "</d:response>"
        )
    absent = (
        f"<d:propstat><d:prop>{missing}</d:prop>"
        "<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>"
        if missing
        else ""
    )
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{found}</d:prop>"
        f"<d:status>HTTP/1.1 200 OK</d:status></d:propstat>{absent}</d:response>"
    )


def _asked_names(table: Table[Context, Subject], wanted: Wanted) -> tuple[str, ...]:
    if wanted.is_names_only:
        return tuple(table)
    if not wanted.is_all:
        return tuple(dict.fromkeys(wanted.names))
    usual = [name for name, entry in table.items() if entry.in_allprop]
    return tuple(dict.fromkeys((*usual, *wanted.names)))


def _compile(
    table: Table[Context, Subject],
    context: Context,
    *,
    for_folder: bool,
    wanted: Wanted,
) -> _Kind[Subject]:
    always: list[Render[Subject]] = []
    maybe: list[tuple[str, Render[Subject]]] = []
    missing: list[str] = []
    is_open = wanted.is_all or wanted.is_names_only
    for name in _asked_names(table, wanted):
        tag = empty_element(name)
        entry = table.get(name)
        if entry is None:
            if not is_open:
                maybe.append((tag, _dead_renderer(name)))
            continue
        make = entry.of_folder if for_folder else entry.of_file
        if make is None:
            if not is_open or name in wanted.names:
                missing.append(tag)
        elif not entry.is_certain:
            maybe.append((tag, make(context)))
        elif wanted.is_names_only:
            always.append(_constant(tag))
        else:
            always.append(make(context))
    return _Kind(tuple(always), tuple(maybe), "".join(missing))


def _dead_renderer(name: str) -> Render[Subject]:
    def render(_subject: Subject, extras: Extras) -> str | None:
        return extras.dead_properties.get(name)

    return render


def _constant(text: str) -> Render[Subject]:
    def render(_subject: Subject, _extras: Extras) -> str:
        return text

    return render
