"""XML request bodies: read whole, but bounded in size, depth and number of elements.

Document types and entities are refused (defusedxml), so no body can grow on us.
"""

from collections.abc import Mapping
from typing import Any, Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from lxml import etree

from ocsync.problems import HttpProblem
from ocsync.wire.body import BoundedBody

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 10_000

Element = etree._Element  # noqa: SLF001 -- lxml has no public name for the type


def read_xml(environ: Mapping[str, Any], *, root: str) -> Element | None:
    """The document in the body, None if there is no body.

    Raises:
        HttpProblem: 400 for anything that is not a document with this root, 413 for
            one that is too large.
        BodyError: the body could not be read.
    """
    data = BoundedBody(environ, limit=MAX_BYTES).read()
    if not data.strip():
        return None
    element = parse_xml(data)
    if element.tag != root:
        raise HttpProblem(400, f"Expected the element {root}")
    return element


def parse_xml(data: bytes) -> Element:
    """Parse untrusted XML.

    Raises:
        HttpProblem: 400.
    """
    _refuse_document_types(data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        element = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise HttpProblem(400, f"The body is not well-formed XML: {error}") from None
    _require_bounded(element)
    return element


def _refuse_document_types(data: bytes) -> None:
    """Let expat run over the body with defusedxml's guards before lxml sees it."""
    try:
        parser = DefusedXMLParser(forbid_dtd=True)
        parser.feed(data)
        parser.close()
    except DefusedXmlException:
        raise HttpProblem(400, "Document types and entities are refused") from None
    except Exception as error:  # noqa: BLE001 -- expat's errors differ by version
        raise HttpProblem(400, f"The body is not well-formed XML: {error}") from None


def _require_bounded(root: Element) -> None:
    level = [root]
    depth = count = 0
    while level:
        depth += 1
        count += len(level)
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise HttpProblem(400, "The XML has too many or too deeply nested elements")
        level = [child for element in level for child in element]
