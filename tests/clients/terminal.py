"""A shell in a terminal of its own, into which lines are pasted as a person does it."""

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

DONE = "[ended with "
"""What a command's end is told by, followed by its exit code and `]`."""
_PATIENCE_SECONDS = 90


class Terminal:
    """bash, reading from a terminal; `home` is where it is and its home."""

    def __init__(self, home: Path, environ: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._shown = b""
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "--noediting", "-i"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=home,
            env={**environ, "HOME": str(home), "PS1": f"{DONE}$?]\n", "TERM": "dumb"},
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  # one thread, one call
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        """Begin, once the shell is ready."""
        self.wait_for_end()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        self._process.kill()
        self._process.wait(timeout=30)
        os.close(self._ours)

    def paste(self, text: str) -> None:
        """Type lines, with Enter after the last one."""
        os.write(self._ours, f"{text}\n".encode())

    def wait_for(self, text: str) -> str:
        """What was shown until now, once it contains the text."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while text.encode() not in self._shown:
            left = until - time.monotonic()
            ready, _, _ = select.select([self._ours], [], [], max(0, left))
            shown = self._shown.decode(errors="replace")
            assert ready, f"no {text!r} in: {shown}"
            self._shown += os.read(self._ours, 65536)
        before, found, self._shown = self._shown.partition(text.encode())
        return (before + found).decode(errors="replace")

    def wait_for_end(self) -> str:
        """What was shown until a command ended well."""
        return self.wait_for(f"{DONE}0]")


def _take_terminal() -> None:
    """Programs that ask for a password ask the terminal, not their input."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
