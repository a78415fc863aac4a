"""The house rules that no linter knows: size, names, and nothing left undocumented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import spaces.errors
from ocsync.problems import describe, known_errors
from ocsync.settings import DECLARATIONS, Settings, load_settings
from ocsync.settings.reference import reference_page, sample_file
from spaces.errors import SpacesError

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("ocsync", "spaces")
MAX_LINES: Final = 400
BANNED: Final = re.compile(r"utils?|helpers?|common|misc|manager|base_.*|.*_utils?")


def modules() -> list[Path]:
    """Every module of the two packages."""
    return sorted(
        path for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    )


def modules_of_benchmarks() -> list[Path]:
    """Every module of the benchmarks."""
    return sorted((ROOT / "benchmarks").rglob("*.py"))


def modules_of_tests() -> list[Path]:
    """Every module of the tests."""
    return sorted((ROOT / "tests").rglob("*.py"))


def name_of(path: Path) -> str:
    """A module's path as a test's name shows it."""
    return str(path.relative_to(ROOT))


def test_no_module_is_too_long() -> None:
    """What does not fit is split by verb or table; migrations are history."""
    long = [
        name_of(path)
        for path in modules() + modules_of_benchmarks()
        if len(path.read_text().splitlines()) > MAX_LINES
        and path.parent.name != "versions"
    ]

    assert long == []


def test_names_say_what_is_inside() -> None:
    """A drawer for everything has no name of its own."""
    assert [
        name_of(path)
        for path in modules() + modules_of_benchmarks()
        if BANNED.fullmatch(path.stem) or BANNED.fullmatch(path.parent.name)
    ] == []


def test_every_module_says_what_it_owns() -> None:
    """The docstring's first line tells a newcomer whether to read on."""
    assert [
        name_of(path)
        for path in modules() + modules_of_benchmarks()
        if not _first_line(ast.parse(path.read_text())).endswith((".", ":", "?"))
    ] == []


def _first_line(module: ast.Module) -> str:
    return (ast.get_docstring(module) or "").partition("\n")[0]


def test_nothing_is_left_for_later() -> None:
    """No reminders in the code."""
    reminder = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")

    assert [
        name_of(path)
        for path in modules() + modules_of_benchmarks()
        if reminder.search(path.read_text())
    ] == []


def test_public_names_are_sorted() -> None:
    """`__all__` reads like an index."""
    for path in modules():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and "__all__" in map(_target, node.targets):
                names = ast.literal_eval(node.value)
                assert sorted(names, key=_isort_key) == names, name_of(path)


def _target(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _isort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions: as ruff sorts."""
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return kind, name


@pytest.mark.parametrize(
    ("library", "home"),
    [
        ("wsgidav", "ocsync/dav/"),
        ("cheroot", "ocsync/server/"),
        ("botocore", "spaces/blobs/s3/bucket.py"),
    ],
)
def test_libraries_stay_in_their_part(library: str, home: str) -> None:
    """One part knows each of them; everything else could do without."""
    guilty = [
        name_of(path)
        for path in modules()
        if library in imports(path) and not name_of(path).startswith(home)
    ]

    assert guilty == []


def test_only_the_database_part_builds_sql() -> None:
    """Services call functions of `spaces/db`; they may name a connection."""
    statements = {"select", "insert", "update", "delete", "text", "func"}
    guilty = [
        name_of(path)
        for path in modules()
        if statements & names_from(path, "sqlalchemy")
        and not name_of(path).startswith("spaces/db/")
    ]

    assert guilty == []


def names_from(path: Path, package: str) -> set[str]:
    """The names that a module imports from the package itself."""
    return {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == package
        for alias in node.names
    }


def imports(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def leaves(kind: type[SpacesError]) -> Iterator[type[SpacesError]]:
    """The classes below the error that have none below them in our packages."""
    below = [
        each
        for each in kind.__subclasses__()
        if each.__module__.partition(".")[0] in PACKAGES
    ]
    for each in below:
        yield from leaves(each)
    if not below:
        yield kind


def test_every_error_has_a_row() -> None:
    """A refusal that nobody mapped would be answered with 500."""
    mapped = {kind for kind, _ in known_errors()}

    assert [kind.__name__ for kind in leaves(SpacesError) if kind not in mapped] == []


def test_the_error_tree_is_drawn() -> None:
    """The docstring of `spaces.errors` shows every class in the module."""
    text = spaces.errors.__doc__ or ""
    missing = [
        name
        for name, value in vars(spaces.errors).items()
        if isinstance(value, type)
        and issubclass(value, SpacesError)
        and not re.search(rf"\b{name}\b", text)
    ]

    assert missing == []


def test_unknown_errors_are_a_fault() -> None:
    """Only what stands in the table is a refusal."""
    assert describe(ValueError("x")).status == 500


def test_the_sample_file_is_up_to_date() -> None:
    """`ocsync config sample > config/ocsync.toml` makes it so."""
    assert (ROOT / "config" / "ocsync.toml").read_text() == sample_file()


def test_the_settings_page_is_up_to_date() -> None:
    """`ocsync config reference > docs/settings.md` makes it so."""
    page = (ROOT / "docs" / "settings.md").read_text()

    assert page == reference_page()
    assert all(f"`{each.key}`" in page for each in DECLARATIONS)


def test_the_sample_file_shows_the_defaults(tmp_path: Path) -> None:
    """Uncommented, it changes nothing."""
    path = tmp_path / "all.toml"
    path.write_text(re.sub(r"(?m)^#(\w+ = )", r"\1", sample_file()))

    loaded = load_settings(environ={}, config=path)

    assert loaded.settings == Settings()
    assert set(loaded.sources.values()) == {f"file {path}"}


def test_every_setting_is_read_somewhere() -> None:
    """A setting that nothing reads would be a promise that nobody keeps."""
    code = "\n".join(
        path.read_text() for path in modules() if path.parent.name != "settings"
    )
    model = (ROOT / "ocsync" / "settings" / "model.py").read_text()
    unread = [
        each.key
        for each in DECLARATIONS
        if not re.search(rf"\.{each.name}\b", code + model)
    ]

    assert unread == []


def test_every_test_states_a_behaviour() -> None:
    """One sentence for each test."""
    for path in modules_of_tests():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert ast.get_docstring(node), f"{name_of(path)}: {node.name}"


def test_decisions_are_listed() -> None:
    """Every decision is in the index of decisions."""
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text()

    assert [
        path.name for path in folder.glob("0*.md") if f"({path.name})" not in index
    ] == []
