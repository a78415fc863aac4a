"""Rows of `videos`: objects announced before their bytes come."""

from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from spaces.clock import Instant
from spaces.db.api_schema import videos
from spaces.db.statement import AnyRow, Statement
from spaces.ids import NodeId, SpaceId, UploadId, UserId
from spaces.video_model import Video

_COLUMNS: Final = tuple(videos.c)
_NAMES: Final = tuple(column.name for column in _COLUMNS)
_OF_ID: Final = videos.c.id == bindparam("video_id")
_GET: Final = Statement(select(*_COLUMNS).where(_OF_ID))
_GET_LOCKED: Final = Statement(select(*_COLUMNS).where(_OF_ID).with_for_update())
_INSERT: Final = Statement(insert(videos), columns=_NAMES)
_ATTACH: Final = Statement(
    update(videos)
    .where(_OF_ID)
    .values(upload_id=bindparam("new_upload_id"), node_id=bindparam("new_node_id"))
)


def insert_video(connection: Connection, video: Video) -> None:
    """Add a video."""
    _INSERT.run(connection, **{name: getattr(video, name) for name in _NAMES})


def find(connection: Connection, video_id: str, *, lock: bool = False) -> Video | None:
    """The video; `lock` keeps other writers of it out until commit."""
    statement = _GET_LOCKED if lock else _GET
    return _read(statement.first(connection, video_id=video_id))


def attach(
    connection: Connection, video_id: str, upload_id: UploadId, node_id: NodeId
) -> None:
    """Name the upload that brings the bytes, and the file that it will make."""
    _ATTACH.run(
        connection, video_id=video_id, new_upload_id=upload_id, new_node_id=node_id
    )


def _read(row: AnyRow | None) -> Video | None:
    if row is None:
        return None
    values = dict(zip(_NAMES, row, strict=True))
    upload_id, node_id = values["upload_id"], values["node_id"]
    return Video(
        id=values["id"],
        user_id=UserId(values["user_id"]),
        space_id=SpaceId(values["space_id"]),
        folder=values["folder"],
        title=values["title"],
        upload_id=None if upload_id is None else UploadId(upload_id),
        node_id=None if node_id is None else NodeId(node_id),
        created_at=Instant(values["created_at"]),
    )
