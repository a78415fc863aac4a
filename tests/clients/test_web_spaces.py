"""Project spaces on the web page: made, shared, filled, switched off, gone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.clients.browser import Visit, chromium, go, log_in, visiting
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def browser(server: LiveServer) -> Iterator[Browser]:
    """A browser, and the accounts alice and bob at the server."""
    with server.api() as api:
        for name, shown in (("alice", "Alice Ample"), ("bob", "Bob Brief")):
            account = {
                "onPremisesSamAccountName": name,
                "displayName": shown,
                "passwordProfile": {"password": server.password},
            }
            api.post("/graph/v1.0/users", json=account).raise_for_status()
    with chromium() as browser:
        yield browser


def make_space(server: LiveServer, name: str, quota: int = 0) -> str:
    """A project space of the admin's, by its id."""
    with server.api() as api:
        document = {"name": name, "quota": {"total": quota}}
        made = api.post("/graph/v1.0/drives", json=document).raise_for_status()
    return str(made.json()["id"])


def add_member(server: LiveServer, space: str, name: str, role: str) -> None:
    """Make an account a member."""
    with server.api() as api:
        user = api.get(f"/graph/v1.0/users/{name}").raise_for_status().json()["id"]
        invitation = {"recipients": [{"objectId": user}], "roles": [role]}
        url = f"/graph/v1.0/drives/{space}/root/invite"
        api.post(url, json=invitation).raise_for_status()


def roles_in(server: LiveServer, space: str) -> dict[str, str]:
    """The members' names and roles, as the server has them."""
    with server.api() as api:
        url = f"/graph/v1.0/drives/{space}/root/permissions"
        members = api.get(url).raise_for_status().json()["value"]
    return {
        each["grantedToV2"]["user"]["displayName"]: each["roles"][0] for each in members
    }


def test_a_space_is_made_and_described(server: LiveServer, page: Page) -> None:
    """From the list of spaces, with a description that can be changed later."""
    go(page, server, "")
    page.get_by_role("button", name="New space").click()
    page.get_by_label("Name of the space").fill("Orbit")
    page.get_by_label("Description").fill("Round and round")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Orbit")).to_be_focused()

    page.get_by_label("Name", exact=True).fill("Wide orbit")
    page.get_by_label("Description").fill("Further out")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Wide orbit")).to_be_visible()

    page.get_by_role("link", name="Back to Wide orbit").click()
    expect(page.get_by_role("heading", name="Wide orbit")).to_be_focused()
    page.get_by_role("link", name="Spaces").click()
    card = page.get_by_role("listitem").filter(has_text="Wide orbit")
    expect(card).to_contain_text("Further out")
    card.get_by_role("link", name="Members and settings").click()
    expect(page.get_by_role("heading", name="Wide orbit")).to_be_focused()


def test_members_come_change_and_go(server: LiveServer, page: Page) -> None:
    """Found by letters of the name, with a role that can be changed."""
    space = make_space(server, "Crew")
    go(page, server, f"space/{space}")
    search = page.get_by_label("Add a member")
    search.fill("am")
    expect(page.get_by_text("Type at least 3 letters of the name.")).to_be_visible()
    search.fill("ampl")
    page.get_by_label("Role of the new member").select_option("editor")
    page.get_by_role("button", name="Add Alice Ample").click()
    expect(page.get_by_text("Alice Ample is a member now.")).to_be_visible()
    assert roles_in(server, space) == {"Admin": "manager", "Alice Ample": "editor"}

    page.get_by_label("Role of Alice Ample").select_option("manager")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Role of Alice Ample")).to_be_focused()
    assert roles_in(server, space)["Alice Ample"] == "manager"

    page.get_by_role("button", name="Remove Alice Ample").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Alice Ample is no member any more.")).to_be_visible()
    assert roles_in(server, space) == {"Admin": "manager"}


def test_a_manager_who_is_no_administrator(
    server: LiveServer, browser: Browser
) -> None:
    """Adds somebody, changes the role and the name; makes no spaces."""
    space = make_space(server, "Delegated")
    add_member(server, space, "bob", "manager")
    with visiting(browser) as visit:
        page = visit.page
        log_in(page, server, "bob")
        expect(page.get_by_role("button", name="New space")).to_have_count(0)
        go(page, server, f"space/{space}")
        page.get_by_label("Add a member").fill("alice")
        page.get_by_role("button", name="Add Alice Ample").click()
        expect(page.get_by_text("Alice Ample is a member now.")).to_be_visible()
        page.get_by_label("Role of Alice Ample").select_option("editor")
        expect(page.get_by_text("Saved.")).to_be_visible()
        page.get_by_label("Name", exact=True).fill("Bob's")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Bob's")).to_be_visible()
        assert visit.complaints == []

    assert roles_in(server, space) == {
        "Admin": "manager",
        "Bob Brief": "manager",
        "Alice Ample": "editor",
    }


def test_a_manager_must_stay(server: LiveServer, visit: Visit, page: Page) -> None:
    """The only one cannot give up the role, and hears why."""
    space = make_space(server, "Lonely")
    go(page, server, f"space/{space}")

    page.get_by_label("Role of Admin").select_option("viewer")

    refusal = page.get_by_text("Somebody must be left who can manage the space.")
    expect(refusal).to_be_visible()
    assert roles_in(server, space) == {"Admin": "manager"}
    visit.expect_refusal(409)


def test_disabled_restored_deleted(server: LiveServer, page: Page) -> None:
    """Nobody gets at a disabled space; it comes back whole, or goes for good."""
    space = make_space(server, "Fleeting")
    go(page, server, f"space/{space}")
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("heading", name="This space is disabled")).to_be_visible()
    with server.api() as api:
        assert api.get(f"/dav/spaces/{space}/").status_code in {403, 404}

    page.get_by_role("link", name="Spaces").click()
    disabled = page.get_by_role("region", name="Disabled spaces")
    disabled.get_by_role("link", name="Fleeting").click()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text("Fleeting is enabled again.")).to_be_visible()
    expect(page.get_by_role("button", name="Disable")).to_be_visible()

    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Fleeting is deleted.")).to_be_visible()
    expect(page.get_by_role("heading", name="Spaces", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Fleeting")).to_have_count(0)
    with server.api() as api:
        assert api.get(f"/graph/v1.0/drives/{space}").status_code == 404


def test_only_what_the_role_allows_is_shown(
    server: LiveServer, browser: Browser
) -> None:
    """A viewer sees members and may leave; there is nothing to change."""
    space = make_space(server, "Looked at")
    add_member(server, space, "bob", "viewer")
    with server.api() as api:
        api.put(f"/dav/spaces/{space}/seen.txt", content="x").raise_for_status()
    with visiting(browser) as visit:
        page = visit.page
        log_in(page, server, "bob")
        expect(page.get_by_role("button", name="New space")).to_have_count(0)
        go(page, server, f"s/{space}")
        expect(page.get_by_role("button", name="File seen.txt")).to_be_visible()
        for name in ("Upload", "New folder", "Versions of seen.txt", "Delete seen.txt"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        page.get_by_role("link", name="Trash").click()
        expect(page.get_by_text("The trash is empty.")).to_be_visible()
        go(page, server, f"space/{space}")
        expect(page.get_by_text("Admin")).to_be_visible()
        expect(page.get_by_role("combobox")).to_have_count(0)
        expect(page.get_by_role("textbox")).to_have_count(0)
        expect(page.get_by_role("button", name="Disable")).to_have_count(0)

        page.get_by_role("button", name="Leave Looked at").click()
        page.get_by_role("button", name="Leave", exact=True).click()

        expect(page.get_by_role("heading", name="Spaces")).to_be_visible()
        expect(page.get_by_role("link", name="Looked at")).to_have_count(0)
        assert visit.complaints == []
    assert roles_in(server, space) == {"Admin": "manager"}


def choose(page: Page, file: FilePayload) -> None:
    """Choose a file to upload."""
    with page.expect_file_chooser() as box:
        page.get_by_role("button", name="Upload", exact=True).click()
    box.value.set_files([file])


def test_what_cannot_fit_is_said_before(server: LiveServer, page: Page) -> None:
    """The bar shows what is used; too large an upload is asked about first."""
    space = make_space(server, "Small", quota=1000)
    with server.api() as api:
        api.put(f"/dav/spaces/{space}/much.bin", content=bytes(950)).raise_for_status()
    go(page, server, f"space/{space}")
    expect(page.get_by_text("950 B of 1 kB used. Almost full")).to_be_visible()
    go(page, server, f"s/{space}")
    expect(page.get_by_role("button", name="File much.bin")).to_be_visible()
    large = FilePayload(name="large.bin", mimeType="", buffer=bytes(60))
    small = FilePayload(name="small.bin", mimeType="", buffer=bytes(40))

    choose(page, large)
    dialog = page.get_by_role("dialog", name="There is not enough space")
    expect(dialog).to_contain_text("This is 60 B in all, and 50 B are left.")
    dialog.get_by_role("button", name="Cancel").click()
    choose(page, small)

    expect(page.get_by_role("button", name="File small.bin")).to_be_visible()
    expect(page.get_by_role("button", name="File large.bin")).to_have_count(0)
