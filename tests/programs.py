"""Running other programs: what tests share that start clients and commands.

A test asks for its program by `require_program`; where it is not installed the test
is skipped, or fails when REQUIRE_CLIENTS is set, as it is in CI.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import pytest

ROOT: Final = Path(__file__).parent.parent
_CLIENT_SECONDS: Final = 300


def clean_environ(**more: str) -> dict[str, str]:
    """This process's environment without any setting of ours."""
    own = {k: v for k, v in os.environ.items() if not k.startswith("OCSYNC_")}
    return own | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"} | more


def require_program(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails in CI."""
    found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        complain(f"{name} is not installed")
    return found


def complain(reason: str) -> NoReturn:
    """Skip the test, or fail it where clients are required."""
    if os.environ.get("REQUIRE_CLIENTS"):
        pytest.fail(reason)
    pytest.skip(reason)


def run_client(
    arguments: Sequence[object],
    *,
    cwd: Path,
    stdin: str = "",
    environ: dict[str, str] | None = None,
    seconds: float = _CLIENT_SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Run a client to its end; its home is the test's folder."""
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env=os.environ
        | {"HOME": str(cwd), "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
        | (environ or {}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
