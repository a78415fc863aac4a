"""`ocsync space`: project spaces and their members."""

from typing import Any

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import iso, print_json, print_rows, size_words
from ocsync.cli.quantities import SizeType
from ocsync.library import open_library
from ocsync.settings import LoadedSettings
from spaces.ids import ResourceId, SpaceId, UserId
from spaces.library import Library
from spaces.model import Actor, Member, Role, Space

_ROLES = [role.value for role in Role]


class MemberType(click.ParamType[tuple[str, Role]]):
    """`USER:role`."""

    name = "member"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, Role]:
        """Read the text, or fail as wrong usage."""
        if isinstance(value, tuple):
            return value
        name, colon, role = str(value).rpartition(":")
        if not colon or role not in _ROLES:
            self.fail(f"expected USER:{'|'.join(_ROLES)}, not {value!r}", param, ctx)
        return name, Role(role)


@click.group()
def space() -> None:
    """Spaces and who belongs to them."""


@space.command("create")
@click.argument("name")
@click.option("--quota", type=SizeType(), help="Such as 10GB; by default unlimited.")
@click.option("--description", default="", help="What the space is for.")
@click.option("--owner", help="Who manages it; by default the first administrator.")
@click.option(
    "--member",
    "members",
    type=MemberType(),
    metavar="USER:ROLE",
    multiple=True,
    help="viewer, editor or manager; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def create_space(
    *,
    loaded: LoadedSettings,
    name: str,
    quota: int | None,
    description: str,
    owner: str | None,
    members: tuple[tuple[str, Role], ...],
    as_json: bool,
) -> None:
    """Make the project space NAME and print its id."""
    with open_library(loaded.settings) as library:
        actor = _administrator(library, owner)
        people = [(library.accounts.get(each), role) for each, role in members]
        made = library.catalog.create_project(
            actor, name, quota=quota, description=description
        )
        for person, role in people:
            library.catalog.set_member(actor, made.id, person.id, role)
        row = _space_row(library, made)
    if as_json:
        print_json(row)
    else:
        click.echo(row["id"])


@space.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def list_spaces(loaded: LoadedSettings, as_json: bool) -> None:
    """List all spaces."""
    with open_library(loaded.settings) as library:
        found = library.catalog.list(_administrator(library), all=True)
        rows = [_space_row(library, each) for each in found]
    for row in rows if not as_json else ():
        row["used"] = size_words(row["used_bytes"])
        row["quota"] = size_words(row["quota_bytes"])
    print_rows(
        rows,
        columns=("id", "kind", "name", "used", "quota", "is_disabled"),
        as_json=as_json,
        empty="there are no spaces",
    )


@space.group("member")
def member() -> None:
    """Who belongs to a space. SPACE is its id, alias, or name if only one has it."""


@member.command("list")
@click.argument("name", metavar="SPACE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def list_members(loaded: LoadedSettings, name: str, as_json: bool) -> None:
    """List the members of SPACE."""
    with open_library(loaded.settings) as library:
        actor = _administrator(library)
        found = library.catalog.members(actor, _find_space(library, actor, name).id)
    print_rows(
        map(_member_row, found),
        columns=("name", "display_name", "role", "added"),
        as_json=as_json,
        empty="the space has no members",
    )


@member.command("add")
@click.argument("name", metavar="SPACE")
@click.argument("who", metavar="USER:ROLE", type=MemberType())
@with_settings
def add_member(loaded: LoadedSettings, name: str, who: tuple[str, Role]) -> None:
    """Give USER the role in SPACE: viewer, editor or manager."""
    user_name, role = who
    with open_library(loaded.settings) as library:
        actor = _administrator(library)
        found = _find_space(library, actor, name)
        person = library.accounts.get(user_name)
        library.catalog.set_member(actor, found.id, person.id, role)
    click.echo(f"{person.name} is {role.value} of {found.name}", err=True)


@member.command("remove")
@click.argument("name", metavar="SPACE")
@click.argument("user_name", metavar="USER")
@with_settings
def remove_member(loaded: LoadedSettings, name: str, user_name: str) -> None:
    """Take USER out of SPACE."""
    with open_library(loaded.settings) as library:
        actor = _administrator(library)
        found = _find_space(library, actor, name)
        person = library.accounts.get(user_name)
        library.catalog.remove_member(actor, found.id, person.id)
    click.echo(f"{person.name} is no longer in {found.name}", err=True)


def _administrator(library: Library, name: str | None = None) -> Actor:
    """On whose behalf the operator acts: the one named, else the first administrator.

    Whoever runs this command owns the data, so the right to administer is given.
    """
    if name is not None:
        account = library.accounts.get(name)
        return Actor(account.id, account.name, account.display_name, is_admin=True)
    for account in library.accounts.list():
        if account.is_admin and account.disabled_at is None:
            return Actor(account.id, account.name, account.display_name, is_admin=True)
    return Actor(UserId(""), "operator", is_admin=True)


def _find_space(library: Library, actor: Actor, text: str) -> Space:
    """The space that the text means.

    Raises:
        UsageError: none, or more than one.
    """
    found = [
        each
        for each in library.catalog.list(actor, all=True)
        if text in {_full_id(library, each.id), each.id, each.alias, each.name}
    ]
    if not found:
        raise click.UsageError(f"there is no space {text!r}")
    if len(found) > 1:
        raise click.UsageError(f"{len(found)} spaces are called {text!r}: give the id")
    return found[0]


def _full_id(library: Library, space_id: SpaceId) -> str:
    return str(ResourceId(library.storage_id, space_id))


def _space_row(library: Library, each: Space) -> dict[str, Any]:
    return {
        "id": _full_id(library, each.id),
        "kind": each.kind.value,
        "name": each.name,
        "alias": each.alias,
        "description": each.description,
        "used_bytes": each.quota.used,
        "reserved_bytes": each.quota.reserved,
        "quota_bytes": each.quota.total,
        "is_disabled": each.is_disabled,
        "created": iso(each.created_at),
    }


def _member_row(each: Member) -> dict[str, object]:
    return {
        "user_id": each.user_id,
        "name": each.name,
        "display_name": each.display_name,
        "role": each.role.value,
        "added": iso(each.added_at),
    }
