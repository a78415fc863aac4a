"""What Pulse Cam's tests share: a pool, a client without credentials, and tokens."""

import pytest
from webtest import TestApp

from ocsync.auth.upload_tokens import UploadTokens
from ocsync.datadir import read_secrets
from ocsync.dialects.issuing import TokenIssuer
from ocsync.settings import Settings
from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus


@pytest.fixture
def overrides() -> dict[str, object]:
    """A pool for uploads without a token, as the app needs it."""
    return {
        "pulse.pool_size": "8MB",
        "pulse.pool_size_per_address": "6MB",
        "pulse.pool_size_per_upload": "4MB",
    }


@pytest.fixture
def tus(app: TestApp) -> Tus:
    """A client without credentials, as the app is one."""
    return Tus(app, "/uploads")


@pytest.fixture
def issuer(settings: Settings, library: Library) -> TokenIssuer:
    """Makes tokens as the command line does."""
    return TokenIssuer(
        settings=settings.pulse,
        catalog=library.catalog,
        tokens=UploadTokens(
            keys=read_secrets(settings).url_keys, clock=library.uploads.now
        ),
        audit=library.audit,
    )


@pytest.fixture
def token(issuer: TokenIssuer, admin: Person, home: Space) -> str:
    """A token of the admin's for the folder `Films`."""
    return issuer.issue(admin.actor, server="http://localhost", folder="Films").token
