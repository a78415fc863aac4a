"""Writes every page and drawing that is made from the code."""

from docs.made.contents import DOCS, made_files

for name, text in made_files().items():
    (DOCS / name).write_text(text)
