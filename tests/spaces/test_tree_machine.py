"""Every operation on trees, in any order, against a model in memory."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from spaces.errors import (
    AlreadyExists,
    IntoItself,
    NotAFile,
    ParentNotFound,
    QuotaExceeded,
    RootRefused,
    SpacesError,
)
from spaces.ids import NodeId, SpaceId
from spaces.library import Library
from spaces.model import Actor, Node, Place
from tests.domain import seal
from tests.spaces.tree_mirror import Mirror
from tests.spaces.tree_model import Item, ModelSpace
from tests.strategies import few_names, sizes

QUOTA = 300


choices = st.integers(min_value=0, max_value=10_000)


class TreeMachine(RuleBasedStateMachine):
    """Two spaces with everything that can be done in them and between them."""

    steps: ClassVar[Counter[str]] = Counter()

    def __init__(self, library: Library, actor: Actor) -> None:
        super().__init__()
        self.library = library
        self.actor = actor
        self.spaces: dict[SpaceId, ModelSpace] = {}
        self.etags: dict[str, str] = {}
        self.expected: set[str] = set()
        self.prompt: dict[SpaceId, Mirror] = {}
        self.lazy: dict[SpaceId, Mirror] = {}
        self.serial = 0
        for quota in (QUOTA, None):
            space = library.catalog.create_project(actor, "space", quota=quota)
            self.spaces[space.id] = ModelSpace(Item(space.id, ""), quota)
            root = library.tree.get(actor, Place(space.id)).node
            self.prompt[space.id] = Mirror(library, actor, root)
            self.lazy[space.id] = Mirror(library, actor, root)
            self.etags[root.id] = root.etag

    # What the rules choose from

    def space(self, choice: int) -> tuple[SpaceId, ModelSpace]:
        """One of the two."""
        return list(self.spaces.items())[choice % 2]

    def item(
        self, choice: int, *, wanted: Callable[[Item], bool] = lambda _: True
    ) -> tuple[SpaceId, ModelSpace, Item] | None:
        """A living node, if there is one like that."""
        found = [
            (space_id, space, item)
            for space_id, space in self.spaces.items()
            for item in space.live()
            if wanted(item)
        ]
        return found[choice % len(found)] if found else None

    def folder(self, choice: int) -> tuple[SpaceId, ModelSpace, Item]:
        """A living folder; there are always the roots."""
        found = self.item(choice, wanted=lambda item: item.is_folder)
        assert found is not None
        return found

    def place(self, space_id: SpaceId, path: Iterable[str], *, by_id: bool) -> Place:
        """A path from the root, or from the folder above by its id."""
        names = tuple(path)
        if not by_id or not names:
            return Place(space_id, names)
        item = self.spaces[space_id].root
        for name in names[:-1]:
            found = item.find(name)
            assert found is not None
            item = found
        return Place(space_id, names[-1:], anchor=NodeId(item.id))

    def attempt(
        self,
        operation: Callable[[], object],
        refusal: type[SpacesError] | None,
        changed: Iterable[Item] = (),
    ) -> object:
        """Do it, expecting a refusal or changes of these and the folders above."""
        if refusal is not None:
            with pytest.raises(refusal):
                operation()
            return None
        for item in changed:
            self.expected |= {each.id for each in [item, *item.above()]}
        return operation()

    def count(self, name: str) -> None:
        """Note that a rule did something."""
        self.steps[name] += 1

    # What can be done

    @rule(into=choices, name=few_names, by_id=st.booleans())
    def make_folder(self, into: int, name: str, by_id: bool) -> None:
        """A folder in any folder."""
        space_id, _, parent = self.folder(into)
        refusal = AlreadyExists if parent.find(name) else None
        place = self.place(space_id, (*parent.path, name), by_id=by_id)
        made = self.attempt(
            lambda: self.library.tree.make_folder(self.actor, place), refusal, [parent]
        )
        if isinstance(made, Node):
            parent.add(Item(made.id, name), name)
            self.expected.add(made.id)
        self.count("make_folder")

    @rule(into=choices, name=few_names, size=sizes, by_id=st.booleans())
    def write(self, into: int, name: str, size: int, by_id: bool) -> None:
        """A file in any folder, over whatever has the name."""
        space_id, space, parent = self.folder(into)
        there = parent.find(name)
        growth = size - (there.size if there else 0)
        refusal: type[SpacesError] | None = None
        if there is not None and there.is_folder:
            refusal = NotAFile
        elif not space.fits(growth):
            refusal = QuotaExceeded
        self.serial += 1
        data = hashlib.sha512(str(self.serial).encode()).digest()[:size]
        place = self.place(space_id, (*parent.path, name), by_id=by_id)
        content = seal(self.library, data)
        written = self.attempt(
            lambda: self.library.files.commit(self.actor, place, content),
            refusal,
            [there or parent],
        )
        self.count("write")
        if written is None:
            return
        if there is not None and there.data is not None:
            there.former.append(there.data)
            there.data = data
            return
        node = self.library.tree.get(self.actor, place).node
        self.expected.add(node.id)
        parent.add(Item(node.id, name, data), name)

    @rule(choice=choices, name=few_names)
    def write_below_file(self, choice: int, name: str) -> None:
        """A file has no members."""
        found = self.item(choice, wanted=lambda item: not item.is_folder)
        if found is not None:
            space_id, _, item = found
            place = Place(space_id, (*item.path, name))
            self.attempt(
                lambda: self.library.tree.make_folder(self.actor, place), ParentNotFound
            )
            self.count("write_below_file")

    @rule(
        choice=choices,
        into=choices,
        name=st.none() | few_names,
        overwrite=st.booleans(),
        by_id=st.booleans(),
    )
    def move(
        self, choice: int, into: int, name: str | None, overwrite: bool, by_id: bool
    ) -> None:
        """Anything into any folder of either space, under any name."""
        found = self.item(choice)
        assert found is not None
        source_id, source, item = found
        target_id, target, parent = self.folder(into)
        wanted = name or item.name or "root"
        there = parent.find(wanted)
        refusal = self._refusal(item, parent, wanted, overwrite=overwrite)
        gone = 0 if there is None or there is item else there.size
        if item.parent is None:
            refusal = RootRefused
        elif refusal is None and target is not source:
            refusal = None if target.fits(item.size - gone) else QuotaExceeded
        origin = self.place(source_id, item.path, by_id=by_id)
        goal = self.place(target_id, (*parent.path, wanted), by_id=by_id)
        self.count("move")
        if refusal is None:
            self._expect_replaced(there, item)
        self.attempt(
            lambda: self.library.tree.move(
                self.actor, origin, goal, overwrite=overwrite
            ),
            refusal,
            [item, parent],
        )
        if refusal is None:
            if there is not None and there is not item:
                target.remove(there)
            item.leave()
            parent.add(item, wanted)

    @rule(
        choice=choices,
        into=choices,
        name=st.none() | few_names,
        overwrite=st.booleans(),
        deep=st.booleans(),
    )
    def copy(
        self, choice: int, into: int, name: str | None, overwrite: bool, deep: bool
    ) -> None:
        """Anything into any folder of either space, under any name."""
        found = self.item(choice)
        assert found is not None
        source_id, _, item = found
        target_id, target, parent = self.folder(into)
        wanted = name or item.name or "root"
        there = parent.find(wanted)
        refusal = self._refusal(
            item, parent, wanted, overwrite=overwrite, deep=deep or not item.is_folder
        )
        if there is item:
            refusal = IntoItself
        size = item.size if deep or not item.is_folder else 0
        gone = 0 if there is None else there.size
        if refusal is None and not target.fits(size - gone):
            refusal = QuotaExceeded
        goal = Place(target_id, (*parent.path, wanted))
        self.count("copy")
        if refusal is None:
            self._expect_replaced(there, item)
        self.attempt(
            lambda: self.library.tree.copy(
                self.actor,
                Place(source_id, item.path),
                goal,
                overwrite=overwrite,
                deep=deep,
            ),
            refusal,
            [parent],
        )
        if refusal is None:
            if there is not None:
                target.remove(there)
            self._add_copy(goal, item, parent, deep=deep)

    @rule(choice=choices, by_id=st.booleans())
    def remove(self, choice: int, by_id: bool) -> None:
        """Anything but a root goes to the trash."""
        found = self.item(choice)
        assert found is not None
        space_id, space, item = found
        place = self.place(space_id, item.path, by_id=by_id)
        refusal = RootRefused if item.parent is None else None
        self.attempt(
            lambda: self.library.tree.remove(self.actor, place), refusal, [item]
        )
        self.count("remove")
        if refusal is None:
            space.remove(item)

    @precondition(lambda self: any(space.trash for space in self.spaces.values()))
    @rule(choice=choices, into=choices, elsewhere=st.booleans(), name=few_names)
    def restore(self, choice: int, into: int, elsewhere: bool, name: str) -> None:
        """Something from the trash comes back to where it was, or elsewhere."""
        space_id, space, item, parent = self._trashed(choice)
        target_id, target, goal_name = space_id, space, item.name
        if elsewhere:
            target_id, target, parent = self.folder(into)
            goal_name = name
        refusal: type[SpacesError] | None = None
        if not elsewhere and not parent.is_within(space.root):
            refusal = ParentNotFound
        elif parent.find(goal_name):
            refusal = AlreadyExists
        elif not target.fits(item.size):
            refusal = QuotaExceeded
        goal = Place(target_id, (*parent.path, goal_name)) if elsewhere else None
        self.attempt(
            lambda: self.library.trash.restore(
                self.actor, space_id, NodeId(item.id), goal
            ),
            refusal,
            [parent],
        )
        self.count("restore")
        if refusal is None:
            del space.trash[item.id]
            parent.add(item, goal_name)
            self.expected.add(item.id)

    @precondition(lambda self: any(space.trash for space in self.spaces.values()))
    @rule(choice=choices)
    def purge(self, choice: int) -> None:
        """Something in the trash goes for good."""
        space_id, space, item, _ = self._trashed(choice)
        self.library.trash.purge(self.actor, space_id, NodeId(item.id))
        del space.trash[item.id]
        self.count("purge")

    @rule(choice=choices, which=choices)
    def restore_version(self, choice: int, which: int) -> None:
        """A former content of a file becomes its content."""
        found = self.item(choice, wanted=lambda item: bool(item.former))
        if found is None:
            return
        _, space, item = found
        node_id = NodeId(item.id)
        versions = self.library.versions.list(self.actor, node_id)
        version = versions[which % len(versions)]
        with self.library.files.open(version.content) as reader:
            data = reader.read()
        assert data in item.former
        growth = len(data) - item.size
        refusal = None if space.fits(growth) else QuotaExceeded
        self.attempt(
            lambda: self.library.versions.restore(self.actor, node_id, version.id),
            refusal,
            [item],
        )
        self.count("restore_version")
        if refusal is None:
            assert item.data is not None
            item.former.remove(data)
            item.former.append(item.data)
            item.data = data

    @rule(limit=st.none() | st.integers(min_value=1, max_value=4))
    def catch_up(self, limit: int | None) -> None:
        """A client that asks seldom gets to the same state, in pages of any size."""
        for space_id, mirror in self.lazy.items():
            mirror.sync(limit)
            self._compare(space_id, mirror.nodes)
        self.count("catch_up")

    # What must hold after each step

    @invariant()
    def agrees_with_the_model(self) -> None:
        """Trees, sizes, quota, etags and change log are as the model says."""
        seen: dict[str, str] = {}
        for space_id, space in self.spaces.items():
            root = self.library.tree.get(self.actor, Place(space_id)).node
            below = dict(self.library.tree.descendants(self.actor, root))
            self._compare(space_id, below)
            assert root.size == space.root.size
            quota = self.library.catalog.get(self.actor, space_id).quota
            assert quota.used == root.size
            assert quota.total is None or quota.used <= quota.total
            assert quota.reserved == 0
            seen |= {node.id: node.etag for node in [root, *below.values()]}
            mirror = self.prompt[space_id]
            mirror.sync()
            self._compare(space_id, mirror.nodes)
        changed = {
            node_id
            for node_id, etag in seen.items()
            if node_id in self.etags and self.etags[node_id] != etag
        }
        assert changed == {each for each in self.expected if each in seen} & set(
            self.etags
        )
        self.etags |= seen
        self.expected = set()

    # How it is done

    def _compare(self, space_id: SpaceId, nodes: dict[str, Node]) -> None:
        items = self.spaces[space_id].live()[1:]
        assert {
            path: (node.id, None if node.content is None else node.size)
            for path, node in nodes.items()
        } == {
            "/".join(item.path): (item.id, None if item.is_folder else item.size)
            for item in items
        }
        for item in items:
            content = nodes["/".join(item.path)].content
            if item.data is not None:
                assert content is not None
                assert content.checksums.sha1 == hashlib.sha1(item.data).hexdigest()

    def _refusal(
        self,
        item: Item,
        parent: Item,
        name: str,
        *,
        overwrite: bool,
        deep: bool = True,
    ) -> type[SpacesError] | None:
        there = parent.find(name)
        if there is item:
            return IntoItself if item.name == name else None
        if there is not None and not overwrite:
            return AlreadyExists
        if there is not None and item.is_within(there):
            return IntoItself
        return IntoItself if deep and parent.is_within(item) else None

    def _expect_replaced(self, there: Item | None, item: Item) -> None:
        if there is not None and there is not item:
            self.expected.add(there.id)

    def _trashed(self, choice: int) -> tuple[SpaceId, ModelSpace, Item, Item]:
        found = [
            (space_id, space, item, parent)
            for space_id, space in self.spaces.items()
            for item, parent in space.trash.values()
        ]
        return found[choice % len(found)]

    def _add_copy(self, goal: Place, item: Item, parent: Item, *, deep: bool) -> None:
        """Take the ids of a copy from the real tree, and all else from the original."""
        top = self.library.tree.get(self.actor, goal).node
        ids = {
            path: node.id
            for path, node in self.library.tree.descendants(self.actor, top)
        }

        def copied(original: Item, path: str, node_id: str) -> Item:
            made = Item(node_id, original.name, original.data)
            for member in original.members.values() if deep else ():
                below = f"{path}/{member.name}" if path else member.name
                made.add(copied(member, below, ids[below]), member.name)
            return made

        parent.add(copied(item, "", top.id), goal.path[-1])


def _run(library: Library, actor: Actor, *, sequences: int) -> int:
    """How many steps were made in so many sequences of operations."""
    TreeMachine.steps.clear()

    class Machine(TreeMachine):
        def __init__(self) -> None:
            super().__init__(library, actor)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=sequences,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return sum(TreeMachine.steps.values())


@pytest.mark.timeout(600)
def test_any_sequence_of_operations_does_what_the_model_says(
    library: Library, admin: Actor
) -> None:
    """Sizes add up, ids stay, the right etags change, quota and log are exact."""
    assert _run(library, admin, sequences=80) >= 2_000


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_many_sequences_of_operations_do_what_the_model_says(
    library: Library, admin: Actor
) -> None:
    """The same, for long."""
    assert _run(library, admin, sequences=3_000) >= 75_000
