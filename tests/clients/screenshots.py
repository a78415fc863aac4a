"""Pictures for the documentation, taken while the tests of the page run.

`SCREENSHOTS=docs/images pytest tests/clients -m clients -k web` makes all of them anew;
without the variable none is taken.
"""

import os
from pathlib import Path
from typing import Final

from playwright.sync_api import Locator, Page, ViewportSize

_SIZE: Final[ViewportSize] = {"width": 1000, "height": 620}


def shoot(
    page: Page,
    name: str,
    *,
    size: ViewportSize | None = None,
    when: Locator | None = None,
) -> None:
    """Take the picture `name`.png, if pictures are wanted, when something shows."""
    folder = os.environ.get("SCREENSHOTS")
    if folder is None:
        return
    if when is not None:
        when.wait_for()
    before = page.viewport_size
    page.set_viewport_size(size or _SIZE)
    page.mouse.move(0, 0)
    path = Path(__file__).parents[2] / folder / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    if before is not None:
        page.set_viewport_size(before)
