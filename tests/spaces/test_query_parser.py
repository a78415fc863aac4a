"""parse_query: the KQL subset, and nothing but QueryRefused for the rest."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.clock import Instant
from spaces.errors import QueryRefused
from spaces.query import (
    AllOf,
    AnyOf,
    Below,
    IsFolder,
    MediaLike,
    ModifiedDuring,
    ModifiedWithin,
    NameLike,
    Not,
    Nothing,
    Period,
    Query,
    SizeWithin,
    Tagged,
    Term,
)
from spaces.query_parser import parse_query


def _at(*parts: int) -> Instant:
    moment = datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]
    return Instant(int(moment.timestamp()) * 1_000_000)


_A = NameLike("*a*")
_B = NameLike("*b*")
_C = NameLike("*c*")

_TERMS: list[tuple[str, Term]] = [
    ("report", NameLike("*report*")),
    ('"annual report"', NameLike("*annual report*")),
    ('"never closed', NameLike("*never closed*")),
    ("*.pdf", NameLike("*.pdf*")),
    ('name:"*x*"', NameLike("*x*")),
    ("NAME:x", NameLike("x")),
    ("name:a?c", NameLike("a?c")),
    ("name:**x***", NameLike("*x*")),
    ("name:u\u0308ber", NameLike("über")),
    ("a-b", NameLike("*a-b*")),
    ("-", NameLike("*-*")),
    ("a:b", Nothing()),
    ("Tags:urgent", Tagged("urgent")),
    ('tag:"two words"', Tagged("two words")),
    ("mediatype:image", MediaLike(("image/*",))),
    ("mediatype:Image/PNG", MediaLike(("image/png",))),
    ("mediatype:folder", IsFolder(is_folder=True)),
    ("type:file", IsFolder(is_folder=False)),
    ("type:folder", IsFolder(is_folder=True)),
    ("type:spoon", Nothing()),
    ("content:word", Nothing()),
    ("colour:red", Nothing()),
    ("size>10", SizeWithin(11, None)),
    ("size>=10", SizeWithin(10, None)),
    ("size:>=10", SizeWithin(10, None)),
    ("size<10", SizeWithin(None, 9)),
    ("size<=10", SizeWithin(None, 10)),
    ("size:10", SizeWithin(10, 10)),
    ("size<>10", Not(SizeWithin(10, 10))),
    ("size > 1kB", SizeWithin(1001, None)),
    ("size>=1MiB", SizeWithin(1048576, None)),
    ("mtime:today", ModifiedDuring(Period.TODAY)),
    ('mtime:"last 7 days"', ModifiedDuring(Period.LAST_7_DAYS)),
    ("mtime:2024-05-01", ModifiedWithin(_at(2024, 5, 1), _at(2024, 5, 2))),
    ("mtime>2024-05-01", ModifiedWithin(_at(2024, 5, 2), None)),
    ("mtime>=2024-05-01", ModifiedWithin(_at(2024, 5, 1), None)),
    ("mtime<2024-05-01", ModifiedWithin(None, _at(2024, 5, 1))),
    ("mtime<=2024-05-01", ModifiedWithin(None, _at(2024, 5, 2))),
    (
        'mtime>="2024-05-01T02:00:00+02:00"',
        ModifiedWithin(_at(2024, 5, 1), None),
    ),
    ("mtime>2024-05-01T00:00:00Z", ModifiedWithin(_at(2024, 5, 1, 0, 0, 1), None)),
]


@pytest.mark.parametrize(("text", "term"), _TERMS)
def test_a_single_term(text: str, term: Term) -> None:
    """Each key has its meaning."""
    assert parse_query(text) == Query(term)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("a b", AllOf((_A, _B))),
        ("a AND b", AllOf((_A, _B))),
        ("a OR b", AnyOf((_A, _B))),
        ("a OR b AND c", AnyOf((_A, AllOf((_B, _C))))),
        ("(a OR b) AND c", AllOf((AnyOf((_A, _B)), _C))),
        ("NOT a", Not(_A)),
        ("a NOT b", AllOf((_A, Not(_B)))),
        ("a -b +c", AllOf((_A, Not(_B), _C))),
        ("NOT NOT a", _A),
        ("a and b", AllOf((_A, NameLike("*and*"), _B))),
        ("tag:x tag:y", AnyOf((Tagged("x"), Tagged("y")))),
        ("tag:x AND tag:y", AllOf((Tagged("x"), Tagged("y")))),
        ("tag:x tag:y a", AllOf((AnyOf((Tagged("x"), Tagged("y"))), _A))),
        ('tag:("x" OR "y")', AnyOf((Tagged("x"), Tagged("y")))),
        ("name:(*a* AND *b*)", AllOf((_A, _B))),
    ],
)
def test_terms_are_joined(text: str, term: Term) -> None:
    """AND binds closer than OR; neighbours of one key are alternatives."""
    assert parse_query(text) == Query(term)


def test_what_the_web_client_sends() -> None:
    """The search of ownCloud Web with all its filter chips."""
    query = parse_query(
        '(name:"*draft*" OR content:"draft") AND tag:("blue" OR "red")'
        ' AND mtime:"last 30 days" AND mediatype:("pdf" OR "folder")'
        " AND scope:a$b!c/Some%20Folder"
    )

    assert query == Query(
        AllOf(
            (
                AnyOf((NameLike("*draft*"), Nothing())),
                AnyOf((Tagged("blue"), Tagged("red"))),
                ModifiedDuring(Period.LAST_30_DAYS),
                AnyOf((MediaLike(("application/pdf",)), IsFolder(is_folder=True))),
            )
        ),
        scope="a$b!c/Some%20Folder",
    )


def test_a_scope_alone_finds_everything_there() -> None:
    """Nothing else asked means nothing else required."""
    assert parse_query("scope:a$b") == Query(AllOf(()), scope="a$b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a AND",
        "AND a",
        "a OR",
        "OR a",
        "NOT",
        "()",
        "(a",
        "a)",
        "name:",
        'name:""',
        "name:()",
        "name:(tag:x)",
        "size>big",
        "size:9" + "9" * 30,
        "mtime>yesteryear",
        "mtime>today",
        "mtime:9999-99-99",
        "scope:a scope:b",
        "scope:a OR b",
        "NOT scope:a",
        "x" * 5000,
        "a " * 500,
        "(" * 100 + "a" + ")" * 100,
        "name:" + "?" * 20,
        "name:\ud800",
        "a\0b",
        "scope:\ud800",
    ],
)
def test_what_cannot_be_understood_is_refused(text: str) -> None:
    """A refusal says why, in words."""
    with pytest.raises(QueryRefused) as refused:
        parse_query(text)

    assert str(refused.value)


_PIECES = st.sampled_from(
    [
        "a",
        '"',
        "(",
        ")",
        "AND",
        "OR",
        "NOT",
        "-",
        "+",
        ":",
        ">=",
        "<",
        "name:",
        "*",
        "size",
        "mtime:",
        "tag:(",
        "scope:",
        " ",
        "İ",
        "�",
        "mtime>2024-01-01",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=40).map("".join)))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No text whatsoever makes the parser fail otherwise."""
    try:
        query = parse_query(text)
    except QueryRefused:
        return
    assert isinstance(query, Query)


def _written(term: Term) -> str:
    match term:
        case NameLike(pattern):
            return f'name:"{pattern}"'
        case Tagged(pattern):
            return f'tag:"{pattern}"'
        case IsFolder(is_folder):
            return f"type:{'folder' if is_folder else 'file'}"
        case SizeWithin(least, _):
            return f"size>={least}"
        case ModifiedDuring(period):
            return f'mtime:"{period.value}"'
        case AllOf(terms):
            return " AND ".join(f"({_written(each)})" for each in terms)
        case AnyOf(terms):
            return " OR ".join(f"({_written(each)})" for each in terms)
        case Not(inner):
            return f"NOT ({_written(inner)})"
        case _:
            raise AssertionError(term)


_WORDS = st.text("abcäÖß *?.-", min_size=1, max_size=8).filter(
    lambda text: "**" not in text
)
_LEAVES: st.SearchStrategy[Term] = st.one_of(
    _WORDS.map(NameLike),
    _WORDS.map(Tagged),
    st.booleans().map(IsFolder),
    st.integers(0, 10**12).map(lambda least: SizeWithin(least, None)),
    st.sampled_from(Period).map(ModifiedDuring),
)


def _joined(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(several.map(AllOf), several.map(AnyOf), inner.map(Not))


@given(st.recursive(_LEAVES, _joined, max_leaves=12))
def test_every_tree_can_be_written_and_read(term: Term) -> None:
    """What the grammar can say, it says unambiguously."""
    assert parse_query(_written(term)) == Query(term)


def test_a_scope_below_other_terms_is_found() -> None:
    """A scope hidden in a bracket is refused, not ignored."""
    with pytest.raises(QueryRefused):
        parse_query("a AND (b OR (scope:x AND c))")

    assert parse_query("scope:x").scope == Below("x").scope
