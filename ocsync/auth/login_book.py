"""Where attempts to log in are written down: the metrics count all, the audit log some.

Only what had to be verified is an attempt; a program that goes on with credentials
that were lately proven makes none.
"""

from ocsync.metrics.meter import Meter
from spaces.audit import AuditLog
from spaces.model import Actor


class LoginBook:
    """Told by whoever verifies credentials."""

    def __init__(self, *, meter: Meter, audit: AuditLog) -> None:
        """Take who counts, and who keeps."""
        self._meter = meter
        self._audit = audit

    def accepted(self, actor: Actor, *, method: str) -> None:
        """Somebody has proven to be that: by a password, `basic` or in a `browser`."""
        self._meter.logged_in("ok")
        self._audit.logged_in(actor, method=method)

    def token_accepted(self) -> None:
        """An app token was good; its use is recorded where it is verified."""
        self._meter.logged_in("ok")

    def refused(self, claimed: str, *, method: str) -> None:
        """Whoever claims to be that has not proven it."""
        self._meter.logged_in("failed")
        self._audit.refused(claimed, method=method)

    def throttled(self) -> None:
        """An attempt came too soon after wrong ones and was not even looked at."""
        self._meter.logged_in("throttled")
