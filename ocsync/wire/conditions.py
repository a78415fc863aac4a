"""ETags and the conditional headers of RFC 9110 §13.

Pure: text in, values out. Whether a condition holds in the database is decided by
the domain inside its transaction (`spaces.model.Guard`); what only reads is judged
here against the state that was read.
"""

import re
from dataclasses import dataclass
from typing import Final

from ocsync.wire.dates import parse_http_date
from ocsync.wire.malformed import MalformedHeader
from spaces.clock import SECOND, Instant

ANY: Final = ("*",)

# entity-tag = [ %s"W/" ] DQUOTE *etagc DQUOTE. Unquoted tags are taken too: old
# ownCloud clients and many scripts send them bare.
_MEMBER: Final = re.compile(
    r'\s*(?P<weak>W/)?(?:"(?P<quoted>[\x21\x23-\x7e\x80-\xff]*)"'
    r"|(?P<bare>[A-Za-z0-9._:+-]+))\s*(?:,|\Z)"
)
_MAX_TAGS: Final = 256


@dataclass(frozen=True, slots=True)
class EntityTag:
    """An ETag as a client sends it; `value` is unquoted."""

    value: str
    is_weak: bool = False


def format_etag(value: str) -> str:
    """The tag as it stands in headers and in the getetag property."""
    return f'"{value}"'


def parse_etag_list(text: str, *, header: str) -> tuple[EntityTag, ...] | None:
    """The tags of a list; None for `*`.

    Raises:
        MalformedHeader: neither `*` nor a list of tags.
    """
    text = text.strip().strip(",")
    if text == "*":
        return None
    tags: list[EntityTag] = []
    position = 0
    while position < len(text):
        match = _MEMBER.match(text, position)
        if match is None or len(tags) == _MAX_TAGS:
            raise MalformedHeader(header, "expected * or a list of entity tags")
        value = match["quoted"] if match["quoted"] is not None else match["bare"]
        tags.append(EntityTag(value.removesuffix("-gzip"), match["weak"] is not None))
        position = match.end()
    if not tags:
        raise MalformedHeader(header, "expected * or a list of entity tags")
    return tuple(tags)


def parse_if_match(text: str) -> tuple[str, ...]:
    """The values of If-Match for a guard; weak tags never match (RFC 9110 §13.1.1).

    Raises:
        MalformedHeader: as `parse_etag_list`.
    """
    tags = parse_etag_list(text, header="If-Match")
    if tags is None:
        return ANY
    return tuple(tag.value for tag in tags if not tag.is_weak)


def parse_if_none_match(text: str) -> tuple[str, ...]:
    """The values of If-None-Match for a guard; weak and strong compare equal.

    Raises:
        MalformedHeader: as `parse_etag_list`.
    """
    tags = parse_etag_list(text, header="If-None-Match")
    return ANY if tags is None else tuple(tag.value for tag in tags)


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request's conditional headers demand; None: header not sent."""

    if_match: tuple[str, ...] | None = None
    if_none_match: tuple[str, ...] | None = None
    if_modified_since: Instant | None = None
    if_unmodified_since: Instant | None = None

    def __bool__(self) -> bool:
        """Whether any condition is set."""
        return self is not NO_CONDITIONS and self != NO_CONDITIONS

    def failing_header(
        self, etag: str | None, modified_at: Instant | None
    ) -> str | None:
        """The header whose demand the state does not meet, in the order of §13.2.2.

        `etag` None: the resource does not exist. If-Modified-Since counts only
        without If-None-Match, If-Unmodified-Since only without If-Match.
        """
        if self.if_match is not None:
            if etag is None or (self.if_match != ANY and etag not in self.if_match):
                return "If-Match"
        elif (
            self.if_unmodified_since is not None
            and modified_at is not None
            and modified_at // SECOND > self.if_unmodified_since // SECOND
        ):
            return "If-Unmodified-Since"
        if self.if_none_match is not None:
            if etag is not None and (
                self.if_none_match == ANY or etag in self.if_none_match
            ):
                return "If-None-Match"
        elif (
            self.if_modified_since is not None
            and modified_at is not None
            and modified_at // SECOND <= self.if_modified_since // SECOND
        ):
            return "If-Modified-Since"
        return None


NO_CONDITIONS: Final = Conditions()


def parse_conditions(
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: str | None = None,
    if_unmodified_since: str | None = None,
) -> Conditions:
    """Read the four headers; dates that are none are ignored.

    Raises:
        MalformedHeader: a list of tags cannot be read.
    """
    if not (if_match or if_none_match or if_modified_since or if_unmodified_since):
        return NO_CONDITIONS
    return Conditions(
        parse_if_match(if_match) if if_match else None,
        parse_if_none_match(if_none_match) if if_none_match else None,
        parse_http_date(if_modified_since) if if_modified_since else None,
        parse_http_date(if_unmodified_since) if if_unmodified_since else None,
    )
