"""`ocsync upload` and `ocsync download` as commands: usage, logins, what they print."""

import json
from pathlib import Path

import pytest

from ocsync.cli.entry import run as run_here
from ocsync.cli.output import size_words
from ocsync.cli.transfer_progress import JsonReport, LineReport, printable
from ocsync.client.credentials import basic, bearer, find_credentials
from ocsync.client.errors import ClientError
from ocsync.client.events import Failed, Finished, Moved, Started
from ocsync.client.urls import (
    base_urls,
    child_url,
    is_private,
    is_same_site,
    parse_url,
)
from tests.ocsync.conftest import Run

URL = "https://files.example.org/dav/"
HERE = "http://127.0.0.1:1/"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["upload"], "FILE... URL"),
        (["upload", "file"], "must be a URL"),
        (["upload", HERE], "which files"),
        (["upload", HERE, HERE], "only one URL"),
        (["upload", "--if-exists", "ask", "x", HERE], "replace"),
        (["upload", "--parallel", "0", "x", HERE], "1<=x<=64"),
        (["download"], "URL... [DEST]"),
        (["download", "x"], "URL... [DEST]"),
        (["download", HERE, "x", HERE], "URL... [DEST]"),
    ],
)
def test_wrong_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """One line that says what would be right."""
    code = run_here(arguments)

    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["upload", "x", "ftp://host/"], "https://HOST"),
        (["upload", "--retries", "0", "x", HERE], "nothing listens at 127.0.0.1:1"),
        (["upload", "-u", "bob", "x", HERE], "OCSYNC_TOKEN"),
        (["upload", "--retries", "0", "x", "http://nowhere.invalid/"], "no host"),
    ],
)
def test_what_does_not_work(
    run: Run, tmp_path: Path, arguments: list[str], words: str
) -> None:
    """One line and exit code 1."""
    done = run(*arguments, HOME=str(tmp_path), no_proxy="*")

    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert words in done.err


def test_a_login_in_the_url_is_warned_of(run: Run, tmp_path: Path) -> None:
    """Everybody on the machine sees arguments."""
    url = "http://bob:secret@127.0.0.1:1/"

    done = run("upload", "--retries", "0", "x", url, HOME=str(tmp_path))

    assert "better use --user and OCSYNC_TOKEN" in done.err
    assert "secret" not in done.err


def test_the_token_is_no_setting(run: Run) -> None:
    """Who has it in the environment can run the server's commands too."""
    assert run("config", "show", OCSYNC_TOKEN="x").code == 0


@pytest.mark.parametrize(
    ("url", "user", "token", "said"),
    [
        (URL, None, "t", bearer("t")),
        (URL, "bob", "t", basic("bob", "t")),
        ("https://bob@files.example.org/", None, "t", basic("bob", "t")),
        ("https://a%40b:p%3A@files.example.org/", None, "t", basic("a@b", "p:")),
        (URL, None, None, basic("carol", "from-netrc")),
        (URL, "carol", None, basic("carol", "from-netrc")),
        ("https://other.example/", None, None, None),
    ],
)
def test_where_credentials_come_from(
    tmp_path: Path, url: str, user: str | None, token: str | None, said: str | None
) -> None:
    """The URL, the token, netrc, in this order; else the user is nobody."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine files.example.org login carol password from-netrc\n")
    netrc.chmod(0o600)

    found = find_credentials(url, user=user, token=token, environ={"NETRC": str(netrc)})

    assert found.for_url(url) == said


def test_a_user_without_a_password(tmp_path: Path) -> None:
    """Somebody at a terminal is asked, nobody else."""
    environ = {"HOME": str(tmp_path)}

    asked = find_credentials(
        URL, user="bob", token=None, environ=environ, ask=lambda user: f"{user}'s"
    )

    assert asked.for_url(URL) == basic("bob", "bob's")
    with pytest.raises(ClientError, match="OCSYNC_TOKEN"):
        find_credentials(URL, user="bob", token=None, environ=environ)


@pytest.mark.parametrize(
    ("url", "other", "is_same"),
    [
        ("https://a.example/x", "https://a.example/y", True),
        ("https://a.example/", "https://a.example:443/", True),
        ("http://a.example/", "https://a.example/", True),
        ("https://a.example/", "http://a.example/", False),
        ("http://a.example:8080/", "https://a.example:8443/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://a.example/", "https://a.example:444/", False),
        ("https://a.example/", "https://a.example.evil/", False),
    ],
)
def test_who_may_be_told_the_same(url: str, other: str, is_same: bool) -> None:
    """The same origin, or the same host by https instead."""
    assert is_same_site(parse_url(url), parse_url(other)) is is_same


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://HOST.example", "https://host.example/"),
        ("http://h/a b/ü?x y", "http://h/a%20b/%C3%BC?x%20y"),
        ("http://h/a%20b", "http://h/a%20b"),
        ("http://u:p@h:80/", "http://h/"),
        ("http://[::1]:9200/dav", "http://[::1]:9200/dav"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://h/s$1!2#part", "http://h/s$1!2"),
    ],
)
def test_urls_as_people_type_them(typed: str, meant: str) -> None:
    """They can be asked for."""
    assert parse_url(typed) == meant


@pytest.mark.parametrize("typed", ["", "h/a", "http://", "http://h:x/", "file:///a"])
def test_what_is_no_url(typed: str) -> None:
    """It is said so."""
    with pytest.raises(ClientError, match="no URL"):
        parse_url(typed)


def test_names_in_urls() -> None:
    """Every byte that means something in URLs is escaped."""
    assert (
        child_url("http://h/a", "b/c?d#e%20 é")
        == "http://h/a/b%2Fc%3Fd%23e%2520%20%C3%A9"
    )
    assert base_urls("http://h/x/remote.php/dav/files/a/")[0] == "http://h/x"
    assert base_urls("http://h/dav/spaces/1$2/")[0] == "http://h"


@pytest.mark.parametrize(
    ("url", "private"),
    [("https://a/", True), ("http://127.0.0.1/", True), ("http://localhost:1/", True),
     ("http://[::1]/", True), ("http://a.example/", False)],
)  # fmt: skip
def test_who_can_read_on_the_way(url: str, private: bool) -> None:
    """Nobody, with https or within this machine."""
    assert is_private(url) is private


def test_lines_for_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """What is resumed, each tenth, how it ended, and a sum."""
    report = LineReport("sent")
    report.tell(Started(name="a", size=100, offset=50))
    for offset in range(51, 101):
        report.tell(Moved(name="a", size=100, offset=offset))
    report.tell(Finished(name="a", size=100, place="http://h/a"))
    report.tell(Failed(name="b\n\x1b[31m", reason="no"))
    report.sum_up()

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "a: resumed at 50 %, 50 bytes of 100 bytes",
        *(f"a: {done} bytes of 100 bytes" for done in (51, 60, 70, 80, 90)),
        "a: done, 100 bytes",
        "b\\n\\x1b[31m: failed, no",
        "sent 1 (100 bytes), skipped 0, failed 1",
    ]


def test_json_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    """An object in each line, the last one a summary."""
    report = JsonReport("sent")
    report.tell(Started(name="a\udcff", size=100, offset=50))
    report.tell(Finished(name="a\udcff", size=100, place="http://h/a"))
    report.sum_up()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["event"] for each in lines] == ["started", "finished", "summary"]
    assert lines[0]["offset"] == 50
    assert lines[2] == {
        "event": "summary", "finished": 1, "skipped": 0, "failed": 0, "bytes": 100,
    }  # fmt: skip


def test_names_do_nothing_to_a_terminal() -> None:
    """Controls and what is not UTF-8 are escaped."""
    assert printable("é\u202e\udcff\t") == "é\\u202e\\udcff\\t"


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (None, "unlimited"), (0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"),
        (1500, "1.5 KB"), (77_900_000_000, "77.9 GB"),
    ],
)  # fmt: skip
def test_sizes_for_people(size_bytes: int | None, words: str) -> None:
    """Rounded to three digits."""
    assert size_words(size_bytes) == words
