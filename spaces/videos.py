"""Videos: objects that exist before their bytes, each filled by one upload.

Who may upload to a video is decided by whoever knows the API's signatures.
"""

from sqlalchemy import Connection

from spaces.account_names import require_text
from spaces.api_key_model import ApiKey
from spaces.db import nodes
from spaces.db import videos as rows
from spaces.db.engine import Database
from spaces.errors import VideoNotFound
from spaces.ids import is_id, secret_id
from spaces.model import Node
from spaces.upload_model import Upload
from spaces.video_model import Video


class Videos:
    """Announcing videos, and what has become of them."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    def create(self, key: ApiKey, title: str) -> Video:
        """Announce a video; its file will land in the key's folder.

        Raises:
            NameRefused: the title cannot be kept.
        """
        require_text(title, "a title")
        video_id = secret_id()

        def job(connection: Connection) -> Video:
            video = Video(
                id=video_id,
                user_id=key.user_id,
                space_id=key.space_id,
                folder=key.folder,
                title=title,
                created_at=self._database.now(connection),
            )
            rows.insert_video(connection, video)
            return video

        return self._database.write(job)

    def find(self, video_id: str) -> Video | None:
        """The video of this id."""
        if not is_id(video_id):
            return None
        with self._database.read() as connection:
            return rows.find(connection, video_id)

    def file(self, video: Video) -> Node | None:
        """The file that the video has become, even if it lies in the trash."""
        if video.node_id is None:
            return None
        with self._database.read() as connection:
            return nodes.find(connection, video.node_id)

    def attach(self, video: Video, upload: Upload) -> bool:
        """Make this the upload that fills the video, as it was seen.

        False if another upload was attached in the meantime.

        Raises:
            VideoNotFound: it is gone.
        """

        def job(connection: Connection) -> bool:
            present = rows.find(connection, video.id, lock=True)
            if present is None:
                raise VideoNotFound
            if present.upload_id != video.upload_id:
                return False
            rows.attach(connection, video.id, upload.id, upload.node_id)
            return True

        return self._database.write(job)
