"""The settings of other upload APIs that are spoken: Pulse Cam, Omegastream, Picora."""

from dataclasses import dataclass
from datetime import timedelta

from ocsync.settings.declare import setting
from ocsync.settings.quantities import (
    parse_duration,
    parse_folder,
    parse_optional_size,
    parse_optional_text,
    parse_origins,
    parse_prefix,
    parse_size,
    parse_switch,
)

_SPACE_HELP = (
    "Alias or id of the space where uploads land, unless the credential was issued"
    " for another one; by default the personal space of whoever it stands for."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseSettings:
    """Uploads from the Pulse Cam app; see docs/dialects.md."""

    enabled: bool = setting(
        default=True,
        parse=parse_switch,
        env="OCSYNC_PULSE",
        help="Answer /uploads and /health. Without `pool_size` nothing can be sent"
        " without an upload token.",
    )
    prefix: str = setting(
        "",
        parse=parse_prefix,
        env="OCSYNC_PULSE_PREFIX",
        help="What stands before /uploads and /health in URLs.",
    )
    space: str | None = setting(
        None,
        parse=parse_optional_text,
        env="OCSYNC_PULSE_SPACE",
        help=_SPACE_HELP,
    )
    folder: str = setting(
        "Pulse Cam",
        parse=parse_folder,
        env="OCSYNC_PULSE_FOLDER",
        help="Folder where uploads land, unless the token names another one.",
    )
    max_size: int | None = setting(
        None,
        parse=parse_optional_size,
        env="OCSYNC_PULSE_MAX_SIZE",
        help="The largest file; a token may allow less.",
    )
    pool_size: int | None = setting(
        None,
        parse=parse_optional_size,
        env="OCSYNC_PULSE_POOL_SIZE",
        help="Bytes that all unfinished uploads without a token may hold together."
        " The app sends its token only at the end, so it needs this; not set, an"
        " upload cannot begin without a token.",
    )
    pool_size_per_address: int = setting(
        4_000_000_000,
        parse=parse_size,
        env="OCSYNC_PULSE_POOL_SIZE_PER_ADDRESS",
        help="Of these, the bytes that uploads from one address may hold.",
    )
    pool_size_per_upload: int = setting(
        2_000_000_000,
        parse=parse_size,
        env="OCSYNC_PULSE_POOL_SIZE_PER_UPLOAD",
        help="The largest upload that may begin without a token.",
    )
    idle: timedelta = setting(
        timedelta(hours=1),
        parse=parse_duration,
        env="OCSYNC_PULSE_IDLE",
        help="How long an unfinished upload is kept after its last byte.",
    )
    max_age: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_PULSE_MAX_AGE",
        help="How long an unfinished upload is kept at most.",
    )
    token_age: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_PULSE_TOKEN_AGE",
        help="How long upload tokens are good for, unless it is said otherwise.",
    )
    origins: tuple[str, ...] = setting(
        ("*",),
        parse=parse_origins,
        env="OCSYNC_PULSE_ORIGINS",
        help="Web origins whose pages may upload. Cookies count for nothing here: a"
        " page needs a token of its own.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OmegastreamSettings:
    """Uploads as Omegastream takes them, with signed requests; see docs/dialects.md."""

    enabled: bool = setting(
        default=True,
        parse=parse_switch,
        env="OCSYNC_OMEGASTREAM",
        help="Answer /video and /tusupload; nothing can be done there without a key.",
    )
    prefix: str = setting(
        "",
        parse=parse_prefix,
        env="OCSYNC_OMEGASTREAM_PREFIX",
        help="What stands before /video and /tusupload in URLs.",
    )
    space: str | None = setting(
        None,
        parse=parse_optional_text,
        env="OCSYNC_OMEGASTREAM_SPACE",
        help=_SPACE_HELP,
    )
    folder: str = setting(
        "Omegastream",
        parse=parse_folder,
        env="OCSYNC_OMEGASTREAM_FOLDER",
        help="Folder where videos land, unless the key was made for another one.",
    )
    max_size: int | None = setting(
        None,
        parse=parse_optional_size,
        env="OCSYNC_OMEGASTREAM_MAX_SIZE",
        help="The largest video.",
    )
    expiry: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_OMEGASTREAM_EXPIRY",
        help="How long an unfinished upload is kept.",
    )
    max_ahead: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_OMEGASTREAM_MAX_AHEAD",
        help="How far ahead the expiration of a signature may lie.",
    )
    plain_signatures: bool = setting(
        default=True,
        parse=parse_switch,
        env="OCSYNC_OMEGASTREAM_PLAIN_SIGNATURES",
        help="Accept the plain SHA-256 that Omegastream's clients send, beside HMAC.",
    )
    key_overlap: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_OMEGASTREAM_KEY_OVERLAP",
        help="How long a key works on after it has been rotated.",
    )
    origins: tuple[str, ...] = setting(
        (),
        parse=parse_origins,
        env="OCSYNC_OMEGASTREAM_ORIGINS",
        help="Web origins whose pages may upload, beside those of `cors.origins`.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PicoraSettings:
    """Uploads as Picora takes them; see docs/dialects.md."""

    enabled: bool = setting(
        default=True,
        parse=parse_switch,
        env="OCSYNC_PICORA",
        help="Answer /v1/uploads and its like; nothing can be done without a key.",
    )
    prefix: str = setting(
        "/v1",
        parse=parse_prefix,
        env="OCSYNC_PICORA_PREFIX",
        help="What stands before /uploads, /images, /videos and /audio in URLs.",
    )
    space: str | None = setting(
        None,
        parse=parse_optional_text,
        env="OCSYNC_PICORA_SPACE",
        help=_SPACE_HELP,
    )
    folder: str = setting(
        "Picora",
        parse=parse_folder,
        env="OCSYNC_PICORA_FOLDER",
        help="Folder that gets Images, Videos and Audio, unless the key names another.",
    )
    max_size: int = setting(
        50_000_000_000,
        parse=parse_size,
        env="OCSYNC_PICORA_MAX_SIZE",
        help="The largest file, announced as Tus-Max-Size.",
    )
    min_chunk: int = setting(
        5 * 1024 * 1024,
        parse=parse_size,
        env="OCSYNC_PICORA_MIN_CHUNK",
        help="The smallest part of a file that is not its last one.",
    )
    max_direct_size: int = setting(
        20_000_000,
        parse=parse_size,
        env="OCSYNC_PICORA_MAX_DIRECT_SIZE",
        help="The largest file that comes in one POST to /images and its like.",
    )
    expiry: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_PICORA_EXPIRY",
        help="How long after its beginning an unfinished upload is kept.",
    )
    key_overlap: timedelta = setting(
        timedelta(hours=24),
        parse=parse_duration,
        env="OCSYNC_PICORA_KEY_OVERLAP",
        help="How long a key works on after it has been rotated.",
    )
    origins: tuple[str, ...] = setting(
        (),
        parse=parse_origins,
        env="OCSYNC_PICORA_ORIGINS",
        help="Web origins whose pages may upload, beside those of `cors.origins`.",
    )
