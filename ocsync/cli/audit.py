"""`ocsync audit`: who logged in, changed rights, used tokens, removed things."""

import json
import time
from datetime import UTC, datetime
from typing import Any, Final

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import iso, print_rows
from ocsync.library import open_library
from ocsync.settings import LoadedSettings
from ocsync.settings.quantities import parse_duration
from spaces.audit_model import Action, Deed
from spaces.clock import Instant, from_seconds

_MOST: Final = 100_000


class MomentType(click.ParamType[Instant]):
    """A point in time: a date, or a length of time before now."""

    name = "moment"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Instant:
        """Read the text, or fail as wrong usage."""
        try:
            ago = parse_duration(value).total_seconds()
            return from_seconds(time.time() - ago)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"expected a date such as 2026-01-31, or 24h or 7d, not {value!r}",
                param,
                ctx,
            )
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return from_seconds(moment.timestamp())


@click.command()
@click.option("--user", default="", help="Who did it, or had it done to them.")
@click.option(
    "--action",
    default="",
    metavar="NAME",
    help="Such as file.removed, or the beginning: login.",
)
@click.option(
    "--since",
    type=MomentType(),
    default="30d",
    show_default=True,
    help="A date (UTC), or how long ago.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST),
    default=100,
    show_default=True,
    help="The latest so many.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with everything.")
@with_settings
def audit(
    *,
    loaded: LoadedSettings,
    user: str,
    action: str,
    since: Instant,
    limit: int,
    as_json: bool,
) -> None:
    """Show logins, tokens, rights and deletions, the latest first.

    What is kept how long is the setting keep.audit_age.
    """
    if action and not any(each.value.startswith(action) for each in Action):
        known = ", ".join(each.value for each in Action)
        raise click.BadParameter(f"no action begins with {action!r}: there are {known}")
    with open_library(loaded.settings) as library:
        found = library.audit.find(since=since, user=user, action=action, most=limit)
    print_rows(
        [_row(each, as_json=as_json) for each in found],
        columns=("at", "action", "user", "address", "subject", "detail"),
        as_json=as_json,
        empty="nothing is recorded for that",
    )


def _row(deed: Deed, *, as_json: bool) -> dict[str, object]:
    return {
        "at": iso(deed.at),
        "action": deed.action.value,
        "user": deed.user_name or None,
        "user_id": deed.user_id,
        "address": deed.address or None,
        "subject": deed.subject or None,
        "subject_id": deed.subject_id or None,
        "space_id": deed.space_id,
        "detail": dict(deed.detail) if as_json else _words(deed),
        "request_id": deed.request_id or None,
    }


def _words(deed: Deed) -> str:
    return " ".join(
        f"{key}={value if isinstance(value, str) else json.dumps(value)}"
        for key, value in deed.detail.items()
    )
