"""A team that locks each other out: what the tests of locks share."""

from dataclasses import dataclass

from spaces.ids import SpaceId
from spaces.library import Library
from spaces.model import Actor, Guard, Lock, Role
from tests.domain import Desk


@dataclass(frozen=True)
class Team:
    """A project space with `a/b/c.txt` and `a/d.txt`, as its members see it."""

    manager: Desk
    editor: Desk
    viewer: Desk


def make_team(library: Library, manager: Actor, editor: Actor, viewer: Actor) -> Team:
    """Let three people into a new space and put some files there."""
    space_id: SpaceId = library.catalog.create_project(manager, "Team").id
    library.catalog.set_member(manager, space_id, editor.user_id, Role.EDITOR)
    library.catalog.set_member(manager, space_id, viewer.user_id, Role.VIEWER)
    desks = [Desk(library, actor, space_id) for actor in (manager, editor, viewer)]
    for folder in ("a", "a/b"):
        library.tree.make_folder(manager, desks[0].place(folder))
    for file in ("a/b/c.txt", "a/d.txt"):
        desks[0].put(file)
    return Team(*desks)


def take_lock(
    desk: Desk,
    path: str,
    *,
    exclusive: bool = True,
    deep: bool = True,
    timeout_seconds: int | None = None,
) -> Lock:
    """Lock what is at the path."""
    return desk.library.locks.create(
        desk.actor,
        desk.place(path),
        exclusive=exclusive,
        deep=deep,
        timeout_seconds=timeout_seconds,
    )


def locks_on(desk: Desk, path: str) -> tuple[Lock, ...]:
    """The locks that cover what is at the path."""
    entry = desk.library.tree.get(desk.actor, desk.place(path))
    return desk.library.locks.on(desk.actor, entry)


def holding(*locks: Lock) -> Guard:
    """A guard with the tokens of these locks."""
    return Guard(lock_tokens=frozenset(lock.token for lock in locks))
