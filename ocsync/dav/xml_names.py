"""XML names: Clark notation inside, the literal prefixes `d:` and `oc:` outside.

ownCloud's web client reads properties by prefixed names without looking at
namespaces, so the prefixes are part of the wire.
"""

from functools import lru_cache
from typing import Final

from ocsync.wire.sabre import escape

DAV: Final = "DAV:"
OWNCLOUD: Final = "http://owncloud.org/ns"
_PREFIXES: Final = {
    DAV: "d",
    OWNCLOUD: "oc",
    "http://open-collaboration-services.org/ns": "ocs",
    "http://sabredav.org/ns": "s",
}
DECLARATIONS: Final = " ".join(
    f'xmlns:{prefix}="{namespace}"' for namespace, prefix in _PREFIXES.items()
)


def split_name(clark: str) -> tuple[str, str]:
    """Namespace and local name of `{namespace}name`."""
    if clark.startswith("{"):
        namespace, _, local = clark[1:].partition("}")
        return namespace, local
    return "", clark


@lru_cache(maxsize=1024)
def empty_element(clark: str) -> str:
    """The element with this name and nothing in it."""
    namespace, local = split_name(clark)
    prefix = _PREFIXES.get(namespace)
    if prefix is not None:
        return f"<{prefix}:{local}/>"
    if not namespace:
        return f'<{local} xmlns=""/>'
    return f'<x:{local} xmlns:x="{escape(namespace)}"/>'
