"""Omegastream: the contract of its document, row by row, and attacks on signatures."""

import hashlib
import hmac
import struct
import uuid
from collections.abc import Callable

import pytest
from webtest import TestApp, TestResponse

from ocsync.datadir import read_secrets
from ocsync.dialects.mounts import omegastream_keys
from ocsync.settings import Settings
from spaces.api_key_model import ApiKey
from spaces.api_keys import ApiKeys
from spaces.clock import HOUR, to_seconds
from spaces.ids import UploadId
from spaces.library import Library
from spaces.model import Place, Space
from spaces.upload_model import UploadState
from tests.wire.conftest import Person
from tests.wire.tus_client import Tus, path_of

Sign = Callable[..., dict[str, str]]


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


def headers_of(secret: str, expiration: str, video_id: str) -> dict[str, str]:
    """sha256(apiKey + expiration + videoId), and what it is about."""
    digest = hashlib.sha256(f"{secret}{expiration}{video_id}".encode()).hexdigest()
    return {"Signature": digest, "Expiration": expiration, "Video-Id": video_id}


def make_video(app: TestApp, secret: str, title: str = "Launch") -> str:
    """The Create Video call."""
    headers = {"Authorization": f"Bearer {secret}"}
    answer = app.post_json("/video", {"title": title}, headers=headers, status=201)
    return str(answer.json["videoId"])


def begin(tus: Tus, length: int = 5, *, status: int = 201) -> TestResponse:
    """Create an upload with the metadata of the document's program."""
    pairs = {"filetype": "video/mp4"}
    return tus.create(length, "video.mp4", pairs=pairs, status=status)


def refused(
    app: TestApp, headers: dict[str, str], status: int, code: str
) -> TestResponse:
    """A creation with these headers fails so."""
    answer = begin(Tus(app, "/tusupload", headers), status=status)
    assert answer.json["code"] == code
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    return answer


class TestContract:
    """Rows O1 to O6 of the contract."""

    def test_o1_create_video(self, app: TestApp, key: tuple[ApiKey, str]) -> None:
        """A UUID to upload to, by API key, in either header."""
        headers = {"Authorization": f"Bearer {key[1]}"}

        made = app.post_json("/video", {"title": "A"}, headers=headers, status=201)
        bare = app.post("/video", b"", headers={"X-Api-Key": key[1]}, status=201)

        assert str(uuid.UUID(made.json["videoId"])) == made.json["videoId"]
        assert (made.json["title"], made.json["status"]) == ("A", "created")
        state = app.get(made.headers["Location"], headers=headers)
        assert state.json == made.json
        assert bare.json["title"] == ""

    def test_o1_refusals(
        self,
        app: TestApp,
        keys: ApiKeys,
        key: tuple[ApiKey, str],
        alice: Person,
        library: Library,
    ) -> None:
        """401 without a key, 400 for nonsense, 404 for a video of others."""
        headers = {"Authorization": f"Bearer {key[1]}"}
        home = library.catalog.personal(alice.actor)
        _, other = keys.create(alice.actor, home.id, folder="X", label="")
        theirs = make_video(app, other)

        app.post("/video", b"", status=401)
        app.post("/video", b"", headers={"X-Api-Key": "ky_wrong"}, status=401)
        app.post_json("/video", {"title": 5}, headers=headers, status=400)
        app.post_json("/video", {"title": "x\n"}, headers=headers, status=400)
        app.get(f"/video/{theirs}", headers=headers, status=404)
        app.get("/video/x", headers=headers, status=404)
        app.get("/video", headers=headers, status=405)

    def test_o2_creation(self, tus: Tus) -> None:
        """201, with a Location below and an HTTP date of expiry."""
        answer = begin(tus)

        assert path_of(answer).startswith("/tusupload/")
        assert answer.headers["Upload-Expires"].endswith(" GMT")

    def test_o3_every_request_is_signed(
        self,
        app: TestApp,
        tus: Tus,
        admin: Person,
        video_id: str,
        key: tuple[ApiKey, str],
    ) -> None:
        """As tus-js-client does; the file lands in the key's folder."""
        path = path_of(begin(tus))
        headers = {"Authorization": f"Bearer {key[1]}"}
        state = app.get(f"/video/{video_id}", headers=headers).json["status"]
        tus.patch(path, 0, b"123")

        assert tus.head(path).headers["Upload-Offset"] == "3"
        assert tus.patch(path, 3, b"45").headers["Upload-Offset"] == "5"
        assert tus.head(path).headers["Upload-Length"] == "5"
        url = "/dav/files/admin/Omegastream/video.mp4"
        found = app.get(url, headers=admin.basic)
        assert found.body == b"12345"
        assert found.headers["Content-Type"].startswith("video/mp4")
        done = app.get(f"/video/{video_id}", headers=headers).json
        assert (state, done["status"]) == ("uploading", "complete")
        assert (done["fileName"], done["size"]) == ("video.mp4", 5)

    def test_o3_unsigned_requests(self, app: TestApp, tus: Tus) -> None:
        """401 on every method but OPTIONS."""
        path = path_of(begin(tus))
        bare = Tus(app, "/tusupload")

        for answer in (
            bare.create(5, status=401),
            bare.patch(path, 0, b"12345", status=401),
            bare.delete(path, status=401),
        ):
            assert answer.json["code"] == "missing_signature"
        bare.head(path, status=401)
        app.options("/tusupload", status=204)
        assert tus.offset(path) == 0

    def test_o4_metadata_in_either_spelling(
        self, app: TestApp, tus: Tus, admin: Person
    ) -> None:
        """`fileName` as the text says, `filename` as the program does."""
        tus.create(5, None, pairs={"fileName": "b.mp4"}, body=b"12345")

        app.get("/dav/files/admin/Omegastream/b.mp4", headers=admin.basic)

    def test_o5_one_patch_for_all(self, tus: Tus) -> None:
        """The document's program sends the whole file in one request."""
        content = b"v" * (3 * 1024 * 1024)
        path = path_of(begin(tus, len(content)))

        answer = tus.patch(path, 0, content)

        assert answer.headers["Upload-Offset"] == str(len(content))

    def test_o6_signature_errors(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """Missing, wrong, expired, too far ahead: each has its code."""
        good = sign(video_id)
        for name in good:
            rest = {key: value for key, value in good.items() if key != name}
            refused(app, rest, 401, "missing_signature")
        wrong = good | {"Signature": "0" * 64}
        refused(app, wrong, 401, "invalid_signature")
        other = sign(video_id, secret="ky_other")
        refused(app, other, 401, "invalid_signature")
        refused(app, sign(video_id, seconds=-61), 401, "signature_expired")
        refused(app, sign(video_id, seconds=86_400 + 120), 401, "expiration_too_far")
        begin(Tus(app, "/tusupload", sign(video_id, seconds=-30)))

    def test_o6_unknown_video(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """The same answer as for a wrong signature: nobody learns which exist."""
        unknown = refused(app, sign(str(uuid.uuid4())), 401, "invalid_signature")
        wrong = sign(video_id) | {"Signature": "0" * 64}

        assert refused(app, wrong, 401, "invalid_signature").body == unknown.body

    def test_o6_tus_errors(self, tus: Tus) -> None:
        """404, 409, 412, 413, 415 and 460, in JSON."""
        path = path_of(begin(tus))
        missing = "/tusupload/11111111-2222-4333-8444-555555555555"

        for answer in (
            tus.patch(missing, 0, b"1", status=404),
            tus.patch(path, 3, b"45", status=409),
            tus.patch(path, 0, b"1", status=412, Tus_Resumable="2"),
            tus.patch(path, 0, b"123456", status=413),
            tus.patch(path, 0, b"1", status=415, Content_Type="video/mp4"),
            tus.patch(
                path, 0, b"1", status=460, Upload_Checksum="md5 " + "A" * 22 + "=="
            ),
        ):
            assert set(answer.json) == {"error", "code"}

    def test_o6_quota(
        self, app: TestApp, keys: ApiKeys, library: Library, admin: Person, sign: Sign
    ) -> None:
        """403."""
        space = library.catalog.create_project(admin.actor, "Small", quota=4)
        _, secret = keys.create(admin.actor, space.id, folder="F", label="")
        tus = Tus(app, "/tusupload", sign(make_video(app, secret), secret=secret))

        assert begin(tus, status=403).json["code"] == "quota_exceeded"


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


class TestKeys:
    """Keys are encrypted, rotated and revoked."""

    def test_sealed(
        self, library: Library, settings: Settings, key: tuple[ApiKey, str]
    ) -> None:
        """The database alone does not give a key away; another secret opens none."""
        with library.database.read() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM api_keys").all()

        assert key[1] not in repr(rows)
        other = omegastream_keys(library, (b"another secret",))
        assert other.signing_secrets(key[0].user_id, key[0].space_id) == ()
        former = (b"new", *read_secrets(settings).url_keys)
        kept = omegastream_keys(library, former)
        assert kept.signing_secrets(key[0].user_id, key[0].space_id) == (key[1],)

    def test_rotation_overlaps(
        self,
        *,
        app: TestApp,
        tus: Tus,
        keys: ApiKeys,
        sign: Sign,
        video_id: str,
        key: tuple[ApiKey, str],
    ) -> None:
        """Both sign for a while, then only the new one."""
        path = path_of(begin(tus))
        made, secret = keys.rotate(key[0].id, overlap=HOUR)

        tus.head(path)
        renewed = Tus(app, "/tusupload", sign(video_id, secret=secret))
        renewed.head(path)
        keys.rotate(key[0].id, overlap=0)
        tus.head(path, status=401)
        renewed.patch(path, 0, b"12345")
        assert made.space_id == key[0].space_id

    def test_revoked_amid_an_upload(
        self, tus: Tus, keys: ApiKeys, key: tuple[ApiKey, str], app: TestApp
    ) -> None:
        """401 from the next request on."""
        path = path_of(begin(tus))
        tus.patch(path, 0, b"123")

        keys.revoke(key[0].id)

        answer = tus.patch(path, 3, b"45", status=401)
        assert answer.json["code"] == "invalid_signature"
        app.post("/video", b"", headers={"X-Api-Key": key[1]}, status=401)

    def test_keys_of_others_sign_nothing(
        self,
        *,
        app: TestApp,
        keys: ApiKeys,
        library: Library,
        alice: Person,
        sign: Sign,
        video_id: str,
    ) -> None:
        """A key is for its own account's videos."""
        home = library.catalog.personal(alice.actor)
        _, secret = keys.create(alice.actor, home.id, folder="F", label="")

        refused(app, sign(video_id, secret=secret), 401, "invalid_signature")

    def test_disabled_account(
        self,
        *,
        app: TestApp,
        keys: ApiKeys,
        library: Library,
        alice: Person,
        sign: Sign,
    ) -> None:
        """Its keys sign nothing any more."""
        home = library.catalog.personal(alice.actor)
        _, secret = keys.create(alice.actor, home.id, folder="F", label="")
        signed = sign(make_video(app, secret), secret=secret)

        library.accounts.disable(alice.actor.user_id)

        refused(app, signed, 401, "invalid_signature")


class TestAttacks:
    """What the plain signature is weak against, and how that is bounded."""

    def test_tampering(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """Neither expiration nor video can be changed."""
        good = sign(video_id)
        later = good | {"Expiration": str(int(good["Expiration"]) + 1)}
        refused(app, later, 401, "invalid_signature")
        other = good | {"Video-Id": str(uuid.uuid4())}
        refused(app, other, 401, "invalid_signature")

    def test_replay_after_expiry(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """A signature that was right is worth nothing afterwards."""
        old = sign(video_id, seconds=-100)

        refused(app, old, 401, "signature_expired")
        fresh = {"Expiration": sign(video_id)["Expiration"]}
        refused(app, old | fresh, 401, "invalid_signature")

    def test_length_extension(
        self, app: TestApp, sign: Sign, video_id: str, key: tuple[ApiKey, str]
    ) -> None:
        """It works on the hash itself, and no header can carry it."""
        good = sign(video_id)
        known = len(f"{key[1]}{good['Expiration']}{video_id}")
        suffix = str(uuid.uuid4()).encode()
        forged, padding = extend_sha256(good["Signature"], known, suffix)
        message = f"{key[1]}{good['Expiration']}{video_id}".encode()
        extended = message + padding + suffix
        assert hashlib.sha256(extended).hexdigest() == forged  # the attack is real

        video = (video_id.encode() + padding + suffix).decode("latin-1")
        for name in (video, suffix.decode(), video_id + suffix.decode()):
            headers = good | {"Signature": forged, "Video-Id": name}
            answer = begin_raw(app, headers)
            assert answer.status_int in {400, 401}

    @pytest.mark.parametrize("shift", [1, 2])
    def test_shifting_digits(
        self, app: TestApp, sign: Sign, video_id: str, shift: int
    ) -> None:
        """Digits cannot go from the expiration to the video."""
        good = sign(video_id)
        head, tail = good["Expiration"][:-shift], good["Expiration"][-shift:]

        moved = good | {"Expiration": head, "Video-Id": tail + video_id}
        refused(app, moved, 400, "malformed_signature")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Expiration", "0123456789"),
            ("Expiration", "+1234567890"),
            ("Expiration", "1e9"),
            ("Expiration", "123456789"),
            ("Expiration", "123456789012"),
            ("Video-Id", "x"),
            ("Video-Id", "A23FE4E9-DC10-4F6B-BDA5-AFE93F8D5D4A"),
            ("Video-Id", "{a23fe4e9-dc10-4f6b-bda5-afe93f8d5d4a}"),
            ("Signature", "x" * 64),
            ("Signature", "A" * 64),
            ("Signature", "0" * 63),
            ("Signature", "v1=" + "0" * 64),
        ],
    )
    def test_grammar(
        self, *, app: TestApp, sign: Sign, video_id: str, name: str, value: str
    ) -> None:
        """One form each, and 400 for any other."""
        refused(app, sign(video_id) | {name: value}, 400, "malformed_signature")

    def test_paths_in_names(self, app: TestApp, tus: Tus, admin: Person) -> None:
        """Only the last part counts."""
        tus.create(5, "../../evil.mp4", body=b"12345")

        app.get("/dav/files/admin/Omegastream/evil.mp4", headers=admin.basic)


def begin_raw(app: TestApp, headers: dict[str, str]) -> TestResponse:
    """A creation with headers that no client could send."""
    environ = {
        f"HTTP_{name.upper().replace('-', '_')}": value
        for name, value in headers.items()
    }
    given = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    request = {"headers": given, "extra_environ": environ, "status": "*"}
    return app.post("/tusupload", b"", **request)


class TestHmac:
    """The recommended form."""

    @staticmethod
    def headers(good: dict[str, str], secret: str) -> dict[str, str]:
        """The keyed signature in place of the plain one."""
        message = f"v2\n{good['Expiration']}\n{good['Video-Id']}"
        digest = hmac.new(secret.encode(), message.encode(), "sha256").hexdigest()
        return good | {"Signature": f"v2={digest}"}

    def test_accepted(
        self, app: TestApp, sign: Sign, video_id: str, key: tuple[ApiKey, str]
    ) -> None:
        """With the same grammar and limits of time."""
        signed = self.headers(sign(video_id), key[1])
        begin(Tus(app, "/tusupload", signed))
        late = self.headers(sign(video_id, seconds=-61), key[1])
        refused(app, late, 401, "signature_expired")
        wrong = self.headers(sign(video_id), "ky_other")
        refused(app, wrong, 401, "invalid_signature")


class TestHmacOnly(TestHmac):
    """With the plain form switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Keyed signatures only."""
        return {"omegastream.plain_signatures": False}

    def test_plain_is_refused(self, app: TestApp, sign: Sign, video_id: str) -> None:
        """However right it is."""
        refused(app, sign(video_id), 401, "invalid_signature")


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


class TestPages:
    """CORS for chosen origins."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """The server's own list counts as well."""
        return {"cors.origins": "https://app.example"}

    def test_signature_headers_may_be_sent(self, app: TestApp) -> None:
        """And nothing is let in with cookies."""
        asked = {
            "Origin": "https://app.example",
            "Access-Control-Request-Method": "POST",
        }

        answer = app.options("/tusupload", headers=asked)

        assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example"
        allowed = answer.headers["Access-Control-Allow-Headers"]
        assert all(name in allowed for name in ("Signature", "Expiration", "Video-Id"))
        assert "Access-Control-Allow-Credentials" not in answer.headers


class TestOff:
    """Switched off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Off."""
        return {"omegastream.enabled": False}

    def test_there_is_nothing(self, app: TestApp) -> None:
        """404 on every URL."""
        for url in ("/video", "/video/x", "/tusupload", "/tusupload/x"):
            app.get(url, status=404)


def test_files_are_ordinary_files(
    *, app: TestApp, tus: Tus, library: Library, admin: Person, home: Space
) -> None:
    """Counted, in the change log, and versioned when they are overwritten."""
    root = library.tree.get(admin.actor, Place(home.id))
    since = library.changes.token(admin.actor, root.node)
    tus.create(5, "a.mp4", body=b"12345")

    page = library.changes.since(admin.actor, root.node, since, limit=100)
    path = "Omegastream/a.mp4"
    assert path in {each for each, _ in page.changed}
    assert library.catalog.get(admin.actor, home.id).quota.used == 5
    app.put(f"/dav/files/admin/{path}", b"new", headers=admin.basic, status=204)
    node = library.tree.get(admin.actor, Place(home.id, tuple(path.split("/")))).node
    assert len(library.versions.list(admin.actor, node.id)) == 1


def extend_sha256(digest: str, length: int, suffix: bytes) -> tuple[str, bytes]:
    """The digest of a message of this length and digest with more at its end.

    Also the padding that comes between. The message itself is not needed, which is
    why a bare hash over a secret is no signature (FIPS 180-4 §6.2).
    """
    padding = _padding(length)
    total = length + len(padding) + len(suffix)
    state = list(struct.unpack(">8I", bytes.fromhex(digest)))
    data = suffix + _padding(total)
    for start in range(0, len(data), 64):
        state = _compress(state, data[start : start + 64])
    return struct.pack(">8I", *state).hex(), padding


def _padding(length: int) -> bytes:
    return b"\x80" + b"\0" * ((55 - length) % 64) + struct.pack(">Q", length * 8)


def _constants() -> list[int]:
    """The first 32 bits of the fractions of the cube roots of the first 64 primes."""
    primes = [n for n in range(2, 312) if all(n % p for p in range(2, n))][:64]
    return [_cube_root(prime << 96) & 0xFFFFFFFF for prime in primes]


def _cube_root(value: int) -> int:
    root = 1 << (value.bit_length() // 3 + 1)
    while True:
        step = (2 * root + value // (root * root)) // 3
        if step >= root:
            return root
        root = step


def _rotate(word: int, count: int) -> int:
    return (word >> count | word << 32 - count) & 0xFFFFFFFF


def _compress(state: list[int], block: bytes) -> list[int]:
    words = list(struct.unpack(">16I", block))
    for i in range(16, 64):
        x, y = words[i - 15], words[i - 2]
        low = _rotate(x, 7) ^ _rotate(x, 18) ^ x >> 3
        high = _rotate(y, 17) ^ _rotate(y, 19) ^ y >> 10
        words.append((words[i - 16] + low + words[i - 7] + high) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(words, _constants(), strict=True):
        high = _rotate(e, 6) ^ _rotate(e, 11) ^ _rotate(e, 25)
        first = h + high + (e & f ^ ~e & g) + constant + word
        low = _rotate(a, 2) ^ _rotate(a, 13) ^ _rotate(a, 22)
        second = low + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (
            (first + second) & 0xFFFFFFFF, a, b, c, (d + first) & 0xFFFFFFFF, e, f, g,
        )  # fmt: skip
    worked = (a, b, c, d, e, f, g, h)
    return [(x + y) & 0xFFFFFFFF for x, y in zip(state, worked, strict=True)]
