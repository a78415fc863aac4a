"""The pages and drawings that are made from the code's own tables.

`python -m docs.made` writes them anew; a test compares them with what is committed.
"""
