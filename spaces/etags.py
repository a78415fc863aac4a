"""ETags: what marks the state of a node.

Each committed change draws one fresh tag and gives it to the changed node and to
all its ancestors, so a tag at any folder tells whether anything below it changed.
Unquoted everywhere inside; quotes belong to the wire.
"""

import secrets


def new_etag() -> str:
    """A tag no state has had before: 32 hex digits."""
    return secrets.token_hex(16)
