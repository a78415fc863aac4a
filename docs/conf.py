"""How Sphinx builds the site: `make docs`, then build/docs/index.html."""

from ocsync import __version__

project = "ocsync"
author = "the ocsync authors"
release = version = __version__

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
nitpicky = True
suppress_warnings = ["myst.xref_ambiguous"]

html_theme = "furo"
html_title = f"ocsync {release}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
