"""What Omegastream's tests share: a key, a video, and a signed client."""

import pytest
from webtest import TestApp

from ocsync.datadir import read_secrets
from ocsync.dialects.mounts import omegastream_keys
from ocsync.settings import Settings
from spaces.api_key_model import ApiKey
from spaces.api_keys import ApiKeys
from spaces.clock import to_seconds
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.omegastream.calls import Sign, headers_of, make_video
from tests.wire.tus_client import Tus


@pytest.fixture
def keys(library: Library, settings: Settings) -> ApiKeys:
    """All keys."""
    return omegastream_keys(library, read_secrets(settings).url_keys)


@pytest.fixture
def key(keys: ApiKeys, admin: Person, home: Space) -> tuple[ApiKey, str]:
    """The admin's key for the personal space, and its secret."""
    return keys.create(admin.actor, home.id, folder="Omegastream", label="test")


@pytest.fixture
def video_id(app: TestApp, key: tuple[ApiKey, str]) -> str:
    """A video to upload to."""
    return make_video(app, key[1])


@pytest.fixture
def sign(library: Library, key: tuple[ApiKey, str]) -> Sign:
    """Makes the three headers, as the document's program does."""

    def make(
        video_id: str, *, seconds: int = 3600, secret: str = key[1]
    ) -> dict[str, str]:
        expiration = str(to_seconds(library.uploads.now()) + seconds)
        return headers_of(secret, expiration, video_id)

    return make


@pytest.fixture
def tus(app: TestApp, sign: Sign, video_id: str) -> Tus:
    """A client with a signature for the video."""
    return Tus(app, "/tusupload", sign(video_id))
