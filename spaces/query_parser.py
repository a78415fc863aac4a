"""How the text of a search query becomes a `spaces.query.Query`.

Recursive descent over a flat list of tokens, bounded in length, parts and nesting.
What the keys mean is in `spaces.query_terms`; here is only the grammar:

    alternatives = sequence *( "OR" sequence )
    sequence     = negation *( [ "AND" ] negation )
    negation     = *( "NOT" / "-" / "+" ) operand
    operand      = "(" alternatives ")" / [ key operator ] ( value / "(" … ")" )
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from spaces.errors import QueryRefused
from spaces.query import AllOf, AnyOf, Below, Not, Query, Term
from spaces.query_terms import term_of

MAX_QUERY_CHARACTERS: Final = 4096
MAX_PARTS: Final = 400
MAX_NESTING: Final = 32

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<bracket>[()])
      | (?P<sign>[-+](?=[^\s()+-]))
      | (?P<key>[A-Za-z][A-Za-z0-9_.-]*)\s*(?P<operator>:|<=|>=|<>|=|<|>)\s*
        (?P<comparison><=|>=|<|>)?
      | "(?P<quoted>[^"]*)"?
      | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""Zero and lone surrogates, which no database takes and no name contains."""
_WORD: Final = re.compile(r'[^\s()"]+')


@dataclass(frozen=True, slots=True)
class _Token:
    """`kind` is one of `(`, `)`, `+`, `-`, `key`, `quoted`, `word`."""

    kind: str
    text: str = ""
    operator: str = ""


def parse_query(text: str) -> Query:
    """Read a query.

    Raises:
        QueryRefused: with the reason in words.
    """
    if len(text) > MAX_QUERY_CHARACTERS:
        raise QueryRefused(f"a query must not exceed {MAX_QUERY_CHARACTERS} characters")
    if _UNSTORABLE.search(text):
        raise QueryRefused("a query must be text")
    tokens = list(_tokens(text))
    if not tokens:
        raise QueryRefused("a query must not be empty")
    if len(tokens) > MAX_PARTS:
        raise QueryRefused(f"a query must not have more than {MAX_PARTS} parts")
    parser = _Parser(tokens)
    term = parser.alternatives(_NO_KEY)
    if parser.peek() != "":
        raise QueryRefused("a bracket is closed that was not opened")
    return _with_scope_apart(term)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position, end)
        assert match is not None  # every character begins a token
        position = match.end()
        group = match.lastgroup
        if match["bracket"]:
            yield _Token(match["bracket"])
        elif match["sign"]:
            yield _Token(match["sign"])
        elif match["key"]:
            operator = match["comparison"] or match["operator"]
            yield _Token("key", match["key"].casefold(), operator)
            # A bare value may hold anything but spaces, quotes and brackets.
            value = _WORD.match(text, position, end)
            if value is not None:
                position = value.end()
                yield _Token("word", value[0], "value")
        elif group == "quoted":
            yield _Token("quoted", match["quoted"])
        else:
            yield _Token("word", match["word"])


_NO_KEY: Final = _Token("key")


class _Parser:
    """Descends over the tokens; each method reads one rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._nesting = 0

    def peek(self) -> str:
        """The kind of the next token; operators by name, "" at the end."""
        if self._position == len(self._tokens):
            return ""
        token = self._tokens[self._position]
        if token.kind == "word" and not token.operator and token.text in _OPERATORS:
            return token.text
        return token.kind

    def alternatives(self, key: _Token) -> Term:
        """Terms of which one must hold."""
        terms = [self._sequence(key)]
        while self.peek() == "OR":
            self._take()
            terms.append(self._sequence(key))
        return _any_of(terms)

    def _sequence(self, key: _Token) -> Term:
        """Terms that must all hold; neighbours of one key are alternatives."""
        groups: list[tuple[str, list[Term]]] = []
        is_joined = True
        while self.peek() not in {"", ")", "OR"}:
            if self.peek() == "AND":
                if is_joined:
                    raise QueryRefused("AND needs something on its left")
                self._take()
                is_joined = True
                continue
            name, term = self._negation(key)
            if not is_joined and name and groups[-1][0] == name:
                groups[-1][1].append(term)
            else:
                groups.append((name, [term]))
            is_joined = False
        if is_joined:
            raise QueryRefused("something is missing beside AND, OR or a bracket")
        return _all_of([_any_of(terms) for _, terms in groups])

    def _negation(self, key: _Token) -> tuple[str, Term]:
        is_negated = False
        was_signed = False
        while self.peek() in {"NOT", "-", "+"}:
            is_negated ^= self._take().kind != "+"
            was_signed = True
        name, term = self._operand(key)
        if is_negated:
            return "", Not(term)
        return ("" if was_signed else name), term

    def _operand(self, key: _Token) -> tuple[str, Term]:
        """One term, and the key by which it groups with its neighbours."""
        if self.peek() in {"", ")", "AND", "OR"}:
            raise QueryRefused("something is missing beside AND, OR, NOT or a bracket")
        token = self._take()
        if token.kind == "(":
            return "", self._bracket(key)
        if token.kind == "key":
            if key is not _NO_KEY:
                raise QueryRefused("a key cannot stand among the values of another")
            if self.peek() == "(":
                self._take()
                return token.text, self._bracket(token)
            if self.peek() not in {"word", "quoted"}:
                raise QueryRefused(f"{token.text}: has no value")
            return token.text, self._term(token, self._take())
        return ("" if key is _NO_KEY else key.text), self._term(key, token)

    def _bracket(self, key: _Token) -> Term:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise QueryRefused(f"brackets must not nest deeper than {MAX_NESTING}")
        term = self.alternatives(key)
        if self.peek() != ")":
            raise QueryRefused("a bracket is not closed")
        self._take()
        self._nesting -= 1
        return term

    def _term(self, key: _Token, value: _Token) -> Term:
        return term_of(key.text, key.operator or ":", value.text)

    def _take(self) -> _Token:
        token = self._tokens[self._position]
        self._position += 1
        return token


_OPERATORS: Final = frozenset({"AND", "OR", "NOT"})


def _all_of(terms: Sequence[Term]) -> Term:
    return terms[0] if len(terms) == 1 else AllOf(tuple(terms))


def _any_of(terms: Sequence[Term]) -> Term:
    return terms[0] if len(terms) == 1 else AnyOf(tuple(terms))


def _with_scope_apart(term: Term) -> Query:
    """Take the scope out of the terms it stands beside."""
    terms = term.terms if isinstance(term, AllOf) else (term,)
    scopes = [each.scope for each in terms if isinstance(each, Below)]
    rest = [each for each in terms if not isinstance(each, Below)]
    if len(scopes) > 1 or any(_has_scope(each) for each in rest):
        raise QueryRefused("scope: can stand once, joined to the rest by AND")
    return Query(_all_of(rest) if rest else AllOf(()), scopes[0] if scopes else None)


def _has_scope(term: Term) -> bool:
    if isinstance(term, AllOf | AnyOf):
        return any(_has_scope(each) for each in term.terms)
    if isinstance(term, Not):
        return _has_scope(term.term)
    return isinstance(term, Below)
