"""The check finds each kind of damage, and a repair loses nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.sql.base import Executable

from spaces.clock import DAY
from spaces.db.schema import blobs, changes, nodes, spaces, trash
from spaces.findings import Finding, FindingKind
from spaces.fsck import Fsck
from spaces.ids import BlobId, new_id
from spaces.model import Actor, Node
from spaces.repair import Repair
from spaces.upload_model import Claim, Lifetime, NewUpload, Upload, UploadState
from tests.domain import Desk, seal
from tests.memory_blobs import MemoryBlobStore

KIND = FindingKind


@pytest.fixture
def tree(desk: Desk) -> Desk:
    """A space with files, folders, a version, trash and an open upload."""
    for folder in ("a", "a/b", "c"):
        desk.library.tree.make_folder(desk.actor, desk.place(folder))
    desk.put("a/one.txt", b"one")
    desk.put("a/b/two.txt", b"number two")
    desk.put("a/b/two.txt", b"number two, again")
    desk.put("c/three.txt", b"three")
    desk.put("gone.txt", b"gone")
    desk.library.tree.remove(desk.actor, desk.place("gone.txt"))
    desk.library.tree.make_folder(desk.actor, desk.place("away"))
    desk.put("away/below.txt", b"below")
    desk.library.tree.remove(desk.actor, desk.place("away"))
    return desk


@pytest.fixture
def upload(tree: Desk) -> Upload:
    """An upload that has received ten bytes."""
    new = NewUpload(dialect="tus", length=100, lifetime=Lifetime(DAY))
    made = tree.library.uploads.create(tree.actor, new, tree.place("up.bin"))
    made = tree.library.uploads.claim(made, "test", Claim.FREE)
    with tree.library.blobs.stage(made.blob_id) as staged:
        staged.write(b"0123456789")
    return tree.library.uploads.advance(made, offset=10, length=100, hash_state=None)


def check(desk: Desk, *, deep: bool = True) -> list[Finding]:
    """All findings."""
    library = desk.library
    return list(Fsck(database=library.database, blobs=library.blobs).check(deep=deep))


def kinds(findings: list[Finding]) -> list[FindingKind]:
    """What is wrong, each as often as found."""
    return sorted((finding.kind for finding in findings), key=lambda kind: kind.name)


def repair(desk: Desk) -> int:
    """Repair everything that the check finds."""
    library = desk.library
    return Repair(database=library.database, uploads=library.uploads).run(check(desk))


def execute(desk: Desk, *statements: Executable) -> None:
    """Change rows behind the domain's back."""

    def job(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    desk.library.database.write(job)


def node_at(desk: Desk, path: str) -> Node:
    """The node at a path."""
    return desk.library.tree.get(desk.actor, desk.place(path)).node


def blob_at(desk: Desk, path: str) -> BlobId:
    """The blob of a file."""
    content = node_at(desk, path).content
    assert content is not None
    return content.blob_id


def trashed_names(desk: Desk) -> set[str]:
    """What is in the trash."""
    items = desk.library.trash.list(desk.actor, desk.space_id)
    return {item.node.name for item in items}


@pytest.mark.usefixtures("upload")
def test_a_sound_installation_has_no_findings(tree: Desk) -> None:
    """Files, versions, trash and open uploads are all accounted for."""
    assert check(tree) == []


def test_lost_content(tree: Desk) -> None:
    """Named with its blob; nothing can bring it back."""
    blob_id = blob_at(tree, "a/one.txt")
    tree.library.blobs.remove(blob_id)

    (finding,) = check(tree, deep=False)

    assert (finding.kind, finding.subject) == (KIND.CONTENT_MISSING, blob_id)
    assert not finding.is_repairable
    assert not finding.is_sweepable


def test_content_of_another_size(tree: Desk) -> None:
    """A short file is seen without reading it."""
    blob_id = blob_at(tree, "a/one.txt")
    _rewrite(tree, blob_id, b"on")

    assert kinds(check(tree, deep=False)) == [KIND.CONTENT_SIZE]


def test_content_of_another_kind(tree: Desk) -> None:
    """Changed bytes are seen by reading them, and the digests named."""
    blob_id = blob_at(tree, "a/one.txt")
    _rewrite(tree, blob_id, b"eno")

    assert check(tree, deep=False) == []
    (finding,) = check(tree, deep=True)
    assert finding.kind is KIND.CONTENT_DAMAGED
    assert finding.detail == "sha1, adler32, md5, sha256"


def _rewrite(desk: Desk, blob_id: BlobId, data: bytes) -> None:
    desk.library.blobs.remove(blob_id)
    with desk.library.blobs.stage(blob_id) as staged:
        staged.write(data)
    desk.library.blobs.seal(blob_id, len(data))


def test_what_a_crash_leaves_is_sweepable(tree: Desk) -> None:
    """Sealed and staged bytes without a row, and released content."""
    seal(tree.library, b"never committed")
    tree.library.blobs.stage(BlobId(new_id())).close()
    item = next(iter(tree.library.trash.list(tree.actor, tree.space_id)))
    tree.library.trash.purge(tree.actor, tree.space_id, item.node.id)
    tree.library.sweeper.sweep()

    findings = check(tree)

    assert kinds(findings) == [
        KIND.CONTENT_UNUSED,
        KIND.STRAY_CONTENT,
        KIND.STRAY_STAGING,
    ]
    assert all(finding.is_sweepable for finding in findings)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (
            lambda desk: [
                update(nodes)
                .where(nodes.c.id == node_at(desk, "a/one.txt").id)
                .values(size=1_000)
            ],
            {KIND.FILE_SIZE, KIND.FOLDER_SIZE},
        ),
        (
            lambda desk: [
                update(nodes)
                .where(nodes.c.id == node_at(desk, "a/b").id)
                .values(size=nodes.c.size + 5)
            ],
            {KIND.FOLDER_SIZE},
        ),
        (lambda _: [update(spaces).values(used_bytes=1)], {KIND.USED_BYTES}),
        (lambda _: [update(spaces).values(reserved_bytes=1)], {KIND.RESERVED_BYTES}),
        (
            lambda _: [delete(changes).where(changes.c.seq == 3)],
            {KIND.CHANGE_LOG},
        ),
        (
            lambda _: [update(spaces).values(change_seq=spaces.c.change_seq - 2)],
            {KIND.CHANGE_LOG},
        ),
        (
            lambda desk: [
                insert(blobs).values(
                    id=seal(desk.library, b"x").blob_id,
                    size=1,
                    sha1="11f6ad8ec52a2984abaafd7c3b516503785c2072",
                    adler32="00790079",
                    created_at=0,
                )
            ],
            {KIND.CONTENT_UNTOLD},
        ),
    ],
    ids=[
        "file size",
        "folder size",
        "used bytes",
        "reserved bytes",
        "gap in the log",
        "log beyond its counter",
        "unused and untold",
    ],
)
def test_wrong_numbers_are_found_and_put_right(
    tree: Desk,
    damage: Callable[[Desk], list[Executable]],
    expected: set[FindingKind],
) -> None:
    """They are counted anew; the files stay as they are."""
    before = tree.listing()
    execute(tree, *damage(tree))

    assert set(kinds(check(tree))) == expected
    repair(tree)

    assert [finding for finding in check(tree) if not finding.is_sweepable] == []
    assert tree.listing() == before


def test_an_upload_that_lost_bytes_is_ended(tree: Desk, upload: Upload) -> None:
    """It can never be finished; what it held of the quota is free again."""
    tree.library.blobs.discard(upload.blob_id)

    assert kinds(check(tree)) == [KIND.UPLOAD_SHORT]
    repair(tree)

    assert check(tree) == []
    assert tree.library.uploads.get(upload.id).state is UploadState.FAILED
    assert tree.space.quota.reserved == 0


def test_a_sealed_upload_is_no_stray(tree: Desk, upload: Upload) -> None:
    """Between sealing and committing, the file belongs to the upload."""
    tree.library.blobs.seal(upload.blob_id, 10)

    assert check(tree) == []


def test_what_hangs_nowhere_goes_to_the_trash(tree: Desk) -> None:
    """With all that is below it, to be brought back from there."""
    folder = node_at(tree, "a").id
    execute(tree, update(nodes).where(nodes.c.id == folder).values(parent_id=None))

    found = [f for f in check(tree) if f.kind is KIND.UNREACHABLE]
    assert len(found) == 4
    repair(tree)

    assert check(tree) == []
    assert "a" in trashed_names(tree)
    tree.library.trash.restore(tree.actor, tree.space_id, folder, None, overwrite=False)
    assert tree.listing()["a/b/two.txt"] == len("number two, again")
    assert check(tree) == []


def test_a_ring_is_cut(tree: Desk) -> None:
    """Two folders in each other are both found, and both in the trash then."""
    outer, inner = node_at(tree, "a").id, node_at(tree, "a/b").id
    execute(tree, update(nodes).where(nodes.c.id == outer).values(parent_id=inner))

    repair(tree)

    assert check(tree) == []
    assert trashed_names(tree) & {"a", "b"}


def test_what_lies_in_a_file_is_taken_out(tree: Desk) -> None:
    """Only folders hold something."""
    file_id, other = node_at(tree, "a/one.txt").id, node_at(tree, "c/three.txt").id
    execute(tree, update(nodes).where(nodes.c.id == other).values(parent_id=file_id))

    assert KIND.BELOW_A_FILE in kinds(check(tree))
    repair(tree)

    assert check(tree) == []
    assert "three.txt" in trashed_names(tree)


def test_what_counts_for_another_space_comes_home(tree: Desk, bob: Actor) -> None:
    """A node is in the space that its folder is in, all the way down."""
    folder = node_at(tree, "a/b").id
    space_id = tree.library.catalog.personal(bob).id
    execute(tree, update(nodes).where(nodes.c.id == folder).values(space_id=space_id))

    assert set(kinds(check(tree))) == {KIND.WRONG_SPACE}
    repair(tree)

    assert check(tree) == []


def test_something_in_the_trash_that_has_a_place_leaves_the_trash(tree: Desk) -> None:
    """It was never removed."""
    row = {
        "node_id": node_at(tree, "c").id,
        "space_id": tree.space_id,
        "original_parent_id": tree.space_id,
        "original_path": "c",
        "removed_at": 0,
    }
    execute(tree, insert(trash).values(row))

    assert kinds(check(tree)) == [KIND.TRASHED_ALIVE]
    repair(tree)

    assert check(tree) == []
    assert "c/" in tree.listing()


def test_a_name_whose_key_is_wrong(tree: Desk) -> None:
    """Told, but left alone: the right key may be taken."""
    node_id = node_at(tree, "c").id
    execute(tree, update(nodes).where(nodes.c.id == node_id).values(name_key="x"))

    assert kinds(check(tree)) == [KIND.NAME_KEY]
    assert repair(tree) == 0


def test_a_damaged_database_is_told(tree: Desk, database_url: str) -> None:
    """What SQLite says of itself is passed on."""
    if not tree.library.database.is_sqlite:
        pytest.skip("only SQLite can be asked")
    path = database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM users")
        connection.commit()

    found = [f for f in check(tree) if f.kind is KIND.DATABASE_DAMAGED]

    assert any("users" in finding.detail for finding in found)


def test_findings_are_lines_for_people(tree: Desk) -> None:
    """What, which, and how."""
    blob_id = blob_at(tree, "a/one.txt")
    tree.library.blobs.remove(blob_id)

    (finding,) = check(tree)

    assert str(finding) == f"content is missing: {blob_id}: 3 bytes are lost"


def test_content_that_is_removed_while_it_is_checked(
    tree: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks lost is looked at again: its row may be gone too."""
    blob_id = blob_at(tree, "a/one.txt")
    store = tree.library.blobs
    assert isinstance(store, MemoryBlobStore)
    size = store.size

    def remove_first(asked: BlobId) -> int:
        if asked == blob_id and blob_id in set(store.blob_ids(blob_id[-2:])):
            store.remove(blob_id)
            execute(
                tree,
                delete(nodes).where(nodes.c.blob_id == blob_id),
                delete(blobs).where(blobs.c.id == blob_id),
            )
        return size(asked)

    monkeypatch.setattr(store, "size", remove_first)

    assert KIND.CONTENT_MISSING not in kinds(check(tree, deep=False))
