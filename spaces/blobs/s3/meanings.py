"""What the error codes of S3 mean here, and in words for whoever runs the server."""

from enum import Enum, auto
from typing import Final


class Meaning(Enum):
    """What follows from a refusal."""

    MULTIPART_GONE = auto()
    BEYOND_THE_END = auto()
    MISSING = auto()
    FULL = auto()
    NOT_IMPLEMENTED = auto()
    NO_BUCKET = auto()
    WRONG_KEYS = auto()
    WRONG_REGION = auto()
    DENIED = auto()
    OTHER = auto()


_MEANINGS: Final = {
    "NoSuchUpload": Meaning.MULTIPART_GONE,
    "InvalidRange": Meaning.BEYOND_THE_END,
    "416": Meaning.BEYOND_THE_END,
    "NoSuchKey": Meaning.MISSING,
    "404": Meaning.MISSING,
    "NotFound": Meaning.MISSING,
    "QuotaExceeded": Meaning.FULL,
    "XMinioStorageFull": Meaning.FULL,
    "InsufficientStorage": Meaning.FULL,
    "507": Meaning.FULL,
    "NotImplemented": Meaning.NOT_IMPLEMENTED,
    "NoSuchBucket": Meaning.NO_BUCKET,
    "InvalidAccessKeyId": Meaning.WRONG_KEYS,
    "SignatureDoesNotMatch": Meaning.WRONG_KEYS,
    "InvalidToken": Meaning.WRONG_KEYS,
    "ExpiredToken": Meaning.WRONG_KEYS,
    "InvalidClientTokenId": Meaning.WRONG_KEYS,
    "PermanentRedirect": Meaning.WRONG_REGION,
    "AuthorizationHeaderMalformed": Meaning.WRONG_REGION,
    "301": Meaning.WRONG_REGION,
    "307": Meaning.WRONG_REGION,
    "AccessDenied": Meaning.DENIED,
    "AllAccessDisabled": Meaning.DENIED,
    "403": Meaning.DENIED,
}


def find_meaning(code: str) -> Meaning:
    """The meaning of a code."""
    return _MEANINGS.get(code, Meaning.OTHER)


def describe(
    meaning: Meaning, code: str, *, operation: str, bucket: str, endpoint: str
) -> str:
    """One line that says what is wrong, without any secret."""
    match meaning:
        case Meaning.NO_BUCKET:
            return f"there is no bucket {bucket!r} at {endpoint}"
        case Meaning.WRONG_KEYS:
            return f"{endpoint} does not accept the credentials ({code})"
        case Meaning.DENIED:
            return f"the credentials do not allow {operation} in bucket {bucket!r}"
        case Meaning.WRONG_REGION:
            return f"bucket {bucket!r} is in another region: name it with region=…"
        case _:
            return f"{endpoint} answers {operation} with {code}"
