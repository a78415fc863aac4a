"""Joining modules of the web page."""

import pytest

from ocsync.web.linked import link_modules


def test_modules_become_functions() -> None:
    """Those above come first, and each sees only what it imports."""
    sources = {
        "main.js": 'import { one } from "./view/a.js";\none();\n',
        "view/a.js": (
            'import * as b from "../wire/b.js";\n'
            "const hidden = b.two;\n"
            "export async function one() {\n"
            '  await import("./later.js");\n'
            "}\n"
        ),
        "wire/b.js": "export const two = import.meta.url;\n",
        "view/later.js": 'import { one } from "./a.js";\nimport "./style.js";\n',
    }

    linked = link_modules(sources, "main.js")

    assert set(linked) == {"main.js", "view/later.js"}
    assert linked["main.js"].splitlines() == [
        "// wire/b.js",
        "const $wire_b = await (async () => {",
        'const two = new URL("wire/b.js", import.meta.url).href;',
        "return { two };",
        "})();",
        "",
        "// view/a.js",
        "const $view_a = await (async () => {",
        "const b = $wire_b;",
        "const hidden = b.two;",
        "async function one() {",
        '  await import("./view/later.js");',
        "}",
        "return { one };",
        "})();",
        "",
        "// main.js",
        "const $main = await (async () => {",
        "const { one } = $view_a;",
        "one();",
        "return {  };",
        "})();",
        "",
        "export { $wire_b, $view_a, $main };",
    ]
    assert linked["view/later.js"].startswith(
        'import { $view_a } from "../main.js"; const { one } = $view_a;\n'
    )


def test_circles_are_refused() -> None:
    """Modules that import each other cannot be put into an order."""
    sources = {
        "main.js": 'import { a } from "./a.js";\n',
        "a.js": 'import { main } from "./main.js";\n',
    }

    with pytest.raises(ValueError, match=r"main\.js a\.js main\.js"):
        link_modules(sources, "main.js")


@pytest.mark.parametrize(
    "line",
    ["export default 1;", 'import a from "./a.js";', "export { a };", "export let a;"],
)
def test_forms_it_does_not_know_are_refused(line: str) -> None:
    """They are told when the server starts, not by a page that does not work."""
    with pytest.raises(ValueError, match=r"main\.js: cannot join"):
        link_modules({"main.js": f"{line}\n"}, "main.js")
