"""Small files of each kind that the web page shows, and what they try to do there."""

import io
import struct
import wave
import zlib
from typing import Final

SCRIPT: Final = "window.top.stolen = 1; alert('run')"

EVIL_SVG: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"'
    f' onload="{SCRIPT}"><script>{SCRIPT}</script>'
    '<rect width="20" height="20" fill="red"/></svg>'
)

EVIL_HTML: Final = (
    f"<!doctype html><title>evil</title><script>{SCRIPT}</script>"
    f'<img src=x onerror="{SCRIPT}"><form action="/oidc/logout"><button>Go</button>'
)

README: Final = """# Summer school

Everything for the **first week**; questions to [the office](https://example.org).

1. Read the *plan*
2. Bring `laptop` and lunch

| day | what |
|---|---|
| Monday | arrival, tour, supper |
| Tuesday | first talks |

> Doors open at nine.
"""

EVIL_MARKDOWN: Final = f"""# Read me

Some **bold** text, `code`, and <img src=x onerror="{SCRIPT}">.

- [fine](https://example.org/page)
- [script](javascript:alert(1))
- [data](data:text/html,<script>{SCRIPT}</script>)
- [relative](/f/x)
- <javascript:alert(2)>
- ![picture](https://example.org/track.png)

| a | b |
|---|---|
| 1 | <script>{SCRIPT}</script> |
"""


def png() -> bytes:
    """A red dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
        + chunk(b"IEND", b"")
    )


def sound(seconds: int = 2) -> bytes:
    """Silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(b"\x80" * 8000 * seconds)
    return buffer.getvalue()


def pdf() -> bytes:
    """A page with a script that wants to send itself elsewhere when it opens."""
    script = "this.submitForm\\('/oidc/logout'\\); app.launchURL\\('/stolen'\\);"
    action = f"<< /S /JavaScript /JS ({script}) >>"
    parts = [
        f"<< /Type /Catalog /Pages 2 0 R /OpenAction {action} >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >>",
    ]
    text, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        offsets.append(len(text))
        text += f"{number} 0 obj\n{part}\nendobj\n".encode()
    rows = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    count = len(parts) + 1
    return (
        text
        + (
            f"xref\n0 {count}\n0000000000 65535 f \n{rows}"
            f"trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{len(text)}\n%%EOF\n"
        ).encode()
    )
