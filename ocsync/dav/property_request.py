"""What a PROPFIND or the DAV:prop of a REPORT asks for, read from XML.

Clients send the same few bodies over and over, so small ones are parsed once.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from ocsync.dav.property_table import ALL_PROPERTIES, Wanted
from ocsync.dav.xml_body import MAX_BYTES, Element, parse_xml
from ocsync.problems import HttpProblem
from ocsync.wire.body import BoundedBody

MAX_PROPERTIES: Final = 1000
_CACHED_BYTES: Final = 8192


def read_propfind(environ: Mapping[str, Any]) -> Wanted:
    """The properties a PROPFIND asks; all, if it has no body.

    Raises:
        HttpProblem: 400 for a body that is not DAV:propfind, 413 for a large one.
        BodyError: the body could not be read.
    """
    if environ.get("CONTENT_LENGTH") in {None, "", "0"} and not environ.get(
        "wsgi.input_terminated"
    ):
        return ALL_PROPERTIES
    data = BoundedBody(environ, limit=MAX_BYTES).read()
    return _parse_cached(data) if len(data) <= _CACHED_BYTES else parse_propfind(data)


def parse_propfind(data: bytes) -> Wanted:
    """The properties that a body asks.

    Raises:
        HttpProblem: 400.
    """
    if not data.strip():
        return ALL_PROPERTIES
    root = parse_xml(data)
    if root.tag != "{DAV:}propfind":
        raise HttpProblem(400, "Expected a DAV:propfind element")
    kinds = {str(child.tag): child for child in root if str(child.tag) in _KINDS}
    if len(kinds) != 1:
        raise HttpProblem(
            400, "DAV:propfind takes one of DAV:prop, DAV:allprop, DAV:propname"
        )
    if "{DAV:}propname" in kinds:
        return Wanted(is_names_only=True)
    if "{DAV:}allprop" in kinds:
        include = root.find("{DAV:}include")
        return Wanted(() if include is None else _names(include), is_all=True)
    return read_prop(kinds["{DAV:}prop"])


_KINDS: Final = {"{DAV:}prop", "{DAV:}allprop", "{DAV:}propname"}
_parse_cached = lru_cache(maxsize=256)(parse_propfind)


def read_prop(prop: Element | None) -> Wanted:
    """The names in a DAV:prop; none, or no such element, means all.

    Raises:
        HttpProblem: 400, there are too many.
    """
    names = () if prop is None else _names(prop)
    return Wanted(names) if names else ALL_PROPERTIES


def _names(parent: Element) -> tuple[str, ...]:
    names = tuple(str(child.tag) for child in parent)
    if len(names) > MAX_PROPERTIES:
        raise HttpProblem(400, f"At most {MAX_PROPERTIES} properties can be asked")
    return names
