"""Accounts: making, changing and removing them, with all that goes along."""

import pytest
from sqlalchemy import select

from spaces.accounts import Accounts
from spaces.clock import DAY
from spaces.credentials import CredentialCache
from spaces.db.engine import Database
from spaces.db.schema import app_tokens, blobs, members, nodes, uploads
from spaces.db.schema import spaces as space_table
from spaces.errors import (
    AlreadyExists,
    Forbidden,
    LastAdmin,
    NameRefused,
    NodeNotFound,
    PasswordRefused,
    SpaceNotFound,
    UserNotFound,
)
from spaces.ids import SpaceId, UserId, new_id
from spaces.library import Library
from spaces.model import Actor, Role, SpaceKind, User
from spaces.passwords import Passwords
from spaces.policy import Policy
from tests.domain import Desk


@pytest.fixture
def accounts(database: Database) -> Accounts:
    """Accounts whose passwords cost nothing to verify."""
    return Accounts(
        database=database,
        policy=Policy(personal_quota_bytes=1000),
        passwords=Passwords(at_once=2, time_cost=1, memory_kib=8),
        cache=CredentialCache(),
    )


@pytest.fixture
def root(accounts: Accounts) -> User:
    """The administrator."""
    return accounts.create("root", "root's", is_admin=True)


@pytest.fixture
def marie(accounts: Accounts, root: User) -> User:
    """Someone with a password."""
    return accounts.create(
        "marie", "radium", display_name="Marie Curie", mail="marie@example.org"
    )


def _actor(user: User) -> Actor:
    return Actor(user.id, user.name, user.display_name, is_admin=user.is_admin)


class TestCreate:
    """Making accounts."""

    def test_an_account_is_as_described(self, accounts: Accounts, marie: User) -> None:
        """It is found by name and id as it was made."""
        assert (marie.display_name, marie.mail) == ("Marie Curie", "marie@example.org")
        assert not marie.is_admin
        assert marie.disabled_at is None
        assert accounts.get("marie") == accounts.by_id(marie.id) == marie

    def test_it_comes_with_a_personal_space(
        self, library: Library, marie: User
    ) -> None:
        """Whose id is the user's, and which the user manages."""
        space = library.catalog.personal(_actor(marie))

        assert space.id == SpaceId(marie.id)
        assert space.kind is SpaceKind.PERSONAL
        assert space.name == "Marie Curie"
        assert space.alias == "personal/marie"
        assert space.owner_id == marie.id
        assert space.role is Role.MANAGER
        assert space.quota.total == 1000

    def test_the_name_stands_in_for_a_display_name(self, accounts: Accounts) -> None:
        """Nobody is nameless."""
        assert accounts.create("pierre").display_name == "pierre"

    def test_names_differ_by_more_than_case(
        self, accounts: Accounts, marie: User
    ) -> None:
        """`MARIE` is taken by `marie`, and is her."""
        with pytest.raises(AlreadyExists):
            accounts.create("MARIE")

        assert accounts.get("Marie") == marie

    @pytest.mark.parametrize(
        "name",
        [
            "",
            ".",
            "..",
            "a b",
            "a/b",
            "ä",
            "a\n",
            "a\0",
            "x" * 65,
            "a:b",
            "$a",
            "\ud800",
        ],
    )
    def test_unfit_names_are_refused(self, accounts: Accounts, name: str) -> None:
        """Only letters, digits and a few signs, 64 at most."""
        with pytest.raises(NameRefused):
            accounts.create(name)

        with pytest.raises(UserNotFound):
            accounts.get(name)

    @pytest.mark.parametrize("name", ["a", "x" * 64, "a.b_c-d@e+f", "007", "-"])
    def test_fit_names_are_taken(self, accounts: Accounts, name: str) -> None:
        """Mail addresses and numbers among them."""
        assert accounts.create(name).name == name

    def test_unfit_texts_are_refused(self, accounts: Accounts) -> None:
        """What people see of each other is bounded text."""
        with pytest.raises(NameRefused):
            accounts.create("a", display_name="x" * 256)
        with pytest.raises(NameRefused):
            accounts.create("a", mail="a\nb")

    def test_a_refused_account_leaves_nothing(
        self, accounts: Accounts, marie: User
    ) -> None:
        """Neither a user nor a space."""
        with pytest.raises(PasswordRefused):
            accounts.create("pierre", "")

        assert [user.name for user in accounts.list()] == ["marie", "root"]

    def test_nobody_is_found_who_is_not_there(self, accounts: Accounts) -> None:
        """By id as well as by name."""
        with pytest.raises(UserNotFound):
            accounts.by_id(UserId(new_id()))
        with pytest.raises(UserNotFound):
            accounts.get("nobody")


class TestChange:
    """Changing accounts."""

    def test_only_what_is_given_changes(self, accounts: Accounts, marie: User) -> None:
        """The rest of the profile stays."""
        changed = accounts.update(marie.id, mail="m@example.org")

        assert changed.mail == "m@example.org"
        assert changed.display_name == "Marie Curie"
        assert accounts.get("marie") == changed

    def test_power_is_given_and_taken(self, accounts: Accounts, marie: User) -> None:
        """An account becomes an administrator's and back."""
        assert accounts.update(marie.id, is_admin=True).is_admin
        assert not accounts.update(marie.id, is_admin=False).is_admin

    def test_one_administrator_stays(
        self, accounts: Accounts, root: User, marie: User
    ) -> None:
        """The last active one can neither step down nor go."""
        accounts.update(marie.id, is_admin=True)
        accounts.disable(marie.id)

        with pytest.raises(LastAdmin):
            accounts.update(root.id, is_admin=False)
        with pytest.raises(LastAdmin):
            accounts.disable(root.id)
        with pytest.raises(LastAdmin):
            accounts.delete(root.id)

        assert accounts.actor(root.id) is not None

    def test_an_administrator_may_go_when_another_stays(
        self, accounts: Accounts, root: User, marie: User
    ) -> None:
        """It is the last one that matters."""
        accounts.update(marie.id, is_admin=True)

        accounts.delete(root.id)

        assert [user.name for user in accounts.list()] == ["marie"]

    def test_closed_accounts_open_again(self, accounts: Accounts, marie: User) -> None:
        """Disabling says since when; doing it twice changes nothing."""
        closed = accounts.disable(marie.id)

        assert closed.disabled_at is not None
        assert accounts.disable(marie.id) == closed
        assert accounts.actor(marie.id) is None
        assert accounts.enable(marie.id).disabled_at is None
        assert accounts.actor(marie.id) == _actor(marie)

    def test_ones_own_password_needs_the_present_one(
        self, accounts: Accounts, marie: User
    ) -> None:
        """Who changes a password knows it."""
        with pytest.raises(Forbidden):
            accounts.change_password(marie.id, "wrong", "polonium")
        accounts.change_password(marie.id, "radium", "polonium")

        assert accounts.verify_password("marie", "radium") is None
        assert accounts.verify_password("marie", "polonium") is not None

    def test_nobody_cannot_be_changed(self, accounts: Accounts) -> None:
        """Each change says that there is no such account."""
        nobody = UserId(new_id())

        for change in (
            lambda: accounts.update(nobody, mail="x"),
            lambda: accounts.set_password(nobody, "x"),
            lambda: accounts.disable(nobody),
            lambda: accounts.enable(nobody),
            lambda: accounts.delete(nobody),
            lambda: accounts.create_token(nobody),
        ):
            with pytest.raises(UserNotFound):
                change()


class TestDelete:
    """Removing accounts for good."""

    def test_the_personal_space_goes_along(
        self, library: Library, accounts: Accounts, marie: User
    ) -> None:
        """With its files; their contents are left to the sweeper."""
        desk = Desk(library, _actor(marie), SpaceId(marie.id))
        library.tree.make_folder(desk.actor, desk.place("folder"))
        file = desk.put("folder/file").node
        desk.put("folder/file", b"new")

        accounts.delete(marie.id)

        with pytest.raises(UserNotFound):
            accounts.by_id(marie.id)
        with pytest.raises(SpaceNotFound):
            library.catalog.get(desk.actor, desk.space_id)
        with pytest.raises(NodeNotFound):
            library.tree.by_id(desk.actor, file.id)
        with library.database.read() as connection:
            left = connection.execute(select(nodes.c.id, nodes.c.name)).all()
            released = connection.execute(select(blobs.c.released_at)).scalars().all()
        assert marie.id not in {row.id for row in left}
        assert len(released) == 2
        assert None not in released

    def test_the_name_is_free_again(self, accounts: Accounts, marie: User) -> None:
        """A new account of the same name is somebody else."""
        accounts.delete(marie.id)

        again = accounts.create("marie")

        assert again.id != marie.id

    def test_memberships_and_tokens_go_along(
        self, library: Library, accounts: Accounts, root: User, marie: User
    ) -> None:
        """Nothing of the user stays in the spaces of others; the files there do."""
        project = library.catalog.create_project(_actor(root), "Radium")
        library.catalog.set_member(_actor(root), project.id, marie.id, Role.EDITOR)
        _, secret = accounts.create_token(marie.id)
        desk = Desk(library, _actor(marie), project.id)
        desk.put("file")

        accounts.delete(marie.id)

        assert accounts.verify_token(secret) is None
        assert "file" in Desk(library, _actor(root), project.id).listing()
        with library.database.read() as connection:
            assert not connection.execute(
                select(members).where(members.c.user_id == marie.id)
            ).all()
            assert not connection.execute(select(app_tokens)).all()

    def test_promises_to_uploads_are_taken_back(
        self, library: Library, accounts: Accounts, root: User, marie: User
    ) -> None:
        """Room reserved in another space by an unfinished upload is free again."""
        project = library.catalog.create_project(_actor(root), "Radium", quota=100)

        def reserve(connection: object) -> None:
            from sqlalchemy import Connection, insert  # noqa: PLC0415

            from spaces.db import spaces as rows  # noqa: PLC0415

            assert isinstance(connection, Connection)
            rows.reserve(connection, project.id, 60)
            connection.execute(
                insert(uploads).values(
                    id=new_id(),
                    dialect="tus",
                    state="receiving",
                    kind="single",
                    owner_id=marie.id,
                    space_id=project.id,
                    node_id=new_id(),
                    blob_id=new_id(),
                    offset=0,
                    reserved_bytes=60,
                    created_at=0,
                    active_at=0,
                    expires_at=0,
                )
            )

        library.database.write(reserve)

        accounts.delete(marie.id)

        assert library.catalog.get(_actor(root), project.id).quota.reserved == 0
        with library.database.read() as connection:
            ids = connection.execute(select(space_table.c.id)).scalars().all()
        assert project.id in ids


class TestExternal:
    """People whom an identity provider vouches for."""

    def test_the_first_time_an_account_is_made(
        self, accounts: Accounts, library: Library
    ) -> None:
        """With a personal space, and without a password."""
        user = accounts.find_or_create(
            "https://idp", "42", name="lise", display_name="Lise Meitner", mail="l@x"
        )

        assert (user.name, user.display_name, user.mail) == (
            "lise",
            "Lise Meitner",
            "l@x",
        )
        assert library.catalog.personal(_actor(user)).name == "Lise Meitner"
        assert accounts.verify_password("lise", "") is None

    def test_the_next_time_it_is_found(self, accounts: Accounts) -> None:
        """By issuer and subject, whatever name is given then; the profile follows."""
        first = accounts.find_or_create("https://idp", "42", name="lise")

        again = accounts.find_or_create(
            "https://idp", "42", name="other", display_name="Lise Meitner"
        )

        assert (again.id, again.name) == (first.id, "lise")
        assert again.display_name == "Lise Meitner"
        assert len(accounts.list()) == 1

    def test_nobody_is_taken_over(self, accounts: Accounts, marie: User) -> None:
        """Somebody of a known name who comes from outside is somebody else."""
        other = accounts.find_or_create("https://idp", "42", name="Marie")
        third = accounts.find_or_create("https://other", "42", name="marie")

        assert (other.name, third.name) == ("Marie-2", "marie-3")
        assert len({marie.id, other.id, third.id}) == 3

    @pytest.mark.parametrize(
        ("wanted", "given"),
        [
            ("Jürgen Müller", "J-rgen-M-ller"),
            ("..", "user"),
            ("", "user"),
            ("x" * 100, "x" * 64),
            ("a@b.example", "a@b.example"),
        ],
    )
    def test_unfit_names_are_made_fit(
        self, accounts: Accounts, wanted: str, given: str
    ) -> None:
        """A login never fails because of a name."""
        assert accounts.find_or_create("https://idp", "1", name=wanted).name == given

    def test_a_closed_account_stays_closed(self, accounts: Accounts) -> None:
        """The caller sees that it is."""
        user = accounts.find_or_create("https://idp", "42", name="lise")
        accounts.disable(user.id)

        found = accounts.find_or_create("https://idp", "42", name="lise")

        assert found.disabled_at is not None
        assert accounts.actor(found.id) is None


def test_expiry_in_the_past_is_no_use(accounts: Accounts, marie: User) -> None:
    """A token that has expired before it was made is never valid."""
    token, secret = accounts.create_token(marie.id)
    assert token.expires_at is None
    past = type(token.created_at)(token.created_at - DAY)

    _, stale = accounts.create_token(marie.id, expires_at=past)

    assert accounts.verify_token(secret) is not None
    assert accounts.verify_token(stale) is None
