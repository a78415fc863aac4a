"""Identifiers: opaque UUID text inside, oCIS's `storage$space!node` outside.

New ids are UUIDv7 (RFC 9562 §5.7): they sort by creation time, so that rows and
index entries of new things land side by side in the database instead of all over
it. An id is a name, never a credential: what must not be guessed (upload ids that
are capabilities, tokens) is made by `secret_id`.
"""

import os
import re
import secrets
import time
import uuid
from dataclasses import dataclass
from typing import Final, NewType

SpaceId = NewType("SpaceId", str)
NodeId = NewType("NodeId", str)
BlobId = NewType("BlobId", str)
VersionId = NewType("VersionId", str)
UploadId = NewType("UploadId", str)
UserId = NewType("UserId", str)
TokenId = NewType("TokenId", str)

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUID_PATTERN: Final = re.compile(_UUID)
_RESOURCE_PATTERN: Final = re.compile(rf"({_UUID})\$({_UUID})(?:!({_UUID}))?")


def new_id() -> str:
    """A fresh UUIDv7 as text."""
    clock = f"{time.time_ns() // 1_000_000:012x}"
    chance = os.urandom(10).hex()
    variant = "89ab"[int(chance[3], 16) & 3]
    return (
        f"{clock[:8]}-{clock[8:]}-7{chance[:3]}-{variant}{chance[4:7]}-{chance[7:19]}"
    )


def secret_id() -> str:
    """A fresh UUIDv4 as text, for ids that are themselves a credential."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))


def is_id(text: str) -> bool:
    """Whether the text has the canonical form of an id."""
    return _UUID_PATTERN.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class ResourceId:
    """What clients see: a space, or a node in a space, of one storage.

    Space ids are unique in a storage, so the domain itself never asks for the
    storage part; the edge checks that it is ours.
    """

    storage: str
    space: SpaceId
    node: NodeId | None = None

    @classmethod
    def parse(cls, text: str) -> "ResourceId":
        """Read `storage$space` or `storage$space!node`.

        Raises:
            ValueError: the text has neither form.
        """
        match = _RESOURCE_PATTERN.fullmatch(text)
        if match is None:
            raise ValueError("not a resource id")
        storage, space, node = match.groups()
        return cls(storage, SpaceId(space), NodeId(node) if node else None)

    def __str__(self) -> str:
        """The form `parse` reads."""
        space = f"{self.storage}${self.space}"
        return space if self.node is None else f"{space}!{self.node}"
