"""Times in answers: HTTP dates (RFC 9110 §5.6.7) as aware values.

asctime's form and `-0000` name no zone; by HTTP they mean UTC all the same.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parse_date(text: str | None) -> datetime | None:
    """The time that a date means; None if it is none."""
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
