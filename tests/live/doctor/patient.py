"""A service that the doctor is sent to, and what he finds."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import WSGIApplication

from ocsync.doctor.examination import Examination
from ocsync.doctor.findings import Finding, Verdict
from ocsync.settings import load_settings
from tests.live.transfer_site import Faults
from tests.live.tus_site import Site

Middleware = Callable[[WSGIApplication], WSGIApplication]


@dataclass(frozen=True)
class Patient:
    """A service, and how the doctor is told of it."""

    site: Site
    data: Path
    faults: Faults

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.site.port}"

    def examine(
        self, *, options: Mapping[str, object] | None = None, **overrides: object
    ) -> list[Finding]:
        """All that the doctor has to say."""
        keys = {name.replace("__", "."): value for name, value in overrides.items()}
        given = {"storage.data": self.data, "server.port": self.site.port} | keys
        loaded = load_settings(environ={}, overrides=given)
        return list(Examination(loaded=loaded, **(options or {})).run())  # type: ignore[arg-type]

    def behind(self, middleware: Middleware) -> None:
        """Put something between the service and its clients."""
        assert self.faults.app is not None
        self.faults.app = middleware(self.faults.app)

    def put(self) -> None:
        """Make a file."""
        answer = self.site.ask("PUT /dav/files/admin/file", body=b"content")
        assert answer.status == 201


def wrong(found: Iterable[Finding]) -> dict[str, str]:
    """What does not work, and the fix."""
    return {
        each.check: f"{each.words} → {each.fix}"
        for each in found
        if each.verdict is Verdict.PROBLEM
    }
