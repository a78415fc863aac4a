"""What the bucket store does when the network or S3 fails."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from spaces.blobs.s3.address import S3Address, S3Credentials
from spaces.blobs.s3.bucket import Bucket, Patience
from spaces.blobs.s3.parts import PartPlan
from spaces.blobs.s3.store import S3BlobStore
from spaces.errors import BlobNotFound, StoreUnavailable
from spaces.ids import BlobId, new_id
from tests.contracts.s3_faults import Faults, faulty
from tests.s3_server import KEYS, S3Server

PART = 4 * 1024
DATA = bytes(range(256)) * 64
HASTE = Patience(connect_seconds=2, read_seconds=1, tries=2)


@pytest.fixture
def proxy(small_s3: S3Server) -> Iterator[tuple[str, Faults]]:
    """A proxy before the server."""
    with faulty(small_s3.endpoint) as made:
        yield made


@pytest.fixture
def faults(proxy: tuple[str, Faults]) -> Faults:
    """What goes wrong."""
    return proxy[1]


@pytest.fixture
def store(proxy: tuple[str, Faults], small_bucket: Bucket) -> S3BlobStore:
    """A store behind the proxy."""
    address = S3Address.parse(f"s3://{small_bucket.name}?endpoint={proxy[0]}")
    bucket = Bucket(address, KEYS, patience=HASTE)
    return S3BlobStore(bucket, prefix=f"{uuid4()}/", plan=PartPlan((999, PART)))


@pytest.fixture
def blob_id() -> BlobId:
    """A new one."""
    return BlobId(new_id())


@pytest.mark.parametrize("kind", ["503", "reset", "stall"])
def test_a_passing_fault_is_not_noticed(
    store: S3BlobStore, faults: Faults, blob_id: BlobId, kind: str
) -> None:
    """A request that failed once is made again."""
    faults.plan("PUT", kind)
    faults.plan("POST", kind)

    with store.stage(blob_id) as staged:
        staged.write(DATA)
        staged.seal()

    with store.open(blob_id) as reader:
        assert reader.read() == DATA


def test_tries_are_bounded(store: S3BlobStore, faults: Faults, blob_id: BlobId) -> None:
    """A lasting fault is told, in words that hold no secret."""
    faults.plan("PUT", "503", times=50)

    with store.stage(blob_id) as staged:
        staged.write(DATA[:100])
        with pytest.raises(StoreUnavailable) as caught:
            staged.flush()

    assert faults.seen.count("PUT") == HASTE.tries
    assert KEYS.secret_access_key not in str(caught.value)


def test_nothing_is_believed_after_a_fault(
    store: S3BlobStore, faults: Faults, blob_id: BlobId
) -> None:
    """The area is opened again where it was last recorded, and the upload goes on."""
    with store.stage(blob_id) as staged:
        staged.write(DATA[:100])
        staged.flush()
    with store.resume(blob_id, 100) as staged:
        staged.write(DATA[100:5000])
        faults.plan("PUT", "503", times=HASTE.tries)
        with pytest.raises(StoreUnavailable):
            staged.flush()
        with pytest.raises(StoreUnavailable, match="opened again"):
            staged.flush()

    with store.resume(blob_id, 100) as staged:
        staged.write(DATA[100:])
        staged.seal()

    with store.open(blob_id) as reader:
        assert reader.read() == DATA


def test_a_download_that_is_cut_goes_on(
    store: S3BlobStore, faults: Faults, blob_id: BlobId
) -> None:
    """Where it was, with the bytes that were missing."""
    store.put(blob_id, DATA)
    faults.plan("GET", "cut")

    with store.open(blob_id, 10) as reader:
        assert reader.read() == DATA[10:]
    assert faults.seen.count("GET") == 2


def test_a_download_that_always_breaks_off_fails(
    store: S3BlobStore, faults: Faults, blob_id: BlobId
) -> None:
    """It is never taken for a whole one."""
    store.put(blob_id, DATA)
    faults.plan("GET", "cut")
    faults.plan("GET", "reset", times=50)

    with store.open(blob_id) as reader, pytest.raises(StoreUnavailable):
        reader.read()


def test_a_finish_whose_answer_was_lost(
    store: S3BlobStore, faults: Faults, blob_id: BlobId
) -> None:
    """Completed is completed, even if a second try finds nothing to complete."""
    with store.stage(blob_id) as staged:
        staged.write(DATA)
        staged.flush()
    store.seal(blob_id, len(DATA))

    again = BlobId(new_id())
    staged = store.stage(again)
    staged.write(DATA)
    staged.flush()
    store.seal(again, len(DATA))  # by another process
    staged.seal()

    with store.open(again) as reader:
        assert reader.read() == DATA


def test_content_that_is_gone_is_told(store: S3BlobStore, blob_id: BlobId) -> None:
    """As lost, not as a fault of the network."""
    with pytest.raises(BlobNotFound):
        store.open(blob_id)
    with pytest.raises(BlobNotFound):
        store.open(blob_id, 5, 10)
    with pytest.raises(BlobNotFound):
        store.size(blob_id)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://no-such-bucket?endpoint={endpoint}", "no bucket 'no-such-bucket'"),
        ("s3://any?endpoint=http://127.0.0.1:1", "cannot reach http://127.0.0.1:1"),
    ],
)
def test_a_bucket_that_cannot_be_used(small_s3: S3Server, url: str, words: str) -> None:
    """One line says why."""
    address = S3Address.parse(url.format(endpoint=small_s3.endpoint))
    keys = S3Credentials(access_key_id="key", secret_access_key="very-secret")
    store = S3BlobStore(Bucket(address, keys, patience=HASTE), prefix="")

    with pytest.raises(StoreUnavailable, match=words) as caught:
        store.require_ready()

    assert "very-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


class TestAddresses:
    """What a URL may say."""

    def test_everything(self) -> None:
        """Prefix, endpoint, region and how the bucket is addressed."""
        url = (
            "s3://b/a%20b/c/?endpoint=https://s3.example:9000&region=r&addressing=path"
        )

        assert S3Address.parse(url) == S3Address(
            bucket="b",
            prefix="a b/c/",
            endpoint="https://s3.example:9000",
            region="r",
            uses_paths=True,
        )

    def test_amazon(self) -> None:
        """Without an endpoint the bucket stands in the host name."""
        assert S3Address.parse("s3://bucket") == S3Address(bucket="bucket")

    @pytest.mark.parametrize(
        "url",
        [
            "s3://",
            "s3:///prefix",
            "s3://key:word@bucket/prefix",
            "s3://bucket?endpoint=",
            "s3://bucket?endpoint=ftp://x",
            "s3://bucket?endpoint=https://key:word@host",
            "s3://bucket?addressing=odd",
            "s3://bucket?acl=public",
        ],
    )
    def test_what_is_refused(self, url: str) -> None:
        """Mistakes are told without repeating what may be secret."""
        with pytest.raises(ValueError, match=r".") as caught:
            S3Address.parse(url)

        assert "word" not in str(caught.value)
