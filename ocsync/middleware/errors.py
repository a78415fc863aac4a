"""Nothing escapes: whatever is raised below becomes an answer in the mount's form.

Refusals are described by the error table. Anything else is logged once, with its
traceback and the request's id, and answered with 500 without detail. Once the head of
the answer is out, nothing but cutting the connection tells the client: then the
exception goes on to the server.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync.log import Log
from ocsync.problems import describe, is_expected
from ocsync.renderings import answer_problem
from ocsync.routes import form_of, problem_headers_of
from ocsync.wire.filebody import FileBody
from ocsync.wsgi import ExceptionInfo, Headers
from spaces.errors import StoreUnavailable

_WHOLE: Final = (list, tuple, FileBody)
"""Bodies that cannot fail once they are there."""


class Errors:
    """Wraps everything that may raise."""

    def __init__(self, app: WSGIApplication, *, log: Log) -> None:
        """Take what to wrap and where to write."""
        self._app = app
        self._log = log

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Serve one request; never raises."""
        try:
            body = self._app(environ, start_response)
        except Exception as error:  # noqa: BLE001
            return self.answer(error, environ, start_response)
        if isinstance(body, _WHOLE):
            return body
        return _Guarded(body, self, environ, start_response)

    def answer(
        self,
        error: Exception,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> list[bytes]:
        """Answer with the problem that the error is."""
        self.report(error)

        def restart(
            status: str,
            headers: Headers,
            _exc_info: ExceptionInfo | None = None,
            /,
        ) -> Callable[[bytes], object]:
            """Replace the head of an answer that was begun but not sent."""
            trace = error.__traceback__
            assert trace is not None
            return start_response(status, headers, (type(error), error, trace))

        problem = describe(error)
        problem = replace(
            problem, headers=(*problem.headers, *problem_headers_of(environ))
        )
        return answer_problem(problem, form_of(environ), environ, restart)

    def report(self, error: Exception) -> None:
        """Log the error if nobody expected it, or it is the store's."""
        is_known = is_expected(error) and not isinstance(error, StoreUnavailable)
        if not is_known or describe(error).status == 500:
            self._log.error("request failed", exc_info=error)


class _Guarded:
    """A body whose first chunk may still turn into an error answer."""

    def __init__(
        self,
        body: Iterable[bytes],
        errors: Errors,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> None:
        self._body = body
        self._errors = errors
        self._environ = environ
        self._start_response = start_response

    def __iter__(self) -> Iterator[bytes]:
        is_started = False
        try:
            for chunk in self._body:
                is_started = is_started or bool(chunk)
                yield chunk
        except Exception as error:
            if is_started:
                self._errors.report(error)
                raise
            yield from self._errors.answer(error, self._environ, self._start_response)

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
