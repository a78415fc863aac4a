"""The body of a PROPPATCH: which properties are set and which removed, in order.

Values of dead properties are kept as XML: serialised alone, with the namespaces and
the xml:lang that were in scope (RFC 4918 §4.3, §4.4).
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ocsync.dav.xml_body import Element
from ocsync.problems import HttpProblem

MAX_UPDATES: Final = 500
MAX_VALUE_BYTES: Final = 64 * 1024
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Update:
    """One property: its new value as XML and as text, or None to remove it."""

    name: str
    xml: str | None
    text: str = ""


def read_updates(root: Element) -> tuple[Update, ...]:
    """The updates of a DAV:propertyupdate, in document order (RFC 4918 §9.2).

    Raises:
        HttpProblem: 400 the structure is wrong, 507 a value is too large to keep.
    """
    updates = tuple(_walk(root))
    if not updates:
        raise HttpProblem(400, "There is no property to set or remove")
    if len(updates) > MAX_UPDATES:
        raise HttpProblem(400, f"At most {MAX_UPDATES} properties can be set at once")
    return updates


def _walk(root: Element) -> Iterator[Update]:
    for step in root:
        if step.tag not in {"{DAV:}set", "{DAV:}remove"}:
            continue
        for prop in step:
            if prop.tag != "{DAV:}prop":
                continue
            for element in prop:
                if step.tag == "{DAV:}remove":
                    yield Update(str(element.tag), None)
                else:
                    yield _set(element)


def _set(element: Element) -> Update:
    xml = serialise(element)
    if len(xml.encode()) > MAX_VALUE_BYTES:
        raise HttpProblem(507, f"{element.tag} is too large to be kept")
    return Update(str(element.tag), xml, "".join(map(str, element.itertext())).strip())


def serialise(element: Element) -> str:
    """The element as a document fragment that stands for itself."""
    alone = deepcopy(element)
    alone.tail = None
    for ancestor in (element, *element.iterancestors()):
        language = ancestor.get(_LANG)
        if language is not None:
            alone.set(_LANG, language)
            break
    etree.cleanup_namespaces(alone)
    return etree.tostring(alone, encoding="unicode")
