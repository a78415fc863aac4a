"""The body of a WebDAV refusal: sabre/dav's error element, with RFC conditions.

ownCloud's clients read `s:exception`, `s:message` and `s:errorcode` by their literal
prefixes; WebDAV clients look for the condition element (RFC 4918 §16).
"""

import re
from typing import Final

CONTENT_TYPE: Final = "application/xml; charset=utf-8"

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(text: str) -> str:
    """The text as XML character data or a double-quoted attribute value.

    Characters that XML 1.0 cannot carry become U+FFFD.
    """
    if not text.isascii() or not text.isprintable():
        text = _NOT_XML.sub("\ufffd", text)
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    return text


def error_body(
    *, exception: str, message: str, code: str = "", condition_xml: str = ""
) -> bytes:
    """The document for one refusal.

    `exception` is sabre's class name without its namespace; `condition_xml` an
    element in the `d:` namespace, ready to embed.
    """
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">'
        f"{condition_xml}"
        f"<s:exception>Sabre\\DAV\\Exception\\{escape(exception)}</s:exception>"
        f"<s:message>{escape(message)}</s:message>"
        f"<s:errorcode>{escape(code)}</s:errorcode>"
        "</d:error>"
    ).encode()
