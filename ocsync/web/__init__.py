"""The web page: files in a browser.

`assets` reads the page's files, `linked` joins modules, `edge` serves them. Everything
the page does happens in the browser (`static/`), through the same URLs that other
clients use.
"""
