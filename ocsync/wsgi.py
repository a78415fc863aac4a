"""Words of WSGI (PEP 3333) that the type checker needs beside `wsgiref.types`."""

from types import TracebackType

Headers = list[tuple[str, str]]

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
)
