"""The upload engine: what every dialect shares.

`commands` are what a client may ask, `rules` decide what follows from it, `runner`
does it. Header names, status codes and URLs belong to the dialects.
"""
