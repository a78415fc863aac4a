"""Credentials on the wire: what opens a mount, and how the rest is refused."""

import base64
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from lxml import etree
from webtest import TestApp

from ocsync.auth.authenticators import AppTokenAuthenticator, BasicAuthenticator
from ocsync.auth.guard import Guard
from ocsync.auth.login_book import LoginBook
from ocsync.log import open_log
from ocsync.metrics.board import Board
from ocsync.metrics.meter import Meter
from ocsync.middleware.errors import Errors
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Access, Mount, Router, Routes
from ocsync.settings import LogSettings
from spaces.library import Library
from spaces.throttle import Throttle
from tests.wire.conftest import Person


def who(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the actor's name; raise 401 itself at /deny."""
    if environ["PATH_INFO"] == "/deny":
        raise HttpProblem(401)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [getattr(environ["ocsync.actor"], "name", "nobody").encode()]


class Seconds:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Seconds:
    """The throttle's clock."""
    return Seconds()


@pytest.fixture
def doors(library: Library, clock: Seconds) -> TestApp:
    """Three mounts, one for each kind of access, behind guards."""
    accounts = library.accounts
    authenticators = (
        AppTokenAuthenticator(accounts=accounts),
        BasicAuthenticator(
            accounts=accounts,
            throttle=Throttle(clock=clock),
            book=LoginBook(meter=Meter(Board.create(workers=1)), audit=library.audit),
        ),
    )
    mounts = [
        Mount(
            prefix="/dav",
            app=who,
            form=Form.DAV,
            open_methods=frozenset({"OPTIONS"}),
        ),
        Mount(prefix="/ocs", app=who, form=Form.OCS, access=Access.OPTIONAL),
        Mount(prefix="/data", app=who, access=Access.IGNORED),
    ]
    guarded = [
        Mount(
            prefix=mount.prefix,
            form=mount.form,
            app=Guard(
                mount, authenticators=authenticators, schemes=("Bearer", "Basic")
            ),
        )
        for mount in mounts
    ]
    app = Errors(Router(Routes(guarded)), log=open_log(LogSettings(level="error")))
    environ = {"REMOTE_ADDR": "192.0.2.1", "ocsync.base_url": "https://c.example:8443"}
    return TestApp(app, extra_environ=environ)


def basic(name: str, password: str) -> dict[str, str]:
    """A Basic header."""
    pair = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def test_a_password_opens(doors: TestApp, alice: Person) -> None:
    """Name and password by Basic; also the second time, from the cache."""
    for _ in range(2):
        assert doors.get("/dav", headers=alice.basic).text == "alice"


def test_an_app_token_opens(doors: TestApp, alice: Person, library: Library) -> None:
    """As Bearer, and as password with the user's name; not with another's."""
    _, secret = library.accounts.create_token(
        alice.actor.user_id, label="x", expires_at=None
    )

    bearer = {"Authorization": f"bearer {secret}"}
    assert doors.get("/dav", headers=bearer).text == "alice"
    assert doors.get("/dav", headers=basic("alice", secret)).text == "alice"
    doors.get("/dav", headers=basic("admin", secret), status=401)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Bearer",
        "Bearer nonsense",
        "Digest username=alice",
        "Basic YWxpY2U6d3Jvbmc=",
        "Basic Og==",
        "Basic \xff\xfe",
    ],
)
def test_anything_else_is_401(doors: TestApp, alice: Person, header: str) -> None:
    """Missing, malformed, unknown and wrong credentials look alike."""
    answer = doors.get("/dav", headers={"Authorization": header}, status=401)

    assert answer.headers.getall("WWW-Authenticate") == [
        'Bearer realm="c.example:8443", charset="UTF-8"',
        'Basic realm="c.example:8443", charset="UTF-8"',
    ]
    root = etree.fromstring(answer.body)
    names = {"s": "http://sabredav.org/ns"}
    assert root.findtext("s:message", namespaces=names) == "Authentication error"
    exception = root.findtext("s:exception", namespaces=names)
    assert exception == "Sabre\\DAV\\Exception\\NotAuthenticated"


@pytest.mark.parametrize(
    ("agent", "base_url", "schemes"),
    [
        ("mirall/2.11.0 (ownCloud, debian)", "http://c.example", ["Basic"]),
        ("mirall/5.3.1 (ownCloud, x)", "http://c.example", ["Basic"]),
        ("mirall/6.0.0 (ownCloud, x)", "http://c.example", ["Bearer", "Basic"]),
        ("mirall/2.11.0 (ownCloud, debian)", "https://c.example", ["Bearer", "Basic"]),
        ("mirall/3.7.3 (Nextcloud, debian)", "http://c.example", ["Basic"]),
        ("mirall/33.0.0 (Nextcloud, x)", "https://c.example", ["Basic"]),
        ("Nextcloud-android/3.30.0", "https://c.example", ["Basic"]),
        ("curl/8.5.0", "http://c.example", ["Bearer", "Basic"]),
    ],
)
def test_desktop_clients_hear_of_what_they_can_follow(
    doors: TestApp, agent: str, base_url: str, schemes: list[str]
) -> None:
    """Those that could not log in in the browser ask for name and password instead."""
    answer = doors.get(
        "/dav",
        headers={"User-Agent": f"Mozilla/5.0 (Linux) {agent}"},
        extra_environ={"ocsync.base_url": base_url},
        status=401,
    )

    challenges = answer.headers.getall("WWW-Authenticate")
    assert [challenge.split()[0] for challenge in challenges] == schemes


def test_scripts_in_pages_get_no_challenge(doors: TestApp) -> None:
    """The browser would open its own password box."""
    headers = {"X-Requested-With": "XMLHttpRequest"}

    answer = doors.get("/dav", headers=headers, status=401)

    assert "WWW-Authenticate" not in answer.headers


def test_a_part_that_says_401_challenges_too(doors: TestApp, alice: Person) -> None:
    """The guard adds the challenges to a 401 from inside."""
    answer = doors.get("/dav/deny", headers=alice.basic, status=401)

    assert len(answer.headers.getall("WWW-Authenticate")) == 2


def test_ocs_has_a_code_of_its_own(doors: TestApp) -> None:
    """OCS says 997 beside the 401."""
    answer = doors.get("/ocs?format=json", headers=basic("a", "b"), status=401)

    assert answer.json["ocs"]["meta"]["statuscode"] == 997


def test_optional_access(doors: TestApp, alice: Person) -> None:
    """Without credentials nobody, with good ones somebody, with bad ones 401."""
    assert doors.get("/ocs").text == "nobody"
    assert doors.get("/ocs", headers=alice.basic).text == "alice"
    doors.get("/ocs", headers=basic("alice", "wrong"), status=401)


def test_ignored_access(doors: TestApp, alice: Person) -> None:
    """The URL itself is the credential; others are not looked at."""
    assert doors.get("/data/x", headers=basic("alice", "wrong")).text == "nobody"
    assert doors.get("/data/x", headers=alice.basic).text == "nobody"


def test_open_methods_need_nothing(doors: TestApp) -> None:
    """OPTIONS on a WebDAV path is answered to everyone."""
    assert doors.options("/dav").text == "nobody"


def test_a_disabled_account_is_out_at_once(
    doors: TestApp, alice: Person, admin: Person, library: Library
) -> None:
    """Even though its password was proven a moment ago."""
    doors.get("/dav", headers=alice.basic)

    library.accounts.disable(alice.actor.user_id)

    doors.get("/dav", headers=alice.basic, status=401)


def test_a_changed_password_is_out_at_once(
    doors: TestApp, alice: Person, library: Library
) -> None:
    """What was remembered does not outlive the password."""
    doors.get("/dav", headers=alice.basic)

    library.accounts.set_password(alice.actor.user_id, "another")

    doors.get("/dav", headers=alice.basic, status=401)
    assert doors.get("/dav", headers=basic("alice", "another")).text == "alice"


def test_guessing_is_slowed_down(doors: TestApp, alice: Person, clock: Seconds) -> None:
    """After some wrong guesses 429 says how long to wait; then the right one works."""
    statuses = [
        doors.get("/dav", headers=basic("alice", f"guess {n}"), status="*").status_int
        for n in range(8)
    ]
    refused = doors.get("/dav", headers=alice.basic, status=429)
    clock.now += int(refused.headers["Retry-After"]) + 1

    assert statuses[:5] == [401] * 5
    assert 429 in statuses
    assert doors.get("/dav", headers=alice.basic).text == "alice"


def test_who_is_in_is_not_slowed_by_guessers(doors: TestApp, alice: Person) -> None:
    """A proven credential works on while others guess, even from its address."""
    doors.get("/dav", headers=alice.basic)
    for n in range(8):
        doors.get("/dav", headers=basic("alice", f"guess {n}"), status="*")

    assert doors.get("/dav", headers=alice.basic).text == "alice"


def test_non_ascii_passwords(doors: TestApp, library: Library) -> None:
    """UTF-8 as the challenge says; Latin-1 from clients that know no better."""
    library.accounts.create("bob", "pässwörd")

    latin = base64.b64encode("bob:pässwörd".encode("latin-1")).decode()
    assert doors.get("/dav", headers=basic("bob", "pässwörd")).text == "bob"
    assert doors.get("/dav", headers={"Authorization": f"Basic {latin}"}).text == "bob"


class TestWithoutPasswords:
    """`auth.basic` is off."""

    @pytest.fixture
    def overrides(self) -> dict[str, object]:
        """Nobody comes in by Basic."""
        return {"auth.basic": False}

    def test_bearer_alone_is_offered(self, app: TestApp, alice: Person) -> None:
        """To every client, and the right password opens nothing."""
        headers = {"User-Agent": "mirall/3.7.3 (Nextcloud)", **alice.basic}

        answer = app.get("/ocs/v1.php/cloud/user", headers=headers, status=401)

        challenges = answer.headers.getall("WWW-Authenticate")
        assert [challenge.split()[0] for challenge in challenges] == ["Bearer"]
