"""Settings: every source, the order of their strength, and clear refusals."""

from datetime import timedelta
from pathlib import Path

import pytest

from ocsync.settings import DECLARATIONS, SettingsError, load_settings
from ocsync.settings.quantities import (
    format_duration,
    format_size,
    parse_base_url,
    parse_duration,
    parse_networks,
    parse_optional_duration,
    parse_optional_size,
    parse_origins,
    parse_size,
    parse_switch,
    parse_words,
)


def write_config(tmp_path: Path, text: str) -> Path:
    """A settings file with this text."""
    path = tmp_path / "ocsync.toml"
    path.write_text(text)
    return path


def test_defaults_need_no_source() -> None:
    """Without any source everything has its default, and says so."""
    loaded = load_settings(environ={})

    assert loaded.settings.server.port == 9200
    assert loaded.settings.uploads.max_chunk_size == 10_000_000
    assert loaded.settings.uploads.expiry == timedelta(hours=24)
    assert set(loaded.sources.values()) == {"default"}


def test_the_strongest_source_wins(tmp_path: Path) -> None:
    """Command line beats environment beats file beats default."""
    config = write_config(
        tmp_path, "[server]\nhost = '::1'\nport = 1\nworkers = 3\nthreads = 7\n"
    )

    loaded = load_settings(
        environ={"OCSYNC_PORT": "2", "OCSYNC_WORKERS": "4"},
        config=config,
        overrides={"server.port": 3},
    )

    server = loaded.settings.server
    assert (server.host, server.port, server.workers) == ("::1", 3, 4)
    assert loaded.sources["server.port"] == "command line"
    assert loaded.sources["server.workers"] == "environment OCSYNC_WORKERS"
    assert loaded.sources["server.threads"] == f"file {config}"
    assert loaded.sources["server.backlog"] == "default"


def test_config_variable_names_the_file(tmp_path: Path) -> None:
    """OCSYNC_CONFIG stands for --config."""
    config = write_config(tmp_path, "[server]\nport = 17\n")

    loaded = load_settings(environ={"OCSYNC_CONFIG": str(config)})

    assert loaded.settings.server.port == 17


def test_names_of_ocis_keep_working() -> None:
    """An oCIS operator's variable is read; our own name is stronger."""
    foreign = {"FRONTEND_UPLOAD_MAX_CHUNK_SIZE": "5000000"}
    both = foreign | {"OCSYNC_MAX_CHUNK_SIZE": "7MB"}

    first = load_settings(environ=foreign).settings
    second = load_settings(environ=both).settings

    assert first.uploads.max_chunk_size == 5_000_000
    assert second.uploads.max_chunk_size == 7_000_000


def test_seconds_of_ocis_are_a_duration() -> None:
    """A bare number is seconds, as oCIS writes its upload expiry."""
    environ = {"STORAGE_USERS_UPLOAD_EXPIRATION": "86400"}

    assert load_settings(environ=environ).settings.uploads.expiry == timedelta(days=1)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"OCSYNC_PROT": "1"}, ["OCSYNC_PROT", "OCSYNC_PORT"]),
        ({"OCSYNC_PORT": "ninety"}, ["OCSYNC_PORT", "0 to 65535", "ninety"]),
        ({"OCSYNC_PORT": "65536"}, ["OCSYNC_PORT", "65535"]),
        ({"OCSYNC_UPLOAD_EXPIRY": "soon"}, ["OCSYNC_UPLOAD_EXPIRY", "24h", "soon"]),
        ({"OCSYNC_DURABILITY": "maybe"}, ["safe, fast"]),
        ({"OCSYNC_URL": "files.example.org"}, ["OCSYNC_URL", "https://"]),
        ({"OCSYNC_TLS_CERT": "cert.pem"}, ["tls_key", "together"]),
        ({"OCSYNC_CONFIG": "/nonexistent.toml"}, ["/nonexistent.toml"]),
    ],
)
def test_mistakes_in_the_environment_are_named(
    environ: dict[str, str], words: list[str]
) -> None:
    """The message names the variable, what would be right, and what was given."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ=environ)

    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server]\nprot = 1\n", ["server.prot", "server.port"]),
        ("[sever]\nport = 1\n", ["sever", "server"]),
        ("port = 1\n", ["port"]),
        ("server = 1\n", ["[server]"]),
        ("[server\n", ["TOML"]),
        ("[server]\nport = '1'\nport = 2\n", ["TOML"]),
        ("[server]\nport = true\n", ["server.port", "whole number"]),
        ("[log]\naccess = 'perhaps'\n", ["log.access", "true or false"]),
    ],
)
def test_mistakes_in_the_file_are_named(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    """The message names the file, the setting and what would be right."""
    config = write_config(tmp_path, text)

    with pytest.raises(SettingsError) as caught:
        load_settings(environ={}, config=config)

    assert all(word in str(caught.value) for word in [str(config), *words])


def test_secrets_never_stand_in_a_message_or_repr() -> None:
    """Neither a refusal nor the settings' repr shows a password."""
    secret = "correct horse"
    loaded = load_settings(
        environ={"OCSYNC_ADMIN_PASSWORD": secret, "OCSYNC_JWT_SECRET": secret}
    )

    assert loaded.settings.auth.admin_password == secret
    assert secret not in repr(loaded.settings)


def test_a_password_is_taken_as_it_stands() -> None:
    """Blanks around a password belong to it."""
    loaded = load_settings(environ={"OCSYNC_ADMIN_PASSWORD": " s p "})

    assert loaded.settings.auth.admin_password == " s p "


def test_foreign_test_variables_are_let_alone() -> None:
    """OCSYNC_TEST_* belongs to the test suite, other variables to others."""
    load_settings(environ={"OCSYNC_TEST_DATABASE_URL": "x", "PATH": "/bin"})


def test_every_setting_has_its_own_names() -> None:
    """No two settings share a key or an environment variable."""
    variables = [name for each in DECLARATIONS for name in each.env]

    assert len(set(variables)) == len(variables)
    assert all(each.env[0].startswith("OCSYNC_") for each in DECLARATIONS)


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("0", 0),
        ("10GB", 10_000_000_000),
        ("10 gb", 10_000_000_000),
        ("4GiB", 4 * 1024**3),
        ("1.5MB", 1_500_000),
        ("7", 7),
        ("2TB", 2_000_000_000_000),
    ],
)
def test_sizes_are_humane(text: str, size_bytes: int) -> None:
    """Sizes come with the usual units."""
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "GB", "-1", "1 XB", "ten", True, 1.5])
def test_what_is_no_size_is_refused(text: object) -> None:
    """Anything else is not guessed at."""
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        (90, 90),
        ("500ms", 0.5),
        ("1h30m", 5400),
        ("24h", 86_400),
        ("2w", 1_209_600),
        ("1.5h", 5400),
    ],
)
def test_durations_are_humane(text: object, seconds: float) -> None:
    """Lengths of time come with the usual units."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "-5s", "1h30", "tomorrow", True, "9" * 20])
def test_what_is_no_duration_is_refused(text: object) -> None:
    """Anything else is not guessed at."""
    with pytest.raises(ValueError, match=r"time"):
        parse_duration(text)


def test_no_limit_has_words() -> None:
    """Optional sizes and durations can be switched off."""
    assert parse_optional_size("unlimited") is None
    assert parse_optional_duration("never") is None


@pytest.mark.parametrize("size_bytes", [0, 1, 999, 1000, 1_500_000, 10_000_000_000])
def test_size_round_trip(size_bytes: int) -> None:
    """What is printed reads back as the same size."""
    assert parse_size(format_size(size_bytes)) == size_bytes


@pytest.mark.parametrize("seconds", [0, 0.5, 1, 90, 3600, 86_400, 90_061])
def test_duration_round_trip(seconds: float) -> None:
    """What is printed reads back as the same length of time."""
    duration = timedelta(seconds=seconds)

    assert parse_duration(format_duration(duration)) == duration


def test_lists_come_as_lines_or_arrays() -> None:
    """A list is an array in TOML and separated text elsewhere."""
    assert parse_words("a, b c") == ("a", "b", "c")
    assert parse_words(["a", "b"]) == ("a", "b")


def test_networks_and_addresses() -> None:
    """A single address is a network of one."""
    assert [str(network) for network in parse_networks("10.1.2.3/8, ::1")] == [
        "10.0.0.0/8",
        "::1/128",
    ]
    with pytest.raises(ValueError, match="networks"):
        parse_networks("proxy.example.org")


def test_origins_have_no_path() -> None:
    """An origin is scheme and host, or the star."""
    assert parse_origins(["https://A.example/", "*"]) == ("https://a.example", "*")
    with pytest.raises(ValueError, match="origins"):
        parse_origins("https://a.example/path")


def test_base_url_has_no_end() -> None:
    """The slash at the end goes; query and credentials are refused."""
    assert parse_base_url("https://a.example/cloud/") == "https://a.example/cloud"
    assert parse_base_url("") is None
    with pytest.raises(ValueError, match="query"):
        parse_base_url("https://a.example/?x=1")


@pytest.mark.parametrize(
    ("text", "value"), [("on", True), ("FALSE", False), ("1", True)]
)
def test_switches_have_the_usual_words(text: str, value: bool) -> None:
    """True and false in any of the usual words."""
    assert parse_switch(text) is value
