"""The audit log: one entry in the transaction of each deed, and none without it."""

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event, Thread

import pytest
from sqlalchemy import Connection

from spaces.audit import AuditLog, record
from spaces.audit_model import CALLER, Action, Deed
from spaces.clock import DAY, HOUR, Instant
from spaces.errors import Forbidden, NodeNotFound
from spaces.ids import UserId
from spaces.library import Library
from spaces.model import Actor, Place, Role, Space
from tests.domain import Desk

START = Instant(0)


@dataclass(frozen=True)
class Somebody:
    """Who calls, as the service tells it."""

    user_name: str = "ann"
    address: str = "192.0.2.7"
    request_id: str = "r-1"
    user_id: UserId | None = None


class Ticks:
    """A clock that tests move."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def caller() -> Iterator[Somebody]:
    """The caller of everything on this thread."""
    somebody = Somebody()
    token = CALLER.set(somebody)
    yield somebody
    CALLER.reset(token)


def found(library: Library, action: Action) -> list[Deed]:
    """The entries of one kind, the latest first."""
    return list(library.audit.find(since=START, action=action.value))


def only(library: Library, action: Action) -> Deed:
    """The one entry of a kind."""
    (deed,) = found(library, action)
    return deed


def test_a_removal_names_path_and_person(desk: Desk, caller: Somebody) -> None:
    """Whoever removes something is found again, with the request."""
    desk.library.tree.make_folder(desk.actor, desk.place("docs"))
    desk.put("docs/a.txt")

    desk.library.tree.remove(desk.actor, desk.place("docs/a.txt"))

    deed = only(desk.library, Action.FILE_REMOVED)
    assert (deed.user_id, deed.user_name) == (desk.actor.user_id, desk.actor.name)
    assert (deed.subject, deed.space_id) == ("docs/a.txt", desk.space.id)
    assert (deed.address, deed.request_id) == (caller.address, caller.request_id)


def test_what_did_not_happen_leaves_no_entry(desk: Desk) -> None:
    """The entry goes with its transaction."""
    with pytest.raises(NodeNotFound):
        desk.library.tree.remove(desk.actor, desk.place("nothing.txt"))
    with pytest.raises(KeyError):
        desk.library.database.write(fail_after_recording)

    assert desk.library.audit.find(since=START, action="file.") == ()


def fail_after_recording(connection: Connection) -> None:
    """A deed that is taken back."""
    record(connection, Instant(1), Action.FILE_REMOVED, "x")
    raise KeyError


def test_overwriting_by_a_move_is_a_removal(desk: Desk) -> None:
    """What was at the target is gone from there."""
    desk.put("a.txt")
    desk.put("b.txt")

    desk.library.tree.move(
        desk.actor, desk.place("a.txt"), desk.place("b.txt"), overwrite=True
    )

    assert only(desk.library, Action.FILE_REMOVED).subject == "b.txt"


def test_the_trash(desk: Desk) -> None:
    """Bringing back, letting go of one, and letting go of all."""
    trash = desk.library.trash
    for name in ("a", "b", "c"):
        desk.put(name)
        desk.library.tree.remove(desk.actor, desk.place(name))
    items = {
        item.node.name: item.node.id for item in trash.list(desk.actor, desk.space.id)
    }

    trash.restore(desk.actor, desk.space.id, items["a"])
    trash.purge(desk.actor, desk.space.id, items["b"])
    trash.empty(desk.actor, desk.space.id)

    assert only(desk.library, Action.TRASH_RESTORED).subject == "a"
    assert only(desk.library, Action.TRASH_PURGED).subject == "b"
    assert only(desk.library, Action.TRASH_EMPTIED).detail == {"items": 1}


def test_accounts(desk: Desk, caller: Somebody) -> None:
    """Everything that changes who may do what."""
    accounts = desk.library.accounts
    accounts.create("root", is_admin=True)
    user = accounts.create("eve", "secret-word")
    accounts.update(user.id, is_admin=True)
    accounts.set_password(user.id, "another-word")
    accounts.disable(user.id)
    accounts.disable(user.id)
    accounts.enable(user.id)
    accounts.delete(user.id)

    deeds = desk.library.audit.find(since=START, user="eve")

    assert [deed.action for deed in reversed(deeds)] == [
        Action.USER_CREATED,
        Action.USER_CHANGED,
        Action.USER_PASSWORD,
        Action.USER_DISABLED,
        Action.USER_ENABLED,
        Action.USER_DISABLED,
        Action.USER_DELETED,
    ]
    assert {deed.user_name for deed in deeds} == {caller.user_name}
    assert "-word" not in repr(deeds)


def test_tokens(desk: Desk) -> None:
    """Made, used and revoked; the secret stands nowhere."""
    accounts = desk.library.accounts
    user = accounts.create("eve")
    token, secret = accounts.create_token(user.id, label="phone")
    accounts.verify_token(secret)
    accounts.verify_token(secret)
    accounts.revoke_token(user.id, secret)

    deeds = desk.library.audit.find(since=START, action="token.")

    assert [deed.action for deed in reversed(deeds)] == [
        Action.TOKEN_CREATED,
        Action.TOKEN_USED,
        Action.TOKEN_REVOKED,
    ]
    assert {deed.detail["token"] for deed in deeds} == {token.id}
    assert {deed.detail["label"] for deed in deeds} == {"phone"}
    assert deeds[1].user_id == user.id
    assert secret not in repr(deeds)


def test_spaces_and_members(desk: Desk) -> None:
    """From its making to its end."""
    catalog, library = desk.library.catalog, desk.library
    user = library.accounts.create("eve")
    admin = Actor(desk.actor.user_id, desk.actor.name, is_admin=True)
    space = catalog.create_project(admin, "Orbit")
    catalog.update(admin, space.id, name="Moon", quota=5)
    catalog.set_member(admin, space.id, user.id, Role.VIEWER)
    catalog.remove_member(admin, space.id, user.id)
    catalog.disable(admin, space.id)
    catalog.enable(admin, space.id)
    catalog.disable(admin, space.id)
    catalog.purge(admin, space.id)

    deeds = [
        deed
        for deed in reversed(library.audit.find(since=START))
        if deed.space_id == space.id
    ]

    assert [deed.action.value for deed in deeds] == [
        "space.created",
        "space.changed",
        "member.set",
        "member.removed",
        "space.disabled",
        "space.enabled",
        "space.disabled",
        "space.deleted",
    ]
    assert deeds[1].detail == {"name": "Moon", "quota_bytes": 5}
    assert deeds[2].detail == {"member": "eve", "role": "viewer"}
    assert {deed.subject for deed in deeds} == {space.alias}


def test_a_refused_change_leaves_no_entry(desk: Desk, project: Space) -> None:
    """Who may not, has not."""
    eve = desk.library.accounts.create("eve")
    desk.library.catalog.set_member(desk.actor, project.id, eve.id, Role.VIEWER)

    with pytest.raises(Forbidden):
        desk.library.catalog.disable(Actor(eve.id, "eve"), project.id)

    assert found(desk.library, Action.SPACE_DISABLED) == []


@pytest.fixture
def project(desk: Desk) -> Space:
    """A space of several people."""
    admin = Actor(desk.actor.user_id, desk.actor.name, is_admin=True)
    return desk.library.catalog.create_project(admin, "Orbit")


def test_deeds_done_by_another_thread_name_their_own_caller(desk: Desk) -> None:
    """Where changes share a commit, each is still its own person's."""
    is_leading, may_end = Event(), Event()

    def lead(_: Connection) -> None:
        is_leading.set()
        assert may_end.wait(30)

    def follow(name: str) -> None:
        CALLER.set(Somebody(user_name=name))
        desk.library.accounts.create(f"made-by-{name}")

    threads = [Thread(target=desk.library.database.write, args=(lead,))]
    threads[0].start()
    assert is_leading.wait(30)
    threads += [Thread(target=follow, args=(name,)) for name in ("bob", "carl")]
    for thread in threads[1:]:
        thread.start()
    may_end.set()
    for thread in threads:
        thread.join(30)

    made = {
        deed.subject: deed.user_name
        for deed in found(desk.library, Action.USER_CREATED)
    }
    assert made["made-by-bob"] == "bob"
    assert made["made-by-carl"] == "carl"


def test_logins_are_recorded_once_in_a_while(desk: Desk, caller: Somebody) -> None:
    """A program that logs in with each request does not fill the log."""
    ticks = Ticks()
    audit = AuditLog(database=desk.library.database, clock=ticks)

    audit.logged_in(desk.actor, method="basic")
    audit.logged_in(desk.actor, method="basic")
    assert len(found(desk.library, Action.LOGIN_OK)) == 1
    ticks.now += 16 * 60
    audit.logged_in(desk.actor, method="basic")

    latest, _ = found(desk.library, Action.LOGIN_OK)
    assert (latest.subject, latest.address) == (desk.actor.name, caller.address)
    assert latest.detail == {"method": "basic"}


def test_failed_logins_name_accounts_only(desk: Desk) -> None:
    """People type their password into the wrong field."""
    desk.library.accounts.create("eve")

    desk.library.audit.refused("EVE", method="basic")
    desk.library.audit.refused("my-secret-password", method="basic")

    unknown, known = found(desk.library, Action.LOGIN_FAILED)
    assert known.subject == "eve"
    assert unknown.subject == ""
    assert "my-secret" not in repr(unknown)


def test_a_flood_of_failures_is_bounded(desk: Desk) -> None:
    """So many a minute; the first one of the next minute says what is missing."""
    ticks = Ticks()
    audit = AuditLog(database=desk.library.database, clock=ticks)
    for _ in range(75):
        audit.refused("eve", method="basic")
    ticks.now += 61
    audit.refused("eve", method="basic")

    deeds = desk.library.audit.find(since=START, action="login.failed", most=1000)

    assert len(deeds) == 61
    assert deeds[0].detail == {"method": "basic", "unrecorded": 15}


def test_finding_by_time_user_and_number(desk: Desk) -> None:
    """The latest first, no more than asked for."""

    def remove_three(connection: Connection) -> None:
        for at in (1, 2, 3):
            record(connection, Instant(at), Action.FILE_REMOVED, f"{at}", by=desk.actor)

    def subjects(*, since: int = 0, most: int = 9) -> list[str]:
        deeds = find(since=Instant(since), action="file.", most=most)
        return [deed.subject for deed in deeds]

    desk.library.database.write(remove_three)
    find = desk.library.audit.find

    assert subjects() == ["3", "2", "1"]
    assert subjects(since=2) == ["3", "2"]
    assert subjects(most=1) == ["3"]
    assert len(find(since=START, user=desk.actor.name, action="file.")) == 3
    assert find(since=START, user="nobody") == ()


def test_the_sweeper_forgets_by_age(desk: Desk) -> None:
    """What is older than the setting goes, in steps; the rest stays."""
    database = desk.library.database
    with database.read() as connection:
        now = database.now(connection)

    def old(connection: Connection) -> None:
        for number in range(450):
            at = Instant(now - 366 * DAY - number)
            record(connection, at, Action.LOGIN_FAILED)
        record(connection, Instant(now - HOUR), Action.FILE_REMOVED, "recent")

    database.write(old)

    swept = desk.library.sweeper.sweep()

    assert swept.counts["audit"] == 450
    assert found(desk.library, Action.LOGIN_FAILED) == []
    assert only(desk.library, Action.FILE_REMOVED).subject == "recent"


def test_places_outlive_their_space(desk: Desk) -> None:
    """Nothing refers to rows that are deleted."""
    admin = Actor(desk.actor.user_id, desk.actor.name, is_admin=True)
    space = desk.library.catalog.create_project(admin, "Orbit")
    desk.library.tree.make_folder(admin, Place(space.id, ("x",)))
    desk.library.tree.remove(admin, Place(space.id, ("x",)))
    desk.library.catalog.disable(admin, space.id)
    desk.library.catalog.purge(admin, space.id)

    assert only(desk.library, Action.FILE_REMOVED).space_id == space.id
