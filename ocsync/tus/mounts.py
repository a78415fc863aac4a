"""Resumable uploads, put together: the engine, the dialects, and where they answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from wsgiref.types import WSGIApplication

from ocsync.data import DataApp
from ocsync.data_urls import DataUrls
from ocsync.renderings import Form
from ocsync.routes import Access, Mount
from ocsync.settings import Settings
from ocsync.tus.edge import NO_STORE, tus_resumable
from ocsync.tus.files_app import FilesApp
from ocsync.tus.ietf import DraftUploads, ietf_dialect
from ocsync.tus.landing import Landing
from ocsync.tus.ocis import SpaceUploads, ocis_dialect, space_announcement
from ocsync.tus.plain import METHODS, PREFIX, PlainUploads, plain_dialect
from ocsync.uploads.holds import Holds
from ocsync.uploads.leases import Leases
from ocsync.uploads.receiving import Pace
from ocsync.uploads.runner import Engine
from ocsync.uploads.writing import Depot
from spaces.clock import to_microseconds
from spaces.library import Library
from spaces.upload_model import Lifetime

SOCKETS: Final = Path("run") / "uploads"
"""Where, in the data folder, processes ask each other to give way."""
_SMALL_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadService:
    """Uploads, as the composition root hands them on.

    `create_upload` answers POST on WebDAV URLs, whose other answers carry the
    `announcement`; further dialects use the `engine`.
    """

    engine: Engine
    mounts: tuple[Mount, ...]
    create_upload: WSGIApplication
    announcement: tuple[tuple[str, str], ...]


def open_engine(settings: Settings, library: Library) -> Engine:
    """The one engine of this process."""
    uploads = settings.uploads
    holds = Holds(
        folder=settings.data / SOCKETS,
        patience=uploads.takeover_after.total_seconds(),
    )
    return Engine(
        depot=Depot(
            uploads=library.uploads,
            blobs=library.blobs,
            eager_bytes=uploads.eager_hash_size,
            watch=library.database.watch,
        ),
        leases=Leases(
            uploads=library.uploads, holds=holds, watch=library.database.watch
        ),
        pace=Pace(),
        room=library.room,
        small_bytes=_SMALL_BYTES,
    )


def upload_service(
    settings: Settings, *, library: Library, keys: tuple[bytes, ...]
) -> UploadService:
    """Uploads with these settings; the first of the keys signs data URLs."""
    engine = open_engine(settings, library)
    uploads = settings.uploads
    urls = DataUrls(keys=keys, clock=library.uploads.now)
    ocis = ocis_dialect(
        storage_id=library.storage_id,
        span=to_microseconds(uploads.expiry),
        max_size=uploads.max_size,
        reuses_content=uploads.reuse_content,
    )
    sliding = Lifetime(
        to_microseconds(uploads.expiry), to_microseconds(uploads.max_age)
    )
    plain = plain_dialect(lifetime=sliding, max_size=uploads.max_size)
    ietf = ietf_dialect(lifetime=sliding, max_size=uploads.max_size)
    landing = Landing(
        catalog=library.catalog, tree=library.tree, folder=uploads.plain_folder
    )
    data = DataApp(engine=engine, dialect=ocis, urls=urls)
    files = FilesApp(
        PlainUploads(engine, plain, landing),
        DraftUploads(engine, ietf, landing, library.uploads.now),
        library.files,
    )
    return UploadService(
        engine=engine,
        mounts=(
            Mount(
                prefix="/data",
                app=data,
                form=Form.TEXT,
                access=Access.IGNORED,
                any_origin=True,
            ),
            Mount(
                prefix=PREFIX,
                app=files,
                form=Form.TEXT,
                open_methods=frozenset({"OPTIONS"}),
                any_origin_methods=METHODS,
                problem_headers=(tus_resumable(), NO_STORE),
            ),
        ),
        create_upload=SpaceUploads(engine, ocis, urls),
        announcement=space_announcement(ocis),
    )
