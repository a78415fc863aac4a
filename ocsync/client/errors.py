"""What can go wrong for a client; each text is one clear line for its user.

ClientError
  ├ Stopped        the user wants to end
  ├ Temporary      worth trying again
  ├ Refused        the server said no, and will again
  │   └ LoggedOut  it wants other credentials
  └ Changed        the local file is not what it was when it was looked at
"""


class ClientError(Exception):
    """Something did not work; the text is one line."""


class Stopped(ClientError):
    """The user wants to end; what was done so far is kept."""


class Temporary(ClientError):
    """The network or the server fails just now.

    `retry_after` is how many seconds the server asks to wait, if it does.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(ClientError):
    """The server said no."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class LoggedOut(Refused):
    """Nothing else will work either until the credentials are right."""


class Changed(ClientError):
    """The local file was changed while it was being sent."""
