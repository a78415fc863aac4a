"""What is known of an upload before its first byte, from the creation's own words.

Pure: looks at the command and its target, and makes the row's values of them.
"""

from ocsync.uploads.commands import Create
from ocsync.uploads.terms import Target, Terms, Transfer
from spaces.upload_model import NewUpload, UploadKind


def new_upload(command: Create, target: Target, terms: Terms) -> NewUpload:
    """The row, as far as it is known."""
    length, chunk = command.length, command.chunk
    if length is None and chunk is not None and chunk.is_last:
        length = chunk.length
    return NewUpload(
        dialect=terms.dialect,
        length=length,
        lifetime=terms.lifetime,
        kind=command.kind,
        metadata=command.metadata.raw,
        intent=target.intent,
        label=target.label,
        address=target.address,
        pool=target.pool,
    )


def is_whole(command: Create) -> bool:
    """Whether all bytes of the file come with its creation."""
    chunk = command.chunk
    if command.kind is not UploadKind.WHOLE:
        return False
    if chunk is None or chunk.is_last is False:
        return command.length == 0 and chunk is None
    total = chunk.length if command.length is None and chunk.is_last else command.length
    return total is not None and chunk.length == total


def is_plain(target: Target, transfer: Transfer) -> bool:
    """Whether nobody needs to know of the upload before it is finished."""
    place = target.place
    is_bound = target.actor is not None and place is not None and bool(place.path)
    return is_bound and transfer.on_created is None
