"""Which files are made, and by which function."""

from pathlib import Path
from typing import Final

from docs.made.command_page import command_page
from docs.made.error_page import error_page
from docs.made.graph_page import graph_page
from docs.made.upload_states import state_drawing
from ocsync.metrics.reference import metrics_page

DOCS: Final = Path(__file__).parent.parent


def made_files() -> dict[str, str]:
    """The text of each file, by its path in the documentation."""
    return {
        "commands.md": command_page(),
        "errors.md": error_page(),
        "graph.md": graph_page(),
        "metrics.md": metrics_page(),
        "images/upload-states.svg": state_drawing(),
    }
