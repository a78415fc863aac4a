"""`ocsync audit`: what the log remembers, for people and for scripts."""

import json
from pathlib import Path

import pytest

from ocsync.cli.entry import run


@pytest.fixture
def data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A folder in which things have been done from the command line."""
    folder = str(tmp_path / "data")
    assert run(["db", "upgrade", "--data", folder]) == 0
    for arguments in (
        ["user", "add", "eve", "--admin"],
        ["user", "add", "bob"],
        ["user", "disable", "bob"],
        ["token", "create", "eve"],
    ):
        assert run([*arguments, "--data", folder]) == 0
    capsys.readouterr()
    return folder


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, str]]:
    """The entries as a script gets them."""
    assert run(["audit", "--json", *arguments]) == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def test_deeds_of_the_command_line_are_recorded(
    data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the name of whoever runs it on this machine; the latest first."""
    deeds = listed(capsys, "--data", data)

    assert [(deed["action"], deed["subject"]) for deed in deeds] == [
        ("token.created", "eve"),
        ("user.disabled", "bob"),
        ("user.created", "bob"),
        ("user.created", "eve"),
    ]
    assert all(deed["user"].startswith("cli:") for deed in deeds)
    assert deeds[0]["at"].endswith("Z")


def test_what_is_only_signed_is_recorded_too(
    data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tokens that nothing is stored of, and keys that lie beside the database."""
    assert run(["token", "upload", "--user", "eve", "--data", data]) == 0
    token = capsys.readouterr().out.split()[0]
    assert run(["oidc", "rotate-keys", "--data", data]) == 0
    capsys.readouterr()

    rotated, issued = listed(capsys, "--data", data)[:2]

    assert (rotated["action"], issued["action"]) == ("issuer.rotated", "token.issued")
    assert issued["subject"] == "eve"
    assert token not in json.dumps(issued)


def test_questions_can_be_narrowed(
    data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By user, by action or the beginning of one, by time and number."""
    ask = ("--data", data)

    assert len(listed(capsys, *ask, "--user", "bob")) == 2
    assert len(listed(capsys, *ask, "--action", "user.")) == 3
    assert len(listed(capsys, *ask, "--action", "user.disabled")) == 1
    assert len(listed(capsys, *ask, "--limit", "1")) == 1
    assert len(listed(capsys, *ask, "--since", "1h")) == 4
    assert listed(capsys, *ask, "--since", "2999-01-01") == []
    assert len(listed(capsys, *ask, "--since", "2020-01-01T00:00:00+02:00")) == 4


def test_people_get_a_table(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the details in words."""
    assert run(["audit", "--data", data]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["at", "action", "user", "address", "subject", "detail"]
    assert "is_admin=true" in lines[4]


@pytest.mark.parametrize(
    "wrong", [["--since", "yesterday"], ["--action", "cooking."], ["--limit", "0"]]
)
def test_what_makes_no_sense_is_wrong_usage(
    data: str, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """In one clear line."""
    assert run(["audit", "--data", data, *wrong]) == 2

    assert capsys.readouterr().err.count("\n") == 1
