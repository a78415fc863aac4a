"""The part of OData's query options that is understood; the rest is refused.

`$filter` knows `eq`, `ne`, `and`, `or`, `not`, parentheses, `startswith` and
`contains` over the properties that the collection names; `$orderby`, `$select`,
`$top` and `$skip` work on the JSON documents. An option or property that is not
known is an error rather than silently without effect (OData 4.01 §11.2.1).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ocsync.problems import HttpProblem

Document = dict[str, Any]
Predicate = Callable[[Mapping[str, Any]], bool]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<word>[A-Za-z@][A-Za-z0-9_.@/]*)"
    r"|(?P<mark>[(),]))"
)
_MAX_FILTER: Final = 2000
_MAX_NESTING: Final = 20


@dataclass(frozen=True, slots=True)
class Collection:
    """What may be asked of one kind of document."""

    filterable: frozenset[str]
    sortable: frozenset[str]
    selectable: frozenset[str]
    expandable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Query:
    """The options of one request, read and checked."""

    predicate: Predicate | None = None
    order: tuple[tuple[str, bool], ...] = ()
    """Property and whether it runs downwards."""
    select: frozenset[str] = frozenset()
    expand: frozenset[str] = frozenset()
    search: str = ""
    top: int | None = None
    skip: int = 0

    def apply(self, documents: Iterable[Document]) -> list[Document]:
        """The documents asked for, in the order asked for."""
        predicate = self.predicate
        found = [d for d in documents if predicate is None or predicate(d)]
        for name, is_descending in reversed(self.order):
            found.sort(key=lambda d: _sort_key(d.get(name)), reverse=is_descending)
        end = None if self.top is None else self.skip + self.top
        return [self.pick(document) for document in found[self.skip : end]]

    def pick(self, document: Document) -> Document:
        """The properties of the document that were asked for."""
        if not self.select:
            return document
        return {name: document[name] for name in document if name in self.select}


def parse_query(args: Mapping[str, str], collection: Collection) -> Query:
    """Read the query options of a request on the collection.

    Raises:
        HttpProblem: 400, an option is unknown or makes no sense.
    """
    readers: dict[str, Callable[[str], Any]] = {
        "$filter": lambda text: parse_filter(text, collection.filterable),
        "$orderby": lambda text: _parse_order(text, collection.sortable),
        "$select": lambda text: _parse_names("$select", text, collection.selectable),
        "$expand": lambda text: _parse_names("$expand", text, collection.expandable),
        "$search": _parse_search,
        "$top": lambda text: _parse_number("$top", text),
        "$skip": lambda text: _parse_number("$skip", text),
    }
    values: dict[str, Any] = {}
    for option, text in args.items():
        if option.startswith("$"):
            if option not in readers:
                raise HttpProblem(400, f"The query option {option} is not supported")
            values[option] = readers[option](text)
    return Query(
        predicate=values.get("$filter"),
        order=values.get("$orderby", ()),
        select=values.get("$select", frozenset()),
        expand=values.get("$expand", frozenset()),
        search=values.get("$search", ""),
        top=values.get("$top"),
        skip=values.get("$skip", 0),
    )


def parse_filter(text: str, properties: frozenset[str]) -> Predicate | None:
    """A function that tells whether a document matches; None for an empty filter.

    Raises:
        HttpProblem: 400, the filter is not understood.
    """
    if not text.strip():
        return None
    if len(text) > _MAX_FILTER:
        raise HttpProblem(400, "$filter is too long")
    return _FilterParser(_tokens(text), properties).parse()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise HttpProblem(400, f"$filter: cannot read {text[position:]!r}")
        kind = match.lastgroup or ""
        value = match.group(kind)
        if kind == "string":
            value = value[1:-1].replace("''", "'")
        tokens.append(_Token(kind, value))
        position = match.end()
    return tokens


class _FilterParser:
    """Recursive descent over the tokens, by falling precedence: or, and, not."""

    def __init__(self, tokens: Sequence[_Token], properties: frozenset[str]) -> None:
        self._tokens = list(tokens)
        self._properties = properties
        self._depth = 0

    def parse(self) -> Predicate:
        """The predicate of the whole text."""
        predicate = self._either()
        if self._tokens:
            raise HttpProblem(400, f"$filter: unexpected {self._tokens[0].text!r}")
        return predicate

    def _either(self) -> Predicate:
        predicate = self._both()
        while self._accept("word", "or"):
            predicate = _any_of(predicate, self._both())
        return predicate

    def _both(self) -> Predicate:
        predicate = self._single()
        while self._accept("word", "and"):
            predicate = _all_of(predicate, self._single())
        return predicate

    def _single(self) -> Predicate:
        self._depth += 1
        if self._depth > _MAX_NESTING:
            raise HttpProblem(400, "$filter is nested too deeply")
        try:
            if self._accept("word", "not"):
                return _negation(self._single())
            if self._accept("mark", "("):
                predicate = self._either()
                self._expect("mark", ")")
                return predicate
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Predicate:
        word = self._expect("word")
        if word.lower() in _FUNCTIONS:
            return self._function(_FUNCTIONS[word.lower()])
        name = self._property(word)
        operator = self._expect("word")
        if operator not in {"eq", "ne"}:
            raise HttpProblem(400, f"$filter: the operator {operator!r} is unknown")
        wanted = self._literal()
        if operator == "eq":
            return lambda document: _same(document.get(name), wanted)
        return lambda document: not _same(document.get(name), wanted)

    def _function(self, test: Callable[[str, str], bool]) -> Predicate:
        self._expect("mark", "(")
        name = self._property(self._expect("word"))
        self._expect("mark", ",")
        wanted = self._expect("string").lower()
        self._expect("mark", ")")
        return lambda document: test(str(document.get(name) or "").lower(), wanted)

    def _property(self, word: str) -> str:
        if word not in self._properties:
            known = ", ".join(sorted(self._properties))
            raise HttpProblem(400, f"$filter: {word!r} is none of {known}")
        return word

    def _literal(self) -> object:
        if self._accept("word", "true"):
            return True
        if self._accept("word", "false"):
            return False
        return self._expect("string")

    def _accept(self, kind: str, text: str) -> bool:
        if self._tokens and self._tokens[0] == _Token(kind, text):
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, kind: str, text: str | None = None) -> str:
        if not self._tokens:
            raise HttpProblem(400, "$filter: the expression is not complete")
        token = self._tokens.pop(0)
        if token.kind != kind or (text is not None and token.text != text):
            raise HttpProblem(400, f"$filter: unexpected {token.text!r}")
        return token.text


_FUNCTIONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "startswith": str.startswith,
    "contains": str.__contains__,
}


def _any_of(left: Predicate, right: Predicate) -> Predicate:
    return lambda document: left(document) or right(document)


def _all_of(left: Predicate, right: Predicate) -> Predicate:
    return lambda document: left(document) and right(document)


def _negation(inner: Predicate) -> Predicate:
    return lambda document: not inner(document)


def _same(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted


def _sort_key(value: object) -> tuple[int, str]:
    return (0, "") if value is None else (1, str(value).casefold())


def _parse_order(text: str, sortable: frozenset[str]) -> tuple[tuple[str, bool], ...]:
    order: list[tuple[str, bool]] = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        if name not in sortable or direction.strip() not in {"", "asc", "desc"}:
            known = ", ".join(sorted(sortable))
            raise HttpProblem(400, f"$orderby: {part.strip()!r}; it takes {known}")
        order.append((name, direction.strip() == "desc"))
    return tuple(order)


def _parse_names(option: str, text: str, known: frozenset[str]) -> frozenset[str]:
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    if not names <= known:
        unknown = ", ".join(sorted(names - known))
        raise HttpProblem(400, f"{option}: {unknown} is not known here")
    return names


def _parse_search(text: str) -> str:
    return text.strip().strip('"')


def _parse_number(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise HttpProblem(400, f"{option} must be a whole number")
    return int(text)
