"""The command line: results on stdout, one line for a mistake, exit codes."""

import json
import resource
from pathlib import Path

import pytest

from ocsync.cli.entry import run as run_here
from ocsync.datadir import DataFolderError, read_secrets
from ocsync.first_start import found
from ocsync.library import open_library
from ocsync.settings import Settings, load_settings
from spaces.ids import BlobId, SpaceId
from spaces.model import Actor, Place
from tests.commands import fail, succeed
from tests.ocsync.conftest import Run


@pytest.fixture
def founded(settings: Settings, data: Path) -> Path:
    """A data folder after its first start."""
    with open_library(settings, create=True) as library:
        found(settings, library)
    return data


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Commands run in an empty folder, without the developer's settings."""
    monkeypatch.delenv("OCSYNC_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_module_is_the_command(run: Run) -> None:
    """`python -m ocsync` is `ocsync`."""
    done = run("--version")

    assert done.code == 0
    assert done.out.startswith("ocsync")


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything the design promises is there."""
    out = succeed(capsys, "--help")

    for command in ("serve", "user", "token", "space", "uploads", "config", "db"):
        assert f"  {command} " in out


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types only the name is told what there is, on stderr."""
    code = run_here([])

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert "serve" in err
    assert "Usage: ocsync [OPTIONS] COMMAND [ARGS]...\n" in err


def test_users(capsys: pytest.CaptureFixture[str], founded: Path, run: Run) -> None:
    """Add, list, disable, enable, change the password, delete."""
    done = run(
        "user", "add", "bob", "--password-stdin", "--data", founded, stdin="pw\n"
    )
    listed = json.loads(succeed(capsys, "user", "list", "--json", "--data", founded))
    succeed(capsys, "user", "disable", "bob", "--data", founded)
    disabled = json.loads(succeed(capsys, "user", "list", "--json", "--data", founded))
    succeed(capsys, "user", "enable", "bob", "--data", founded)
    succeed(capsys, "user", "delete", "bob", "--yes", "--data", founded)
    table = succeed(capsys, "user", "list", "--data", founded)

    assert (done.code, done.out) == (0, "")
    assert [each["name"] for each in listed] == ["admin", "bob"]
    assert [each["is_disabled"] for each in disabled] == [False, True]
    assert "admin" in table
    assert "bob" not in table


def test_an_account_is_changed(
    capsys: pytest.CaptureFixture[str], founded: Path, run: Run
) -> None:
    """Only in what is given; the last administrator stays one."""
    run("user", "add", "bob", "--mail", "b@x.example", "--data", founded)
    succeed(capsys, "user", "change", "bob", "--admin", "--data", founded)
    succeed(capsys, "user", "change", "admin", "--no-admin", "--data", founded)
    last = run("user", "change", "bob", "--no-admin", "--data", founded)
    listed = json.loads(succeed(capsys, "user", "list", "--json", "--data", founded))
    idle = run("user", "change", "bob", "--data", founded)

    assert [each["is_admin"] for each in listed] == [False, True]
    assert listed[1]["mail"] == "b@x.example"
    assert last.code == 1
    assert idle.code == 2


def test_a_password_is_generated_where_nobody_can_be_asked(
    founded: Path, run: Run, settings: Settings
) -> None:
    """It is the only thing on standard output, and it works."""
    done = run("user", "add", "carol", "--data", founded)

    with open_library(settings) as library:
        assert library.accounts.verify_password("carol", done.out.rstrip("\n"))


def test_tokens(
    capsys: pytest.CaptureFixture[str], founded: Path, settings: Settings
) -> None:
    """Create prints the secret alone; list and revoke go by id."""
    secret = succeed(
        capsys, "token", "create", "admin", "--expires", "30d", "--data", founded
    ).rstrip("\n")
    listed = json.loads(
        succeed(capsys, "token", "list", "admin", "--json", "--data", founded)
    )
    with open_library(settings) as library:
        before = library.accounts.verify_token(secret)
    token_id = listed[0]["id"]
    succeed(capsys, "token", "revoke", "admin", token_id, "--data", founded)
    with open_library(settings) as library:
        after = library.accounts.verify_token(secret)

    assert before is not None
    assert before.name == "admin"
    assert listed[0]["expires"] > listed[0]["created"]
    assert secret not in json.dumps(listed)
    assert after is None


def test_spaces_and_members(
    capsys: pytest.CaptureFixture[str], founded: Path, run: Run
) -> None:
    """A project space with a quota and members, found again by its name."""
    run("user", "add", "bob", "--data", founded)
    space_id = succeed(
        capsys, "space", "create", "Orbit", "--quota", "10GB",
        "--member", "bob:editor", "--data", founded,
    ).strip()  # fmt: skip
    spaces = json.loads(succeed(capsys, "space", "list", "--json", "--data", founded))
    orbit = next(each for each in spaces if each["name"] == "Orbit")
    succeed(capsys, "space", "member", "add", "Orbit", "bob:viewer", "--data", founded)
    members = json.loads(
        succeed(
            capsys, "space", "member", "list", space_id, "--json", "--data", founded
        )
    )
    succeed(capsys, "space", "member", "remove", "Orbit", "bob", "--data", founded)

    assert orbit["id"] == space_id
    assert orbit["quota_bytes"] == 10_000_000_000
    assert {each["name"]: each["role"] for each in members} == {
        "admin": "manager",
        "bob": "viewer",
    }


def test_uploads(capsys: pytest.CaptureFixture[str], founded: Path) -> None:
    """Nothing is under way, and nothing has to be cleared away."""
    listed = succeed(capsys, "uploads", "list", "--json", "--data", founded)
    swept = succeed(capsys, "uploads", "sweep", "--json", "--data", founded)

    assert json.loads(listed) == []
    assert json.loads(swept) == []


def test_config_show_masks_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each setting with value and source; secrets only as being set."""
    monkeypatch.setenv("OCSYNC_JWT_SECRET", "topsecret")

    out = succeed(capsys, "config", "show", "--json", "--set", "uploads.expiry=48h")

    rows = {row["setting"]: row for row in json.loads(out)}
    assert "topsecret" not in out
    assert rows["auth.jwt_secret"]["source"] == "environment OCSYNC_JWT_SECRET"
    assert rows["uploads.expiry"]["value"] == "2d"
    assert rows["uploads.expiry"]["source"] == "command line"
    assert rows["server.port"]["value"] == 9200


def test_upgrading_what_is_current_does_nothing(
    capsys: pytest.CaptureFixture[str], founded: Path
) -> None:
    """`db upgrade` may be run at any time."""
    succeed(capsys, "db", "upgrade", "--data", founded)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["frob"], 2, "frob"),
        (["user", "add"], 2, "NAME"),
        (["user", "list", "--data", "nowhere"], 1, "no data in"),
        (["oidc", "rotate-keys", "--data", "nowhere"], 1, "no data in"),
        (["serve", "--prot", "1"], 2, "--prot"),
        (["serve", "--port", "abc"], 2, "0 to 65535"),
        (["serve", "--port", "99999"], 2, "0 to 65535"),
        (["serve", "--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["serve", "--set", "server.prot=1"], 2, "server.prot"),
        (["serve", "--set", "server.port"], 2, "KEY=VALUE"),
        (["serve", "--data", "/dev/null/data"], 1, "/dev/null/data"),
        (["serve", "--data", "/dev/null"], 1, "/dev/null"),
        (["space", "create", "x", "--quota", "lots"], 2, "10GB"),
        (["space", "create", "x", "--member", "bob:king"], 2, "viewer|editor|manager"),
        (["token", "create", "x", "--expires", "soon"], 2, "24h"),
    ],
)
def test_a_mistake_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    """What is wrong and what would be right, in one line without a traceback."""
    failed, line = fail(capsys, *arguments)

    assert failed == code
    assert words in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "password", "nobody"],
        ["token", "create", "nobody"],
        ["space", "create", "x", "--owner", "nobody"],
    ],
)
def test_who_does_not_exist_is_a_failure(
    capsys: pytest.CaptureFixture[str], founded: Path, arguments: list[str]
) -> None:
    """A name that nobody has is no wrong usage, but it fails."""
    assert fail(capsys, *arguments, "--data", founded)[0] == 1


def test_a_broken_settings_file(run: Run, tmp_path: Path) -> None:
    """One line with the file's name and where it breaks; from a real process."""
    (tmp_path / "broken.toml").write_text("[server\nport = 1")

    done = run("serve", "--config", "broken.toml")

    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "broken.toml" in done.err
    assert "Traceback" not in done.err


def test_an_unknown_variable(run: Run) -> None:
    """A misspelt variable is noticed, with what was probably meant."""
    done = run("config", "show", OCSYNC_PROT="1")

    assert done.code == 2
    assert "OCSYNC_PORT" in done.err


def test_a_newer_schema_is_not_touched(
    capsys: pytest.CaptureFixture[str], founded: Path, settings: Settings
) -> None:
    """A database of a later version is refused in one line."""
    with open_library(settings) as library:
        library.database.write(
            lambda connection: connection.exec_driver_sql(
                "UPDATE alembic_version SET version_num = '9999'"
            ).close()
        )

    for command in (["serve", "--port", "0"], ["user", "list"], ["db", "upgrade"]):
        code, line = fail(capsys, *command, "--data", founded)
        assert code == 1
        assert "9999" in line


def test_a_disk_without_room_to_open_the_database(
    capsys: pytest.CaptureFixture[str], founded: Path
) -> None:
    """SQLite says "disk I/O error", which sounds like a broken disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        _, line = fail(capsys, "user", "list", "--data", founded)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "no room" in line


def test_the_first_start_is_private(founded: Path, settings: Settings) -> None:
    """Folder and secrets are for their owner only, and differ between machines."""
    first = read_secrets(settings)

    assert founded.stat().st_mode & 0o777 == 0o700
    assert (founded / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert read_secrets(settings) == first
    assert len(first.transfer_key) == 32


def test_the_first_account_is_made_once(data: Path, settings: Settings) -> None:
    """The generated password works; a second start makes nothing."""
    with open_library(settings, create=True) as library:
        account = found(settings, library)
        again = found(settings, library)

        assert account is not None
        assert account.password is not None
        assert library.accounts.verify_password("admin", account.password)
        assert library.accounts.get("admin").is_admin
    assert again is None


def test_the_first_password_can_be_given(data: Path) -> None:
    """OCSYNC_ADMIN_PASSWORD is used and not printed."""
    environ = {"OCSYNC_ADMIN_PASSWORD": "given", "OCSYNC_DATA": str(data)}
    settings = load_settings(environ=environ).settings

    with open_library(settings, create=True) as library:
        account = found(settings, library)

        assert account is not None
        assert account.password is None
        assert library.accounts.verify_password("admin", "given")


def test_backup_and_restore(
    capsys: pytest.CaptureFixture[str], founded: Path, tmp_path: Path
) -> None:
    """What was backed up is an installation again, secrets included."""
    backup, again = tmp_path / "backup", tmp_path / "again"

    succeed(capsys, "backup", backup, "--data", founded)
    succeed(capsys, "restore", backup, "--check")
    succeed(capsys, "restore", backup, "--data", again)
    users = json.loads(succeed(capsys, "user", "list", "--json", "--data", again))

    assert [each["name"] for each in users] == ["admin"]
    assert (again / "secrets.json").read_bytes() == (
        founded / "secrets.json"
    ).read_bytes()
    assert again.stat().st_mode & 0o077 == 0


def put_file(settings: Settings) -> BlobId:
    """A file in the admin's space; the id of its content."""
    with open_library(settings) as library:
        user = library.accounts.get("admin")
        actor = Actor(user.id, user.name)
        with library.files.stage() as writer:
            writer.write(memoryview(b"content"))
            content = writer.finish()
        place = Place(SpaceId(user.id), ("file",))
        library.files.commit(actor, place, content)
        return content.blob_id


def test_content_without_its_database_is_not_served(
    founded: Path, settings: Settings
) -> None:
    """A new database would have all of it swept away as garbage."""
    blob_id = put_file(settings)
    for file in founded.glob("ocsync.db*"):
        file.unlink()

    for _ in range(2):
        with (
            pytest.raises(DataFolderError, match="there is content"),
            open_library(settings, create=True),
        ):
            pass

    assert blob_id in {path.name for path in founded.rglob(blob_id)}


def test_fsck_finds_nothing_wrong(
    capsys: pytest.CaptureFixture[str], founded: Path, settings: Settings
) -> None:
    """A sound installation is exit code 0."""
    put_file(settings)

    found = succeed(capsys, "fsck", "--deep", "--json", "--data", founded)

    assert json.loads(found) == {"repaired": 0, "findings": []}


def test_fsck_names_what_is_wrong(
    capsys: pytest.CaptureFixture[str], founded: Path, settings: Settings
) -> None:
    """Lost content is one line, and exit code 1, and cannot be repaired."""
    blob_id = put_file(settings)
    with open_library(settings) as library:
        library.blobs.remove(blob_id)

    code = run_here(["fsck", "--repair", "--data", str(founded)])

    out, err = capsys.readouterr()
    assert code == 1
    assert out == f"content is missing: {blob_id}: 7 bytes are lost\n"
    assert err == "1 wrong\n"


def test_fsck_repairs(
    capsys: pytest.CaptureFixture[str], founded: Path, settings: Settings
) -> None:
    """A miscount is put right."""
    put_file(settings)
    with open_library(settings) as library:
        library.database.write(
            lambda connection: connection.exec_driver_sql(
                "UPDATE spaces SET used_bytes = 99"
            ).close()
        )

    before = run_here(["fsck", "--data", str(founded)])
    capsys.readouterr()
    repaired = succeed(capsys, "fsck", "--repair", "--json", "--data", founded)

    assert before == 1
    assert json.loads(repaired) == {"repaired": 1, "findings": []}


def test_restore_refuses_what_is_there(
    capsys: pytest.CaptureFixture[str], founded: Path, tmp_path: Path
) -> None:
    """Nothing is overwritten, and what is no backup is not restored."""
    backup = tmp_path / "backup"
    succeed(capsys, "backup", backup, "--data", founded)

    assert fail(capsys, "restore", backup, "--data", founded)[0] == 1
    assert fail(capsys, "restore", tmp_path, "--data", tmp_path / "new")[0] == 1


@pytest.mark.parametrize(
    "setting",
    [
        "storage.database_url=mysql://x/y",
        "storage.database_url=nonsense",
        "storage.blob_url=ftp://x/y",
    ],
)
def test_urls_that_name_nothing_known(
    capsys: pytest.CaptureFixture[str], founded: Path, setting: str
) -> None:
    """A wrong URL is wrong usage, in one line."""
    assert fail(capsys, "user", "list", "--data", founded, "--set", setting)[0] == 2
