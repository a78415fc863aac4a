"""The files in `config/` that nothing here can run name what there is, and are safe."""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from ocsync.cli.commands import cli
from ocsync.settings import DECLARATIONS, load_settings
from tests.programs import ROOT, require_program

CONFIG: Final = ROOT / "config"
VARIABLES: Final = {name for each in DECLARATIONS for name in each.env}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The services of the compose file."""
    document = yaml.safe_load((CONFIG / "compose.yaml").read_text())
    services: dict[str, Any] = document["services"]
    assert set(document) == {"services", "volumes", "networks"}
    return services


def instructions() -> list[tuple[str, str]]:
    """What the Containerfile says, line by line."""
    text = (CONFIG / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (x.partition(" ") for x in lines)]


def test_the_container_has_no_rights(compose: dict[str, Any]) -> None:
    """No root, nothing writable but the data, and it can be asked how it is."""
    last = dict(instructions())

    assert last["USER"] == "10001:10001"
    assert last["VOLUME"] == "/data"
    assert '["ocsync", "health"]' in last["HEALTHCHECK"]
    ocsync = compose["ocsync"]
    assert ocsync["read_only"] is True
    assert ocsync["cap_drop"] == ["ALL"]
    assert ocsync["security_opt"] == ["no-new-privileges:true"]
    assert ocsync["volumes"] == ["data:/data"]


def test_variables_are_settings(compose: dict[str, Any]) -> None:
    """Compose, and the image, set what exists and can be read."""
    given = compose["ocsync"]["environment"]
    values = {
        name: value.replace("${OCSYNC_DOMAIN:?name it in .env}", "files.example.org")
        for name, value in given.items()
    }
    values["OCSYNC_DATABASE_URL"] = ""
    words = dict(instructions())["ENV"]
    image = dict(each.split("=", 1) for each in shlex.split(words))

    assert {name for name in image if name.startswith("OCSYNC_")} <= VARIABLES
    settings = load_settings(environ={**values, **image}).settings
    assert settings.server.url == "https://files.example.org"
    assert str(settings.data) == "/data"


def test_commands_exist() -> None:
    """What unit and image start is there, with the options that they give."""
    service = configparser.ConfigParser(strict=False, interpolation=None)
    service.optionxform = str  # type: ignore[assignment, method-assign]
    service.read(CONFIG / "ocsync.service")
    _, name, *arguments = shlex.split(service["Service"]["ExecStart"])

    command = cli.get_command(click.Context(cli), name)

    assert command is not None
    command.make_context("serve", arguments)
    last = dict(instructions())
    assert (last["ENTRYPOINT"], last["CMD"]) == ('["ocsync"]', '["serve"]')


def test_extras_of_the_image_exist() -> None:
    """`pip wheel .[…]` would only warn."""
    given = set(
        re.findall(r"\[([a-z0-9,]+)\]'", (CONFIG / "Containerfile").read_text())
    )
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")

    assert {name for each in given for name in each.split(",")} <= set(
        setup["options.extras_require"]
    )


def test_the_image_is_made_of_what_the_package_needs() -> None:
    """All of it, and nothing else that lies about, such as `data` or `.venv`."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    needed = {
        "MANIFEST.in",
        "pyproject.toml",
        "setup.cfg",
        setup["metadata"]["license_files"],
        setup["metadata"]["long_description"].removeprefix("file: "),
        *setup["options.packages.find"]["include"].replace("*", "").split(),
        *"".join(setup["options.data_files"].values()).split(),
    }

    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY"]

    assert {path for paths in copied for path in paths} == needed
    assert all((ROOT / path).exists() for path in needed)


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """Every line means something to it."""
    analyze = require_program("systemd-analyze")
    program = tmp_path / "ocsync"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = (CONFIG / "ocsync.service").read_text()
    (tmp_path / "ocsync.service").write_text(
        text.replace("/opt/ocsync/bin/ocsync", str(program))
    )
    shutil.copy(CONFIG / "ocsync.socket", tmp_path)
    units = [str(tmp_path / name) for name in ("ocsync.service", "ocsync.socket")]

    verified = subprocess.run(
        [analyze, "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert [line for line in verified.stderr.splitlines() if "ocsync" in line] == []
