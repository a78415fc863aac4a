"""PROPPATCH: times, favourites, tags, and dead properties of any name."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from webtest import TestApp

from spaces.library import Library
from spaces.model import Space
from tests.wire.conftest import Person
from tests.wire.dav_client import OC, D, Dav, dav_on, error_of, rows_of, xml


@pytest.fixture
def dav(app: TestApp, library: Library, admin: Person, home: Space) -> Dav:
    """The admin's personal space with a file."""
    connection = dav_on(app, library, admin, home)
    connection.put("a.txt", b"hello")
    return connection


def put_prop(dav: Dav, inside: str, path: str = "a.txt") -> dict[str, object]:
    """Set properties; what was found of each, or its status."""
    answer = dav.proppatch(path, f"<d:set><d:prop>{inside}</d:prop></d:set>")
    (row,) = rows_of(answer)
    return dict(row.found)


def ask(dav: Dav, inside: str, path: str = "a.txt") -> dict[str, etree._Element]:
    """Properties by their elements."""
    body = xml("propfind", f"<d:prop>{inside}</d:prop>")
    (row,) = rows_of(dav.send("PROPFIND", path, body, headers={"Depth": "0"}))
    return dict(row.found)


@pytest.mark.parametrize(
    "text", ["1000000000", "1000000000.25", "Sun, 09 Sep 2001 01:46:40 GMT"]
)
@pytest.mark.parametrize("name", ["lastmodified", "getlastmodified"])
def test_times(dav: Dav, name: str, text: str) -> None:
    """Rclone sends Unix seconds, others a HTTP date."""
    put_prop(dav, f"<d:{name}>{text}</d:{name}>")

    assert dav.row("a.txt", "d:getlastmodified").text(f"{D}getlastmodified") == (
        "Sun, 09 Sep 2001 01:46:40 GMT"
    )


@pytest.mark.parametrize("depth", ["0", "1", "infinity"])
def test_depth_means_nothing(dav: Dav, depth: str) -> None:
    """RFC 4918 gives PROPPATCH no Depth; webdavclient3 sends 1."""
    inside = '<d:set><d:prop><x xmlns="urn:x">1</x></d:prop></d:set>'
    body = xml("propertyupdate", inside)

    (row,) = rows_of(dav.send("PROPPATCH", "a.txt", body, headers={"Depth": depth}))

    assert set(row.found) == {"{urn:x}x"}


def test_a_time_beside_checksums(dav: Dav) -> None:
    """Rclone sends both in one request; ours are computed and stay."""
    found = put_prop(
        dav,
        "<d:lastmodified>1000000000</d:lastmodified>"
        "<oc:checksums><oc:checksum>SHA1:0</oc:checksum></oc:checksums>",
    )

    assert len(found) == 2
    assert "aaf4c61d" in dav.propfind("a.txt", "oc:checksums").text


def test_a_time_that_is_none(dav: Dav) -> None:
    """409 for it, and nothing else is changed."""
    found = put_prop(
        dav, '<d:lastmodified>soon</d:lastmodified><x:a xmlns:x="urn:x">1</x:a>'
    )

    assert found == {f"{D}lastmodified": 409, "{urn:x}a": 424}
    assert ask(dav, '<x:a xmlns:x="urn:x"/>') == {}


def test_protected_properties(dav: Dav) -> None:
    """RFC 4918 §9.2: 403 with the condition, the others fail along."""
    answer = dav.proppatch(
        "a.txt",
        "<d:set><d:prop><d:getetag>x</d:getetag></d:prop></d:set>"
        '<d:remove><d:prop><x:a xmlns:x="urn:x"/></d:prop></d:remove>',
    )

    (row,) = rows_of(answer)
    assert row.found == {f"{D}getetag": 403, "{urn:x}a": 424}
    assert "<d:cannot-modify-protected-property/>" in answer.text


def test_favorites_change_no_etag(dav: Dav) -> None:
    """They are each user's own."""
    before = dav.etag("a.txt")

    put_prop(dav, "<oc:favorite>1</oc:favorite>")

    assert dav.row("a.txt", "oc:favorite").text(f"{OC}favorite") == "1"
    assert dav.etag("a.txt") == before
    dav.proppatch("a.txt", "<d:remove><d:prop><oc:favorite/></d:prop></d:remove>")
    assert dav.row("a.txt", "oc:favorite").text(f"{OC}favorite") == "0"


def test_tags(dav: Dav) -> None:
    """Set as a whole, removed by removing."""
    put_prop(dav, "<oc:tags>one, two</oc:tags>")
    assert dav.row("a.txt", "oc:tags").text(f"{OC}tags") == "one,two"

    dav.proppatch("a.txt", "<d:remove><d:prop><oc:tags/></d:prop></d:remove>")
    assert dav.row("a.txt", "oc:tags").text(f"{OC}tags") == ""


class TestDeadProperties:
    """Properties that only clients understand."""

    @pytest.mark.parametrize(
        "element",
        [
            '<x:a xmlns:x="urn:x">text</x:a>',
            '<a xmlns="">no namespace</a>',
            '<a xmlns="urn:x"/>',
            "<d:made-up>1</d:made-up>",
            '<x:a xmlns:x="urn:x"><y:b xmlns:y="urn:y" c="&quot;"><d/></y:b>t</x:a>',
            '<x:a xmlns:x="urn:x">&lt;&amp;]]&gt;</x:a>',
            '<x:a xmlns:x="urn:x"><![CDATA[<b>]]></x:a>',
            '<x:a xmlns:x="urn:x">\U00010000\u00e9</x:a>',
            '<x:a xmlns:x="urn:x" xml:lang="de">hallo</x:a>',
            '<x:a xmlns:x="urn:x">  spaces  \n kept </x:a>',
        ],
    )
    def test_round_trip(self, dav: Dav, element: str) -> None:
        """What was set comes back, alone and among all."""
        wanted = etree.fromstring(f'<r xmlns:d="DAV:">{element}</r>')[0]
        put_prop(dav, element)

        body = etree.tostring(etree.Element(wanted.tag), encoding="unicode")
        for found in (ask(dav, body), ask(dav, "")):
            value = found[str(wanted.tag)]
            assert canonical(value) == canonical(wanted)

    def test_inherited_language(self, dav: Dav) -> None:
        """RFC 4918 §4.3: xml:lang in scope belongs to the value."""
        dav.proppatch(
            "a.txt",
            '<d:set xml:lang="fr"><d:prop><x:a xmlns:x="urn:x">oui</x:a></d:prop>'
            "</d:set>",
        )

        value = ask(dav, '<x:a xmlns:x="urn:x"/>')["{urn:x}a"]
        assert value.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"

    def test_order_matters(self, dav: Dav) -> None:
        """RFC 4918 §9.2: instructions are carried out in document order."""
        a = '<x:a xmlns:x="urn:x">{}</x:a>'
        dav.proppatch(
            "a.txt",
            f"<d:set><d:prop>{a.format(1)}</d:prop></d:set>"
            f"<d:remove><d:prop>{a.format('')}</d:prop></d:remove>"
            f"<d:set><d:prop>{a.format(3)}</d:prop></d:set>",
        )

        assert ask(dav, a.format(""))["{urn:x}a"].text == "3"

    def test_removing_what_is_not_there(self, dav: Dav) -> None:
        """RFC 4918 §14.23: no error."""
        answer = dav.proppatch(
            "a.txt", '<d:remove><d:prop><x:a xmlns:x="urn:x"/></d:prop></d:remove>'
        )

        (row,) = rows_of(answer)
        assert set(row.found) == {"{urn:x}a"}

    def test_they_stay_through_moves_and_writes(self, dav: Dav) -> None:
        """They belong to the file, not to its place or content."""
        put_prop(dav, '<x:a xmlns:x="urn:x">1</x:a>')
        dav.put("a.txt", b"changed")
        dav.move("a.txt", "b.txt")

        assert ask(dav, '<x:a xmlns:x="urn:x"/>', "b.txt")["{urn:x}a"].text == "1"

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        local=st.from_regex(r"[A-Za-z_][A-Za-z0-9._-]{0,20}", fullmatch=True),
        namespace=st.sampled_from(["urn:x", "http://a.example/?b=c&d=e", ""]),
        text=st.text(
            st.characters(codec="utf-8", exclude_categories=("Cc", "Cn", "Cs")),
            max_size=40,
        ),
    )
    def test_any_name_and_text(
        self, dav: Dav, local: str, namespace: str, text: str
    ) -> None:
        """Whatever XML can say is kept."""
        element = etree.Element(f"{{{namespace}}}{local}" if namespace else local)
        element.text = text
        put_prop(dav, etree.tostring(element, encoding="unicode"))

        element.text = None
        found = ask(dav, etree.tostring(element, encoding="unicode"))
        assert (found[str(element.tag)].text or "") == text


def canonical(element: etree._Element) -> bytes:
    """The element without regard to prefixes that are only in scope."""
    alone = etree.fromstring(etree.tostring(element, with_tail=False))
    return bytes(etree.tostring(alone, method="c14n", exclusive=True))


def test_conditions(dav: Dav) -> None:
    """Only the state that the client knows is changed."""
    inside = '<d:set><d:prop><x:a xmlns:x="urn:x">1</x:a></d:prop></d:set>'

    assert dav.proppatch("a.txt", inside, If_Match='"x"').status_int == 412
    etag = dav.etag("a.txt")
    assert dav.proppatch("a.txt", inside, If_Match=etag).status_int == 207
    assert dav.etag("a.txt") != etag


def test_nothing_there(dav: Dav) -> None:
    """404."""
    inside = "<d:set><d:prop><oc:tags>x</oc:tags></d:prop></d:set>"

    assert dav.proppatch("nothing", inside).status_int == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<x/>",
        xml("propfind", ""),
        xml("propertyupdate", ""),
        xml("propertyupdate", "<d:set/>"),
        xml("propertyupdate", "<d:set><d:prop/></d:set>"),
    ],
)
def test_bad_bodies(dav: Dav, body: bytes) -> None:
    """400."""
    answer = dav.send("PROPPATCH", "a.txt", body)

    assert answer.status_int == 400
    error_of(answer)


def test_values_are_bounded(dav: Dav) -> None:
    """A property is no place for files."""
    large = f'<x:a xmlns:x="urn:x">{"x" * 100_000}</x:a>'

    answer = dav.proppatch("a.txt", f"<d:set><d:prop>{large}</d:prop></d:set>")

    assert answer.status_int == 507
    assert ask(dav, '<x:a xmlns:x="urn:x"/>') == {}
