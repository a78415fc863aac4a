"""Modules of the page that are always needed, joined into one file for one request.

The sources stay as they are; this is no build step but done as they are read. Each
module becomes the body of a function of its own, so names of different modules never
meet, and what it exports is an object named by its path. Comments and lines stay.
Modules that are loaded later take what they import from the joined file.
"""

import posixpath
import re
from collections.abc import Mapping
from functools import partial
from typing import Final

_IMPORT: Final = re.compile(
    r'^import (?:(\{[^}]*\})|\* as (\w+)) from "(\.[^"]+)";$', re.MULTILINE
)
_EXPORT: Final = re.compile(
    r"^export (?=(?:async function\*?|function\*?|class|const) (\w+))", re.MULTILINE
)
_DYNAMIC: Final = re.compile(r'\bimport\("(\.[^"]+)"\)')
_OTHER: Final = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_URL: Final = "import.meta.url"


def link_modules(sources: Mapping[str, str], main: str) -> dict[str, str]:
    """The modules with `main` and all it imports joined under its name.

    Raises ValueError for imports in a circle, and for forms that it does not know.
    """
    order: list[str] = []
    _arrange(main, sources, order, ())
    joined = "".join(_body(path, sources[path]) for path in order)
    names = ", ".join(map(_name, order))
    later = {
        path: _IMPORT.sub(partial(_taken, path=path, main=main, order=order), text)
        for path, text in sources.items()
        if path not in order
    }
    return {main: f"{joined}export {{ {names} }};\n", **later}


def _arrange(
    path: str, sources: Mapping[str, str], order: list[str], above: tuple[str, ...]
) -> None:
    """Put a module into the order after all that it imports."""
    if path in above:
        message = f"modules import each other: {' '.join((*above, path))}"
        raise ValueError(message)
    if path in order:
        return
    for found in _IMPORT.finditer(sources[path]):
        _arrange(_target(path, found[3]), sources, order, (*above, path))
    order.append(path)


def _body(path: str, text: str) -> str:
    """The module as a function that is called at once."""
    exported = _EXPORT.findall(text)
    text = _IMPORT.sub(
        lambda found: (
            f"const {found[1] or found[2]} = {_name(_target(path, found[3]))};"
        ),
        text,
    )
    text = _EXPORT.sub("", text)
    if other := _OTHER.search(text):
        message = f"{path}: cannot join {other[0]!r}"
        raise ValueError(message)
    text = _DYNAMIC.sub(lambda found: f'import("./{_target(path, found[1])}")', text)
    text = text.replace(_URL, f'new URL("{path}", {_URL}).href')
    return (
        f"// {path}\nconst {_name(path)} = await (async () => {{\n{text}"
        f"return {{ {', '.join(exported)} }};\n}})();\n\n"
    )


def _taken(found: re.Match[str], *, path: str, main: str, order: list[str]) -> str:
    """An import of a module that is loaded later."""
    target = _target(path, found[3])
    if target not in order:
        return found[0]
    there = posixpath.relpath(main, posixpath.dirname(path) or ".")
    there = there if there.startswith(".") else f"./{there}"
    name = _name(target)
    return f'import {{ {name} }} from "{there}"; const {found[1] or found[2]} = {name};'


def _target(path: str, relative: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), relative))


def _name(path: str) -> str:
    """The name of a module's exports: `$view_dom` of `view/dom.js`."""
    return "$" + re.sub(r"\W", "_", path.removesuffix(".js"))
