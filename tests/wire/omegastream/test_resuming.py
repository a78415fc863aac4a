"""Omegastream: going on with an upload, and when it is over."""

import pytest
from webtest import TestApp

from spaces.api_key_model import ApiKey
from spaces.clock import HOUR
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Space
from spaces.upload_model import UploadState
from tests.wire.conftest import Person
from tests.wire.omegastream.calls import Sign, begin, make_video
from tests.wire.tus_client import Tus, path_of


class TestResuming:
    """One upload for a video, by any signature for it."""

    def test_a_fresh_signature_goes_on(
        self, app: TestApp, tus: Tus, sign: Sign, video_id: str
    ) -> None:
        """The former one may have expired meanwhile."""
        path = path_of(begin(tus))
        tus.patch(path, 0, b"123")

        later = Tus(app, "/tusupload", sign(video_id, seconds=7200))
        assert later.offset(path) == 3
        later.patch(path, 3, b"45")

    def test_beginning_anew_gives_the_former_up(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """Its quota is free again."""
        first = path_of(begin(tus, 1000))
        second = path_of(begin(tus, 2000))

        tus.head(first, status=404)
        tus.head(second)
        assert library.catalog.get(admin.actor, home.id).quota.reserved == 2000

    def test_a_complete_video_takes_no_more(self, app: TestApp, tus: Tus) -> None:
        """409; also after the record of the upload is gone."""
        tus.create(5, "a.mp4", body=b"12345")

        assert begin(tus, status=409).json["code"] == "video_complete"

    def test_empty_video(self, app: TestApp, tus: Tus) -> None:
        """Complete at once."""
        begin(tus, 0)

        begin(tus, status=409)

    def test_upload_of_another_video(
        self, app: TestApp, tus: Tus, sign: Sign, key: tuple[ApiKey, str]
    ) -> None:
        """A signature for one video opens no other's upload."""
        path = path_of(begin(tus))
        other = Tus(app, "/tusupload", sign(make_video(app, key[1])))

        other.head(path, status=404)
        other.patch(path, 0, b"12345", status=404)
        other.delete(path, status=404)
        assert tus.offset(path) == 0

    def test_termination(
        self, tus: Tus, library: Library, admin: Person, home: Space
    ) -> None:
        """204, and what was held is free."""
        path = path_of(begin(tus, 1000))

        tus.delete(path)

        tus.head(path, status=404)
        assert library.catalog.get(admin.actor, home.id).quota.reserved == 0
        begin(tus)


class TestExpiry:
    """With uploads that are over at once."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """No time at all."""
        return {"omegastream.expiry": "0s"}

    def test_expired_uploads_are_gone(self, tus: Tus, library: Library) -> None:
        """404, and swept; the video can be uploaded anew."""
        path = path_of(begin(tus))

        tus.head(path, status=404)
        tus.patch(path, 0, b"12345", status=404)
        library.uploads.sweep(HOUR)

        upload = library.uploads.get(UploadId(path.rpartition("/")[2]))
        assert upload.state is UploadState.EXPIRED
        begin(tus)
