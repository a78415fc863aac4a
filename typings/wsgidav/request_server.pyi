"""The part of wsgidav.request_server that ocsync.dav uses."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse

from wsgidav.dav_error import DAVError
from wsgidav.dav_provider import DAVProvider, _DAVResource

class RequestServer:
    _davProvider: DAVProvider
    _possible_methods: list[str]
    allow_propfind_infinite: bool
    def __init__(self, dav_provider: DAVProvider) -> None: ...
    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]: ...
    def _evaluate_if_headers(
        self, res: _DAVResource | None, environ: dict[str, Any]
    ) -> None: ...
    def _send_response(
        self,
        environ: dict[str, Any],
        start_response: StartResponse,
        root_res: _DAVResource,
        success_code: int,
        error_list: list[tuple[str, DAVError]],
    ) -> Iterable[bytes]: ...
    def _stream_data(
        self, environ: dict[str, Any], block_size: int
    ) -> Iterable[bytes]: ...
    def do_MKCOL(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]: ...
    def do_DELETE(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]: ...
