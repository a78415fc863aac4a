"""Who runs a command, as the audit log names them: the operator at this machine."""

import getpass
import os
from dataclasses import dataclass

from spaces.ids import UserId


@dataclass(frozen=True, slots=True)
class Operator:
    """A `spaces.audit_model.Caller` without an account."""

    user_name: str
    user_id: UserId | None = None
    address: str = ""
    request_id: str = ""


def operator() -> Operator:
    """Whoever runs this process: `cli:root`."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no name for the number, as in some containers
        name = str(os.getuid())
    return Operator(f"cli:{name}")
