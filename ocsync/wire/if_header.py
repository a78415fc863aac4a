"""The If header of RFC 4918 §10.4: parsing and evaluation.

    If = ( 1*No-tag-list | 1*Tagged-list )
    No-tag-list = List
    Tagged-list = Resource-Tag 1*List
    List = "(" 1*Condition ")"
    Condition = ["Not"] (State-token | "[" entity-tag "]")
    Resource-Tag = "<" Simple-ref ">"
    State-token = Coded-URL

Knows nothing of where states come from: evaluation asks a function for them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ocsync.wire.malformed import MalformedHeader

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|<(?P<url>[^<>\s\x00-\x1f\x7f]+)>"
    r"|\[\s*(?P<weak>W/)?\"(?P<etag>[\x21\x23-\x7e\x80-\xff]*)\"\s*\]"
    r"|(?P<not>[Nn][Oo][Tt])\b)"
)
_MAX_CONDITIONS: Final = 512


@dataclass(frozen=True, slots=True)
class Condition:
    """One demand: a state token or an ETag that holds, or (negated) does not."""

    is_negated: bool
    token: str | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class ConditionList:
    """Demands that must all hold, of one resource; `resource` None: the request's."""

    resource: str | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What holds of a resource: its ETag (None: unmapped) and its locks' tokens."""

    etag: str | None
    tokens: frozenset[str]


@dataclass(frozen=True, slots=True)
class IfHeader:
    """A parsed If header."""

    lists: tuple[ConditionList, ...]

    @property
    def submitted_tokens(self) -> frozenset[str]:
        """Every state token in it: naming one submits it (RFC 4918 §10.4.1)."""
        return frozenset(
            condition.token
            for conditions in self.lists
            for condition in conditions.conditions
            if condition.token is not None
        )

    def is_met(self, state_of: Callable[[str | None], State]) -> bool:
        """Whether at least one list holds; `state_of(None)` is the request's target."""
        return any(
            all(
                _holds(condition, state_of(conditions.resource))
                for condition in conditions.conditions
            )
            for conditions in self.lists
        )

    def etags_demanded_of(self) -> frozenset[str | None]:
        """The resources of which some list asks for an ETag."""
        return frozenset(
            conditions.resource
            for conditions in self.lists
            for condition in conditions.conditions
            if condition.etag is not None and not condition.is_negated
        )


def _holds(condition: Condition, state: State) -> bool:
    if condition.token is not None:
        holds = condition.token in state.tokens
    else:
        holds = state.etag is not None and condition.etag == state.etag
    return holds is not condition.is_negated


class _Parser:
    """Walks the tokens of one header."""

    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._position = 0
        self._match: re.Match[str] | None = None
        self._count = 0

    def advance(self) -> re.Match[str] | None:
        """The next token, None at the end."""
        if self._position >= len(self._text):
            return None
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            raise self.refusal(f"unexpected text at position {self._position}")
        self._position = match.end()
        return match

    @staticmethod
    def refusal(reason: str) -> MalformedHeader:
        return MalformedHeader("If", reason)

    def conditions(self) -> tuple[Condition, ...]:
        """The conditions up to the closing parenthesis."""
        found: list[Condition] = []
        is_negated = False
        while True:
            token = self.advance()
            if token is None:
                raise self.refusal("a list is not closed")
            if token["close"]:
                break
            if token["not"]:
                if is_negated:
                    raise self.refusal("Not Not")
                is_negated = True
                continue
            found.append(self._condition(token, is_negated=is_negated))
            is_negated = False
        if is_negated or not found:
            raise self.refusal("a list lacks a condition")
        return tuple(found)

    def _condition(self, token: re.Match[str], *, is_negated: bool) -> Condition:
        self._count += 1
        if self._count > _MAX_CONDITIONS:
            raise self.refusal("too many conditions")
        if token["url"]:
            return Condition(is_negated, token=token["url"])
        if token["etag"] is not None:
            # A weak tag cannot match strongly, and the If header compares strongly.
            return (
                Condition(is_negated, etag=f"W/{token['etag']}")
                if token["weak"]
                else Condition(is_negated, etag=token["etag"])
            )
        raise self.refusal("a list within a list")


def parse_if_header(text: str) -> IfHeader:
    """Read an If header.

    Raises:
        MalformedHeader: it does not follow the grammar.
    """
    parser = _Parser(text)
    lists: list[ConditionList] = []
    resource: str | None = None
    is_tagged = False
    awaits_list = False
    while (token := parser.advance()) is not None:
        if token["open"]:
            lists.append(ConditionList(resource, parser.conditions()))
            awaits_list = False
        elif token["url"]:
            if awaits_list or (lists and not is_tagged):
                raise parser.refusal("a resource tag out of place")
            resource, is_tagged, awaits_list = token["url"], True, True
        else:
            raise parser.refusal("expected a list or a resource tag")
    if awaits_list or not lists:
        raise parser.refusal("a list is missing")
    return IfHeader(tuple(lists))
