"""Identifiers: made in order, read and written in one form."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.ids import NodeId, ResourceId, SpaceId, is_id, new_id, secret_id

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
ids = st.uuids().map(str)


def test_new_ids_are_uuids_of_version_7() -> None:
    """With the variant of RFC 9562."""
    made = uuid.UUID(new_id())

    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_new_ids_are_all_different() -> None:
    """Also within one millisecond."""
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_new_ids_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that new rows lie side by side in an index."""
    times = iter(range(0, 10**15, 10**12))
    monkeypatch.setattr("time.time_ns", lambda: next(times))

    made = [new_id() for _ in range(100)]

    assert made == sorted(made)


def test_secret_ids_are_random() -> None:
    """Version 4: nothing in them can be guessed."""
    assert uuid.UUID(secret_id()).version == 4


@pytest.mark.parametrize("text", ["", "x", ID.upper(), "{}", "\n"])
def test_other_text_is_no_id(text: str) -> None:
    """Only the canonical form is."""
    assert not is_id(text)


@given(storage=ids, space=ids, node=st.none() | ids)
def test_resource_ids_are_read_as_written(
    storage: str, space: str, node: str | None
) -> None:
    """`storage$space` and `storage$space!node`."""
    resource = ResourceId(
        storage, SpaceId(space), None if node is None else NodeId(node)
    )

    assert ResourceId.parse(str(resource)) == resource


@pytest.mark.parametrize("text", ["", "a$b", ID, f"{ID}${ID}!", f"{ID}${ID}!{ID}!"])
def test_other_text_is_no_resource_id(text: str) -> None:
    """Neither too little nor too much."""
    with pytest.raises(ValueError, match="not a resource id"):
        ResourceId.parse(text)
