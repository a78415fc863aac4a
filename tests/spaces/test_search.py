"""Search: finds what the query says, where one may look, and nothing in the trash."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spaces.clock import DAY, Instant
from spaces.db.search import stretch
from spaces.ids import NodeId, SpaceId, new_id
from spaces.library import Library
from spaces.model import Actor, Role
from spaces.query import AllOf, NameLike, Period, Query
from spaces.query_parser import parse_query
from spaces.search import Search
from tests.domain import START, Desk, StepClock, seal
from tests.hung import hang


@pytest.fixture
def search(library: Library) -> Search:
    """The search of the library."""
    return library.search


@pytest.fixture
def shelf(desk: Desk) -> Desk:
    """A space with files of several kinds, sizes and times."""
    tree, library = desk.library.tree, desk.library
    for folder in ("Letters", "Letters/old", "Pictures"):
        tree.make_folder(desk.actor, desk.place(folder))
    for path, size, media_type, age in (
        ("Letters/Übersicht.txt", 10, "text/plain", 0),
        ("Letters/old/Annual Report.pdf", 2000, "application/pdf", 400 * DAY),
        ("Letters/old/draft[1].md", 50, "text/markdown", 10 * DAY),
        ("Pictures/straße.png", 5000, "image/png", 2 * DAY),
        ("Pictures/100%_real.jpg", 500, "image/jpeg", 3 * DAY),
        ("unknown", 0, None, 0),
    ):
        library.files.commit(
            desk.actor,
            desk.place(path),
            seal(library, b"x" * size),
            media_type=media_type,
            modified_at=Instant(START - age),
        )
    hang(desk, "Pictures/straße.png", tags=("Holiday", "road"))
    hang(desk, "Letters", tags=("holiday",))
    return desk


def _find(desk: Desk, text: str, **where: object) -> list[str]:
    found = desk.library.search.find(
        desk.actor,
        parse_query(text),
        **where,  # type: ignore[arg-type]  # as the tests below give them
    )
    return ["/".join(entry.path) for entry in found.entries]


_REPORT = "Letters/old/Annual Report.pdf"
_DRAFT = "Letters/old/draft[1].md"
_OVERVIEW = "Letters/Übersicht.txt"
_STREET = "Pictures/straße.png"
_REAL = "Pictures/100%_real.jpg"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("report", [_REPORT]),
        ("ANNUAL report", [_REPORT]),
        ('"annual report"', [_REPORT]),
        ('"report annual"', []),
        ("übers", [_OVERVIEW]),
        ("ÜBERS", [_OVERVIEW]),
        ("U\u0308bers", [_OVERVIEW]),
        ("ubers", []),
        ("STRAßE", [_STREET]),
        ("[1]", [_DRAFT]),
        ("%", [_REAL]),
        ("_", [_REAL]),
        ("100%_", [_REAL]),
        ('name:"*.PNG"', [_STREET]),
        ("name:unknown", ["unknown"]),
        ("name:unknow", []),
        ("name:unknow?", ["unknown"]),
        ("name:?????", []),
        ("tag:holiday", ["Letters", _STREET]),
        ("Tags:HOLI*", ["Letters", _STREET]),
        ("tag:holiday AND tag:road", [_STREET]),
        ("mediatype:image", [_REAL, _STREET]),
        ("mediatype:image/png", [_STREET]),
        ("mediatype:document", [_DRAFT, _OVERVIEW]),
        ('mediatype:("pdf" OR "image")', [_REAL, _REPORT, _STREET]),
        ("mediatype:folder", ["Letters", "Letters/old", "Pictures"]),
        ("type:folder NOT name:old", ["Letters", "Pictures"]),
        ("type:file size>1kB", [_REPORT, _STREET]),
        ("type:file size:0", ["unknown"]),
        ("type:file NOT mediatype:image NOT mediatype:document", [_REPORT, "unknown"]),
        ("type:file mtime:today", [_OVERVIEW, "unknown"]),
        ('type:file mtime:"last 7 days" size>0', [_REAL, _STREET, _OVERVIEW]),
        ("mtime<2023-01-01", [_REPORT]),
        ("content:report", []),
        ('name:"*report*" OR content:"report"', [_REPORT]),
        ("colour:red", []),
        ("-colour:red name:unknown", ["unknown"]),
    ],
)
def test_a_query_finds(shelf: Desk, text: str, paths: list[str]) -> None:
    """What it says, whatever the case."""
    assert sorted(_find(shelf, text)) == sorted(paths)


def test_results_come_by_name(shelf: Desk) -> None:
    """Small and capital letters alike."""
    assert _find(shelf, "type:folder") == ["Letters", "Letters/old", "Pictures"]


def test_roots_are_not_found(shelf: Desk) -> None:
    """Everything else is."""
    assert len(_find(shelf, "*")) == 9


def test_an_entry_is_what_its_path_leads_to(shelf: Desk, search: Search) -> None:
    """With space, path and ancestors."""
    (entry,) = search.find(shelf.actor, parse_query("report")).entries

    assert entry == shelf.library.tree.get(shelf.actor, shelf.place(_REPORT))


class TestWhere:
    """Where one may look, and looks."""

    def test_the_trash_never_shows(self, shelf: Desk) -> None:
        """Neither what was removed nor what lies below it, until it is back."""
        tree, actor = shelf.library.tree, shelf.actor
        node_id = tree.get(actor, shelf.place("Letters")).node.id
        tree.remove(actor, shelf.place("Letters"))
        tree.remove(actor, shelf.place("unknown"))

        assert _find(shelf, "*") == [_REAL, "Pictures", _STREET]
        shelf.library.trash.restore(actor, shelf.space_id, node_id)
        assert _find(shelf, "report") == [_REPORT]

    def test_paths_are_those_of_today(self, shelf: Desk) -> None:
        """A move is seen at once."""
        shelf.library.tree.move(
            shelf.actor,
            shelf.place("Letters/old"),
            shelf.place("Pictures/new"),
            overwrite=False,
        )

        assert _find(shelf, "report") == ["Pictures/new/Annual Report.pdf"]

    def test_below_a_folder(self, shelf: Desk) -> None:
        """At any depth, but not the folder itself."""
        tree = shelf.library.tree
        letters = tree.get(shelf.actor, shelf.place("Letters")).node.id

        assert _find(shelf, "*", below=letters) == [
            _REPORT,
            _DRAFT,
            "Letters/old",
            _OVERVIEW,
        ]
        assert _find(shelf, "mediatype:image", below=letters) == []
        assert _find(shelf, "*", below=NodeId(new_id())) == []
        root = shelf.space.root_id
        assert len(_find(shelf, "*", below=root)) == 9

    def test_a_scope_narrows_further(self, shelf: Desk, search: Search) -> None:
        """Written as ids with or without a path; what is not there holds nothing."""
        entry = shelf.library.tree.get(shelf.actor, shelf.place("Letters"))
        storage = shelf.library.storage_id
        space = f"{storage}${shelf.space_id}"

        assert len(_find(shelf, f"* scope:{space}")) == 9
        assert _find(shelf, f"scope:{space}!{entry.node.id} type:folder") == [
            "Letters/old"
        ]
        assert _find(shelf, f"* scope:{space}/Letters/old") == [_REPORT, _DRAFT]
        assert _find(shelf, f"* scope:{space}!{entry.node.id}/old") == [
            _REPORT,
            _DRAFT,
        ]
        for nowhere in ("x", f"{space}/x", f"{storage}${new_id()}", f"{space}!x"):
            assert _find(shelf, f"* scope:{nowhere}") == []
        assert _find(shelf, f"* scope:{space}/Letters", below=entry.ancestor_ids[0])

    def test_only_ones_own_spaces(
        self, shelf: Desk, library: Library, admin: Actor, bob: Actor
    ) -> None:
        """And those one was let into; not even an administrator looks elsewhere."""
        assert _find(Desk(library, bob, SpaceId(bob.user_id)), "*") == []
        assert _find(Desk(library, admin, SpaceId(admin.user_id)), "*") == []
        other = Desk(library, bob, shelf.space_id)
        assert _find(other, "*", space_id=shelf.space_id) == []
        assert _find(other, "*", below=shelf.space.root_id) == []
        assert _find(other, f"* scope:{library.storage_id}${shelf.space_id}") == []

    def test_across_spaces(self, shelf: Desk, library: Library, admin: Actor) -> None:
        """All at once, or one of them; a closed one holds nothing."""
        project = library.catalog.create_project(admin, "Project")
        library.catalog.set_member(admin, project.id, shelf.actor.user_id, Role.VIEWER)
        Desk(library, admin, project.id).put("another report")

        assert _find(shelf, "report") == [_REPORT, "another report"]
        assert _find(shelf, "report", space_id=project.id) == ["another report"]
        assert _find(shelf, "report", space_id=shelf.space_id) == [_REPORT]
        library.catalog.disable(admin, project.id)
        assert _find(shelf, "report") == [_REPORT]


class TestPages:
    """Results in portions."""

    def test_pages_follow_each_other(self, shelf: Desk, search: Search) -> None:
        """Together they are all, and each says how many that is."""
        query = parse_query("*")
        whole = search.find(shelf.actor, query)
        pages = [
            search.find(shelf.actor, query, limit=4, offset=offset)
            for offset in (0, 4, 8, 12)
        ]

        assert [len(page.entries) for page in pages] == [4, 4, 1, 0]
        assert sum((page.entries for page in pages), ()) == whole.entries
        assert {page.total for page in pages} == {whole.total} == {9}

    @pytest.mark.parametrize(("limit", "offset"), [(0, 0), (-1, 0), (0, 5)])
    def test_no_entries_still_counts(
        self, shelf: Desk, search: Search, limit: int, offset: int
    ) -> None:
        """A limit of nothing asks for the total alone."""
        found = search.find(shelf.actor, parse_query("*"), limit=limit, offset=offset)

        assert (found.entries, found.total) == ((), 9)

    def test_more_than_one_statement_holds(self, desk: Desk, search: Search) -> None:
        """Hundreds of results in as many folders are found whole."""
        for number in range(600):
            desk.library.tree.make_folder(desk.actor, desk.place(f"f{number}"))
            desk.put(f"f{number}/needle")

        found = search.find(desk.actor, parse_query("needle"), limit=1000)

        assert found.total == len(found.entries) == 600
        assert {entry.path[-1] for entry in found.entries} == {"needle"}
        assert len({entry.path for entry in found.entries}) == 600


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.TODAY, (2024, 2, 29), None),
        (Period.YESTERDAY, (2024, 2, 28), (2024, 2, 29)),
        (Period.THIS_WEEK, (2024, 2, 26), None),
        (Period.LAST_WEEK, (2024, 2, 19), (2024, 2, 26)),
        (Period.THIS_MONTH, (2024, 2, 1), None),
        (Period.LAST_MONTH, (2024, 1, 1), (2024, 2, 1)),
        (Period.THIS_YEAR, (2024, 1, 1), None),
        (Period.LAST_YEAR, (2023, 1, 1), (2024, 1, 1)),
    ],
)
def test_periods_are_counted_from_now(
    period: Period, start: tuple[int, int, int], end: tuple[int, int, int] | None
) -> None:
    """In whole days, weeks from Monday, months and years of UTC."""

    def at(day: tuple[int, int, int], hour: int = 0) -> Instant:
        moment = datetime(*day, hour, tzinfo=UTC)
        return Instant(int(moment.timestamp()) * 1_000_000)

    now = at((2024, 2, 29), hour=13)

    assert stretch(period, now) == (at(start), None if end is None else at(end))


def test_days_back_are_counted_to_the_moment() -> None:
    """`last 7 days` is seven times 24 hours."""
    now = StepClock()()

    assert stretch(Period.LAST_7_DAYS, now) == (now - 7 * DAY, None)
    assert stretch(Period.LAST_30_DAYS, now) == (now - 30 * DAY, None)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=60,
    deadline=None,
)
@given(pattern=st.text("abAB[]^-!%_\\'\"äÄ .*?", min_size=1, max_size=6))
def test_any_pattern_is_only_a_pattern(shelf: Desk, pattern: str) -> None:
    """No character means anything to the database but `*` and `?`."""
    name = pattern.replace("*", "x").replace("?", "y").replace("\\", "z").strip(" .")
    if not name:
        return
    desk = Desk(shelf.library, shelf.actor, shelf.space_id)
    desk.put(name)
    wanted = pattern.replace("\\", "z").strip(" .")

    found = shelf.library.search.find(
        shelf.actor, Query(AllOf((NameLike(wanted), NameLike(name.swapcase()))))
    )

    assert name in {entry.path[-1] for entry in found.entries}
