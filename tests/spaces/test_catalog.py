"""Spaces: founding, settings, members, closing, deleting."""

import pytest

from spaces.errors import (
    AlreadyExists,
    Forbidden,
    LastManager,
    NameRefused,
    NodeNotFound,
    SpaceDisabled,
    SpaceNotFound,
    UserNotFound,
)
from spaces.ids import SpaceId, UserId, new_id
from spaces.library import Library
from spaces.model import Actor, Member, Role, Space, SpaceKind
from tests.domain import Desk


@pytest.fixture
def project(library: Library, admin: Actor, alice: Actor, bob: Actor) -> Space:
    """A project space: Alice manages it beside the admin, Bob may look."""
    space = library.catalog.create_project(admin, "Orbit 7", quota=100)
    library.catalog.set_member(admin, space.id, alice.user_id, Role.MANAGER)
    library.catalog.remove_member(admin, space.id, admin.user_id)
    library.catalog.set_member(admin, space.id, bob.user_id, Role.VIEWER)
    return library.catalog.get(alice, space.id)


class TestFound:
    """New spaces."""

    def test_personal_space_has_the_users_id(
        self, library: Library, alice: Actor
    ) -> None:
        """And its root has the space's."""
        space = library.catalog.personal(alice)

        assert space.id == SpaceId(alice.user_id)
        assert space.kind is SpaceKind.PERSONAL
        assert space.alias == "personal/alice"
        assert space.role is Role.MANAGER
        assert library.tree.by_id(alice, space.root_id).node.is_root

    def test_project_has_an_alias_from_its_name(
        self, library: Library, admin: Actor
    ) -> None:
        """The second of the same name gets another one."""
        first = library.catalog.create_project(admin, "Mars & Moon", description="x")
        second = library.catalog.create_project(admin, "Mars & Moon")

        assert first.alias == "project/mars-moon"
        assert second.alias.startswith("project/mars-moon-")
        assert first.owner_id == admin.user_id
        assert first.description == "x"

    def test_taken_alias_is_refused(self, library: Library, admin: Actor) -> None:
        """When it was asked for."""
        library.catalog.create_project(admin, "a", alias="project/x")

        with pytest.raises(AlreadyExists):
            library.catalog.create_project(admin, "b", alias="project/x")

    def test_users_may_not_found_projects(self, library: Library, alice: Actor) -> None:
        """Administrators may."""
        with pytest.raises(Forbidden):
            library.catalog.create_project(alice, "a")

    @pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 256])
    def test_unfit_names_are_refused(
        self, library: Library, admin: Actor, name: str
    ) -> None:
        """Blank, with control characters, too long."""
        with pytest.raises(NameRefused):
            library.catalog.create_project(admin, name)


class TestList:
    """Who sees which spaces."""

    def test_members_see_theirs(
        self, library: Library, project: Space, alice: Actor, bob: Actor
    ) -> None:
        """By name, with their role."""
        assert [space.name for space in library.catalog.list(alice)] == [
            "Alice",
            "Orbit 7",
        ]
        assert [space.role for space in library.catalog.list(bob)] == [
            Role.MANAGER,
            Role.VIEWER,
        ]

    def test_administrators_may_see_all(
        self, library: Library, project: Space, admin: Actor, alice: Actor
    ) -> None:
        """If they ask for it; others may not."""
        everything = library.catalog.list(admin, all=True)

        assert {space.name for space in everything} == {
            "Admin",
            "Alice",
            "Bob",
            "Orbit 7",
        }
        assert {space.role for space in everything} == {None, Role.MANAGER}
        with pytest.raises(Forbidden):
            library.catalog.list(alice, all=True)

    def test_administrators_do_not_see_the_files(
        self, library: Library, project: Space, admin: Actor
    ) -> None:
        """Administering is not reading."""
        assert library.catalog.get(admin, project.id).role is None
        with pytest.raises(SpaceNotFound):
            Desk(library, admin, project.id).listing()
        with pytest.raises(NodeNotFound):
            library.tree.by_id(admin, project.root_id)

    def test_strangers_see_nothing(
        self, library: Library, desk: Desk, bob: Actor
    ) -> None:
        """Not even that it exists."""
        with pytest.raises(SpaceNotFound):
            library.catalog.get(bob, desk.space_id)
        with pytest.raises(SpaceNotFound):
            library.catalog.members(bob, desk.space_id)
        with pytest.raises(SpaceNotFound):
            library.catalog.update(bob, desk.space_id, name="mine")


class TestUpdate:
    """Settings."""

    def test_given_settings_change_and_others_stay(
        self, library: Library, project: Space, alice: Actor
    ) -> None:
        """None is a value of its own."""
        desk = Desk(library, alice, project.id)
        node = desk.put("readme.md").node

        changed = library.catalog.update(
            alice, project.id, name="Orbit 8", readme_id=node.id, description="d"
        )

        assert changed.name == "Orbit 8"
        assert changed.readme_id == node.id
        assert changed.alias == project.alias
        assert library.catalog.update(alice, project.id, readme_id=None) == (
            library.catalog.get(alice, project.id)
        )
        assert library.catalog.get(alice, project.id).readme_id is None
        assert library.catalog.get(alice, project.id).description == "d"

    def test_only_administrators_set_quotas(
        self, library: Library, project: Space, alice: Actor, admin: Actor
    ) -> None:
        """Managers do not grant room to themselves."""
        with pytest.raises(Forbidden):
            library.catalog.update(alice, project.id, quota=None)

        changed = library.catalog.update(admin, project.id, quota=None)

        assert changed.quota.total is None

    def test_viewers_change_nothing(
        self, library: Library, project: Space, bob: Actor
    ) -> None:
        """They know the space, so they are told."""
        with pytest.raises(Forbidden):
            library.catalog.update(bob, project.id, name="x")

    def test_image_must_be_in_the_space(
        self, library: Library, project: Space, alice: Actor, desk: Desk
    ) -> None:
        """A node of another space would show what members may not see."""
        node = desk.put("image.png").node

        with pytest.raises(NodeNotFound):
            library.catalog.update(alice, project.id, image_id=node.id)

    def test_taken_alias_is_refused(
        self, library: Library, project: Space, alice: Actor
    ) -> None:
        """Its own alias is not taken."""
        library.catalog.update(alice, project.id, alias=project.alias)

        with pytest.raises(AlreadyExists):
            library.catalog.update(alice, project.id, alias="personal/bob")


class TestMembers:
    """Who belongs to a space."""

    def test_members_are_listed_by_name(
        self, library: Library, project: Space, bob: Actor
    ) -> None:
        """Every member may know the others."""
        members = library.catalog.members(bob, project.id)

        assert [(member.name, member.role) for member in members] == [
            ("alice", Role.MANAGER),
            ("bob", Role.VIEWER),
        ]
        assert isinstance(members[0], Member)

    def test_roles_decide_what_may_be_done(
        self, library: Library, project: Space, alice: Actor, bob: Actor
    ) -> None:
        """Viewers read, editors write, managers manage."""
        desk = Desk(library, bob, project.id)

        with pytest.raises(Forbidden):
            desk.put("a")
        library.catalog.set_member(alice, project.id, bob.user_id, Role.EDITOR)
        node = desk.put("a").node
        with pytest.raises(Forbidden):
            library.catalog.update(bob, project.id, name="x")
        library.tree.remove(bob, desk.place("a"))
        with pytest.raises(Forbidden):
            library.trash.purge(bob, project.id, node.id)

    def test_last_manager_stays(
        self, library: Library, project: Space, alice: Actor, admin: Actor
    ) -> None:
        """Neither leaves nor is demoted, not even by an administrator."""
        with pytest.raises(LastManager):
            library.catalog.remove_member(alice, project.id, alice.user_id)
        with pytest.raises(LastManager):
            library.catalog.set_member(admin, project.id, alice.user_id, Role.EDITOR)
        library.catalog.set_member(alice, project.id, alice.user_id, Role.MANAGER)

    def test_everyone_may_leave(
        self, library: Library, project: Space, bob: Actor
    ) -> None:
        """But not put others out."""
        with pytest.raises(Forbidden):
            library.catalog.remove_member(bob, project.id, UserId(new_id()))

        library.catalog.remove_member(bob, project.id, bob.user_id)

        with pytest.raises(SpaceNotFound):
            library.catalog.get(bob, project.id)

    def test_unknown_users_are_told(
        self, library: Library, project: Space, alice: Actor
    ) -> None:
        """In both directions."""
        stranger = UserId(new_id())

        with pytest.raises(UserNotFound):
            library.catalog.set_member(alice, project.id, stranger, Role.VIEWER)
        with pytest.raises(UserNotFound):
            library.catalog.remove_member(alice, project.id, stranger)

    def test_personal_spaces_have_one_member(
        self, library: Library, alice: Actor, bob: Actor
    ) -> None:
        """They are nobody else's."""
        space_id = SpaceId(alice.user_id)

        with pytest.raises(Forbidden):
            library.catalog.set_member(alice, space_id, bob.user_id, Role.VIEWER)
        with pytest.raises(Forbidden):
            library.catalog.remove_member(alice, space_id, alice.user_id)


class TestDisable:
    """Closing and opening."""

    def test_files_are_out_of_reach(
        self, library: Library, project: Space, alice: Actor, bob: Actor
    ) -> None:
        """Managers are told why, others see nothing."""
        desk = Desk(library, alice, project.id)
        node = desk.put("a").node

        assert library.catalog.disable(alice, project.id).is_disabled

        with pytest.raises(SpaceDisabled):
            desk.put("a")
        with pytest.raises(SpaceDisabled):
            library.tree.by_id(alice, node.id)
        with pytest.raises(SpaceNotFound):
            library.tree.get(bob, desk.place("a"))
        with pytest.raises(SpaceNotFound):
            library.catalog.get(bob, project.id)
        assert project.id not in {space.id for space in library.catalog.list(bob)}
        assert project.id in {space.id for space in library.catalog.list(alice)}

    def test_opened_again_it_is_as_before(
        self, library: Library, project: Space, alice: Actor, bob: Actor
    ) -> None:
        """With members and files."""
        Desk(library, alice, project.id).put("a")
        library.catalog.disable(alice, project.id)

        assert not library.catalog.enable(alice, project.id).is_disabled

        assert Desk(library, bob, project.id).listing() == {"a": 4}

    def test_personal_spaces_are_not_disabled(
        self, library: Library, alice: Actor
    ) -> None:
        """Accounts are."""
        with pytest.raises(Forbidden):
            library.catalog.disable(alice, SpaceId(alice.user_id))

    def test_viewers_may_not(
        self, library: Library, project: Space, bob: Actor
    ) -> None:
        """Closing is for managers and administrators."""
        with pytest.raises(Forbidden):
            library.catalog.disable(bob, project.id)


class TestPurge:
    """Deleting for good."""

    def test_everything_is_gone(
        self,
        library: Library,
        project: Space,
        alice: Actor,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Files, versions, trash and properties, in steps; contents are let go."""
        monkeypatch.setattr("spaces.db.purging._NODES_AT_ONCE", 2)
        desk = Desk(library, alice, project.id)
        for path in ("a", "a/b", "c"):
            library.tree.make_folder(alice, desk.place(path))
        for path in ("a/b/f", "a/b/f", "c/g"):
            desk.put(path)
        library.tree.remove(alice, desk.place("c"))
        library.catalog.disable(alice, project.id)

        library.catalog.purge(alice, project.id)

        with pytest.raises(SpaceNotFound):
            library.catalog.get(alice, project.id)
        with library.database.read() as connection:
            for table in ("nodes", "trash", "changes", "members"):
                left = connection.exec_driver_sql(
                    f"SELECT count(*) FROM {table} WHERE space_id = '{project.id}'"
                ).scalar()
                assert left == 0
            kept = connection.exec_driver_sql(
                "SELECT count(*) FROM blobs WHERE released_at IS NULL"
            ).scalar()
        assert kept == 0

    def test_enabled_spaces_are_not_purged(
        self, library: Library, project: Space, alice: Actor
    ) -> None:
        """Two steps protect from one mistake."""
        with pytest.raises(Forbidden):
            library.catalog.purge(alice, project.id)

    def test_other_spaces_keep_shared_contents(
        self, library: Library, project: Space, alice: Actor, desk: Desk
    ) -> None:
        """What was copied out stays readable."""
        source = Desk(library, alice, project.id)
        source.put("a", b"12345")
        library.tree.copy(alice, source.place("a"), desk.place("a"), overwrite=False)
        library.catalog.disable(alice, project.id)

        library.catalog.purge(alice, project.id)

        node = library.tree.get(alice, desk.place("a")).node
        assert node.content is not None
        with library.files.open(node.content) as reader:
            assert reader.read() == b"12345"
