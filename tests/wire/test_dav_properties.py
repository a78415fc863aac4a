"""PROPFIND: every row of the property table."""

import re

import pytest
from webtest import TestApp

from spaces.library import Library
from spaces.model import Role, Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, D, Dav, dav_on, furnished, rows_of

OCS = "{http://open-collaboration-services.org/ns}"


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a folder and a file in it."""
    return furnished(dav_on(app, library, admin, home))


class TestPropertyTable:
    """One test for each row."""

    def test_ids(self, dav: Dav, library: Library, home: Space) -> None:
        """oc:id and oc:fileid are `storage$space!node`, oc:spaceid its beginning."""
        row = dav.row("folder/a.txt", "oc:id", "oc:fileid", "oc:spaceid")

        space_id = f"{library.storage_id}${home.id}"
        assert row.text(f"{OC}id") == row.text(f"{OC}fileid")
        assert row.text(f"{OC}id").startswith(f"{space_id}!")
        assert row.text(f"{OC}spaceid") == space_id

    def test_the_root_has_the_id_of_its_space(
        self, dav: Dav, library: Library, home: Space
    ) -> None:
        """`a$b!b` is the root of `a$b`."""
        row = dav.row("", "oc:id")

        assert row.text(f"{OC}id") == f"{library.storage_id}${home.id}!{home.id}"

    def test_parent(self, dav: Dav) -> None:
        """The id of the folder it is in; the root has none."""
        folder = dav.row("folder", "oc:id")

        file = dav.row("folder/a.txt", "oc:file-parent")
        root = dav.row("", "oc:file-parent")

        assert file.text(f"{OC}file-parent") == folder.text(f"{OC}id")
        assert root.missing == {f"{OC}file-parent"}

    def test_names(self, dav: Dav, home: Space) -> None:
        """The last name of the path; the root is called as its space."""
        file = dav.row("folder/a.txt", "oc:name", "d:displayname")
        root = dav.row("", "oc:name", "d:displayname")

        assert file.text(f"{OC}name") == "a.txt"
        assert file.text(f"{D}displayname") == "a.txt"
        assert root.text(f"{OC}name") == home.name
        assert root.text(f"{D}displayname") == home.name

    def test_size(self, dav: Dav) -> None:
        """oc:size counts all below a folder; getcontentlength is for files only."""
        file = dav.row("folder/a.txt", "oc:size", "d:getcontentlength")
        folder = dav.row("folder", "oc:size", "d:getcontentlength")

        assert file.text(f"{OC}size") == "5"
        assert file.text(f"{D}getcontentlength") == "5"
        assert folder.text(f"{OC}size") == "5"
        assert folder.missing == {f"{D}getcontentlength"}

    def test_content_type(self, dav: Dav) -> None:
        """For files only."""
        file = dav.row("folder/a.txt", "d:getcontenttype")
        folder = dav.row("folder", "d:getcontenttype")

        assert file.text(f"{D}getcontenttype") == "text/plain"
        assert folder.missing == {f"{D}getcontenttype"}

    def test_resource_type(self, dav: Dav) -> None:
        """d:collection for folders, empty for files."""
        folder = dav.row("folder", "d:resourcetype").found[f"{D}resourcetype"]
        file = dav.row("folder/a.txt", "d:resourcetype").found[f"{D}resourcetype"]

        assert [child.tag for child in folder] == [f"{D}collection"]
        assert len(file) == 0

    def test_etag(self, dav: Dav) -> None:
        """Quoted hex; a change below changes the tag of every folder above."""
        before = dav.etag()
        other = dav.mkcol("other") and dav.etag("other")
        dav.put("folder/a.txt", b"changed")

        assert re.fullmatch(r'"[0-9a-f]{32}"', before)
        assert dav.etag() != before
        assert dav.etag("other") == other

    def test_last_modified(self, dav: Dav) -> None:
        """An HTTP date in GMT."""
        row = dav.row("folder/a.txt", "d:getlastmodified")

        assert row.text(f"{D}getlastmodified") == "Sun, 09 Sep 2001 01:46:40 GMT"

    def test_creation_date(self, dav: Dav) -> None:
        """RFC 4918 §15.1: RFC 3339."""
        row = dav.row("folder/a.txt", "d:creationdate")

        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row.text(f"{D}creationdate")
        )

    def test_checksums(self, dav: Dav) -> None:
        """One child with all digests; folders have none."""
        checksums = dav.row("folder/a.txt", "oc:checksums").found[f"{OC}checksums"]
        folder = dav.row("folder", "oc:checksums")

        assert [child.tag for child in checksums] == [f"{OC}checksum"]
        assert checksums[0].text == (
            "SHA1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
            " MD5:5d41402abc4b2a76b9719d911017c592 ADLER32:062c0215"
        )
        assert folder.missing == {f"{OC}checksums"}

    def test_favorite(self, dav: Dav) -> None:
        """0 or 1, each user's own."""
        assert dav.row("folder", "oc:favorite").text(f"{OC}favorite") == "0"
        dav.proppatch(
            "folder",
            "<d:set><d:prop><oc:favorite>1</oc:favorite></d:prop></d:set>",
        )

        assert dav.row("folder", "oc:favorite").text(f"{OC}favorite") == "1"

    def test_tags(self, dav: Dav) -> None:
        """Separated by commas."""
        assert dav.row("folder", "oc:tags").text(f"{OC}tags") == ""
        dav.proppatch(
            "folder", "<d:set><d:prop><oc:tags>b, a</oc:tags></d:prop></d:set>"
        )

        tags = dav.row("folder", "oc:tags").text(f"{OC}tags")
        assert sorted(tags.split(",")) == ["a", "b"]

    def test_private_link(self, dav: Dav) -> None:
        """A URL that finds the node by its id, wherever it moves."""
        row = dav.row("folder/a.txt", "oc:privatelink", "oc:id")

        link = row.text(f"{OC}privatelink")
        assert link == f"http://localhost/f/{row.text(f'{OC}id')}"

    def test_owner(self, dav: Dav, admin: Person) -> None:
        """The owner's names, where that is who asks."""
        row = dav.row("folder", "oc:owner-id", "oc:owner-display-name")

        assert row.text(f"{OC}owner-id") == admin.name
        assert row.text(f"{OC}owner-display-name") == admin.actor.display_name

    def test_quota_without_limit(self, dav: Dav) -> None:
        """-3 stands for no limit; files have no quota."""
        names = ("d:quota-used-bytes", "d:quota-available-bytes")
        folder, file = dav.row("folder", *names), dav.row("folder/a.txt", *names)

        assert folder.text(f"{D}quota-used-bytes") == "5"
        assert folder.text(f"{D}quota-available-bytes") == "-3"
        assert len(file.missing) == 2

    def test_quota_with_limit(
        self, app: TestApp, library: Library, admin: Person
    ) -> None:
        """What is left of the space's quota."""
        space = library.catalog.create_project(admin.actor, "Orbit", quota=100)
        dav = dav_on(app, library, admin, space)
        dav.put("a", b"12345")

        row = dav.row("", "d:quota-used-bytes", "d:quota-available-bytes")

        assert row.text(f"{D}quota-used-bytes") == "5"
        assert row.text(f"{D}quota-available-bytes") == "95"

    def test_share_permissions(self, dav: Dav) -> None:
        """A sum of rights; files have neither create nor delete."""
        folder = dav.row("folder", "ocs:share-permissions")
        file = dav.row("folder/a.txt", "ocs:share-permissions")

        assert folder.text(f"{OCS}share-permissions") == "31"
        assert file.text(f"{OCS}share-permissions") == "19"

    def test_supported_locks(self, dav: Dav) -> None:
        """Exclusive and shared write locks."""
        found = dav.row("folder", "d:supportedlock").found[f"{D}supportedlock"]

        scopes = [entry.find(f"{D}lockscope")[0].tag for entry in found]
        assert scopes == [f"{D}exclusive", f"{D}shared"]

    def test_lock_discovery(self, dav: Dav) -> None:
        """404 without a lock, else what the lock is."""
        assert dav.row("folder", "d:lockdiscovery").missing
        token = dav.lock("folder", Timeout="Second-100").headers["Lock-Token"]

        found = dav.row("folder", "d:lockdiscovery").found[f"{D}lockdiscovery"]
        (lock,) = found
        assert lock.find(f"{D}lockscope")[0].tag == f"{D}exclusive"
        assert lock.findtext(f"{D}depth") == "infinity"
        assert lock.findtext(f"{D}owner") == "me"
        assert f"<{lock.findtext(f'{D}locktoken/{D}href')}>" == token
        assert re.fullmatch(r"Second-\d+", lock.findtext(f"{D}timeout"))
        assert lock.findtext(f"{D}lockroot/{D}href") == dav.url("folder/")

    def test_inherited_locks_show_their_root(self, dav: Dav) -> None:
        """A deep lock above covers the file, and says where it sits."""
        dav.lock("folder")

        listing = rows_of(dav.propfind("folder", "d:lockdiscovery", depth="1"))
        single = dav.row("folder/a.txt", "d:lockdiscovery")

        for row in (*listing, single):
            lock = row.found[f"{D}lockdiscovery"][0]
            assert lock.findtext(f"{D}lockroot/{D}href") == dav.url("folder/")

    def test_sync_token_and_reports(self, dav: Dav) -> None:
        """Folders have a history to ask for; files have not."""
        names = ("d:sync-token", "d:supported-report-set")
        folder = dav.row("folder", *names)
        file = dav.row("folder/a.txt", *names)

        reports = {
            report[0].tag
            for report in folder.found[f"{D}supported-report-set"].iter(f"{D}report")
        }
        assert folder.text(f"{D}sync-token").startswith("urn:ocsync:sync:")
        assert reports == {
            f"{D}sync-collection",
            f"{OC}search-files",
            f"{OC}filter-files",
        }
        assert file.missing == {f"{D}sync-token"}

    @pytest.mark.parametrize(
        "name",
        [
            "oc:dDC",
            "oc:data-fingerprint",
            "oc:downloadURL",
            "oc:share-types",
            "oc:shareid",
            "oc:shareroot",
            "oc:remote-item-id",
            "oc:signature-auth",
            "oc:audio",
            "oc:image",
            "oc:location",
            "oc:photo",
            "oc:unheard-of",
            "d:unheard-of",
        ],
    )
    def test_what_never_exists(self, dav: Dav, name: str) -> None:
        """404 in a propstat of its own."""
        row = dav.row("folder", name, "d:getetag")

        assert set(row.found) == {f"{D}getetag"}
        assert len(row.missing) == 1


@pytest.mark.parametrize("role", Role)
def test_permissions_follow_the_role(
    app: TestApp, library: Library, admin: Person, alice: Person, role: Role
) -> None:
    """The letters that tell clients what they need not try."""
    letters = {
        Role.VIEWER: ["", ""],
        Role.EDITOR: ["DNVCK", "DNVW"],
        Role.MANAGER: ["RDNVCKZP", "RDNVWZP"],
    }
    space = library.catalog.create_project(admin.actor, "Orbit")
    library.catalog.set_member(admin.actor, space.id, alice.actor.user_id, role)
    dav_on(app, library, admin, space).put("a.txt", b"x")
    dav = dav_on(app, library, alice, space)

    rows = rows_of(dav.propfind("", "oc:permissions", depth="1"))

    assert [row.text(f"{OC}permissions") for row in rows] == letters[role]
