"""The one error of header parsing: what came cannot be read."""


class MalformedHeader(ValueError):
    """A header (or the URL) does not follow its grammar."""

    def __init__(self, header: str, reason: str) -> None:
        super().__init__(f"{header}: {reason}")
        self.header = header
        self.reason = reason
