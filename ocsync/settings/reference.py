"""The settings as documents: the sample file and the page in the docs.

Both are made from the declarations, so they cannot drift from the code; tests compare
`config/ocsync.toml` and `docs/settings.md` with what is made here.
"""

import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Final

from ocsync.settings.declare import Declaration
from ocsync.settings.model import DECLARATIONS, GROUPS
from ocsync.settings.quantities import format_duration

_WIDTH: Final = 79

_SAMPLE_HEAD: Final = """\
# Settings of ocsync, all with their defaults. Uncomment what you change.
#
# Use it with `ocsync serve --config FILE`, or name it in OCSYNC_CONFIG.
# A setting on the command line or in the environment is stronger than one in here.
# Sizes: 500MB, 10GB (powers of 1000), 4GiB (powers of 1024).
# Lengths of time: 500ms, 90s, 30m, 24h, 7d.
"""

_PAGE_HEAD: Final = """\
# Settings

Each setting comes from, strongest first:
the command line (`--set KEY=VALUE`, and options such as `--port`),
the environment,
the TOML file given with `--config` or `OCSYNC_CONFIG`,
and else its default.
`ocsync config show` prints every value with where it came from; secrets are masked.
An unknown setting, or an unknown variable that begins with `OCSYNC_`, is an error.

Sizes are written as `500MB` or `10GB` (powers of 1000) or `4GiB` (powers of 1024),
lengths of time as `500ms`, `90s`, `30m`, `24h` or `7d`; a bare number is bytes or
seconds.
Lists are TOML arrays, or words separated by commas.

This page is made by `ocsync config reference`, the sample file `config/ocsync.toml`
by `ocsync config sample`.
"""


def format_value(value: object) -> str:
    """A value as text that its parser reads back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


def sample_file() -> str:
    """The commented TOML file."""
    parts = [_SAMPLE_HEAD]
    for group, kind in GROUPS.items():
        parts.append(f"\n[{group}]\n{_comment(_first_line(kind))}")
        parts.extend(_sample_entry(each) for each in _declared(group))
    return "".join(parts)


def reference_page() -> str:
    """The page of the docs, in Markdown."""
    parts = [_PAGE_HEAD]
    for group, kind in GROUPS.items():
        parts.append(f"\n## `[{group}]`\n\n{_first_line(kind)}\n")
        parts.append("\n| key | environment | default | meaning |\n|---|---|---|---|\n")
        parts.extend(_page_row(each) for each in _declared(group))
    return "".join(parts)


def _declared(group: str) -> list[Declaration]:
    return [each for each in DECLARATIONS if each.group == group]


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def _comment(text: str) -> str:
    return (
        textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ") + "\n"
    )


def _sample_entry(each: Declaration) -> str:
    variables = ", ".join(each.env)
    entry = f"#{each.name} = {_toml(each.default)}\n"
    return f"\n{_comment(each.help)}{_comment(f'Environment: {variables}')}{entry}"


def _toml(value: object) -> str:
    """A value in TOML; what is not set is shown as empty text."""
    if isinstance(value, bool | int):
        return format_value(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str | Path | timedelta):
        return f'"{format_value(value)}"'
    return '""'


def _page_row(each: Declaration) -> str:
    variables = "<br>".join(f"`{name}`" for name in each.env)
    default = format_value(each.default)
    shown = f"`{default}`" if default else ""
    meaning = each.help.replace("|", "\\|")
    return f"| `{each.key}` | {variables} | {shown} | {meaning} |\n"
