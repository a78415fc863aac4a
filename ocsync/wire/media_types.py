"""Media types: by the name of a file, else as the client says.

Never by looking into content, and never trusted: downloads are attachments.
"""

import mimetypes
import re
from functools import lru_cache
from typing import Final

_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")
_SAYS_NOTHING: Final = {
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/offset+octet-stream",
}
_MORE: Final = {
    ".7z": "application/x-7z-compressed",
    ".apk": "application/vnd.android.package-archive",
    ".avif": "image/avif",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".epub": "application/epub+zip",
    ".flac": "audio/flac",
    ".gz": "application/gzip",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".ics": "text/calendar",
    ".log": "text/plain",
    ".m4a": "audio/mp4",
    ".m4v": "video/x-m4v",
    ".md": "text/markdown",
    ".mkv": "video/x-matroska",
    ".odg": "application/vnd.oasis.opendocument.graphics",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".pptx": "application/vnd.openxmlformats-officedocument"
    ".presentationml.presentation",
    ".rtf": "application/rtf",
    ".toml": "application/toml",
    ".vcf": "text/vcard",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


@lru_cache(maxsize=1)
def _table() -> mimetypes.MimeTypes:
    """Python's own table, independent of what the machine has in /etc."""
    table = mimetypes.MimeTypes()
    for extension, media_type in _MORE.items():
        table.add_type(media_type, extension)
    return table


@lru_cache(maxsize=1024)
def _by_extension(extension: str) -> str | None:
    table = _table()
    return table.types_map[True].get(extension) or table.types_map[False].get(extension)


def media_type_of(name: str, stated: str | None = None) -> str | None:
    """The type of a file with this name; None if nothing tells.

    `stated` is the client's Content-Type, taken only where the name says nothing.
    """
    _, dot, extension = name.rpartition(".")
    if dot and (found := _by_extension(f".{extension.lower()}")):
        return found
    stated = (stated or "").partition(";")[0].strip().lower()
    if stated in _SAYS_NOTHING or _TYPE.fullmatch(stated) is None:
        return None
    return stated
