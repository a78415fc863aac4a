"""Sync tokens of RFC 6578: where a client stands in the history of a folder.

`urn:ocsync:sync:{folder}:{change}`, and while a first listing is handed out in
pages, the path it has come to. Tokens are names of states, not secrets.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from spaces.errors import SyncTokenExpired
from spaces.ids import NodeId

_TOKEN: Final = re.compile(r"urn:ocsync:sync:([0-9a-f-]{36}):(\d{1,18})(?::(\S+))?")


@dataclass(frozen=True, slots=True)
class SyncToken:
    """A position: all changes up to `seq` are known to the client.

    With `reached`, the client is in the middle of its first listing and has every
    path up to this one; changes after `seq` come when the listing is done.
    """

    folder_id: NodeId
    seq: int
    reached: tuple[str, ...] | None = None

    def __str__(self) -> str:
        """The URI for DAV:sync-token."""
        head = f"urn:ocsync:sync:{self.folder_id}:{self.seq}"
        if self.reached is None:
            return head
        return f"{head}:{quote('/'.join(self.reached))}"


def parse_sync_token(text: str, *, folder_id: NodeId) -> SyncToken:
    """Read a token that was given out for this folder.

    Raises:
        SyncTokenExpired: it was not.
    """
    match = _TOKEN.fullmatch(text)
    if match is None or match[1] != folder_id:
        raise SyncTokenExpired
    reached = None if match[3] is None else tuple(unquote(match[3]).split("/"))
    return SyncToken(folder_id, int(match[2]), reached)
