from collections.abc import Iterable, Mapping
from wsgiref.types import StartResponse, WSGIEnvironment

class WsgiDAVApp:
    def __init__(self, config: Mapping[str, object]) -> None: ...
    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]: ...
