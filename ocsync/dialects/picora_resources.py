"""Picora's JSON: resources by their id, and the sessions that hold quota."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from ocsync.dialects.face import UploadFace
from ocsync.dialects.picora import DIALECT, Holder, KeyDoor
from ocsync.dialects.picora_direct import DirectUploads
from ocsync.dialects.window import Answer, Document, Environ
from ocsync.problems import HttpProblem
from ocsync.wire.dates import format_iso_date
from ocsync.wsgi import Headers
from spaces.errors import NodeNotFound
from spaces.ids import ResourceId
from spaces.resources import Resource, Resources
from spaces.upload_model import Result, Upload
from spaces.uploads import Uploads

_UNKNOWN_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """`/uploads`: the uploads, and with GET the list of those still open."""

    face: UploadFace[Holder]
    uploads: Uploads

    def answer(self, environ: Environ) -> Answer:
        """Answer one request.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        name = environ["PATH_INFO"].removeprefix("/")
        if name or environ["REQUEST_METHOD"] != "GET":
            return self.face.answer(environ)
        door = self.face.door
        holder = door.enter(environ)
        found = self.uploads.list_open_of(holder.key.user_id, DIALECT)
        base = f"{environ['ocsync.base_url']}{self.face.path}"
        items = [_session(each, base) for each in found if door.may_reach(holder, each)]
        return Document(200, {"success": True, "data": {"items": items}})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDesk:
    """`/images`, `/videos` or `/audio`: resources of one kind."""

    kind: str
    door: KeyDoor
    direct: DirectUploads
    resources: Resources
    storage_id: str

    def answer(self, environ: Environ) -> Document:
        """Answer one request.

        Raises:
            UploadRefused, FinishFailed, HttpProblem, SpacesError, BodyError: see
                `ocsync.tus.refusals`.
        """
        name = environ["PATH_INFO"].removeprefix("/")
        allowed = ("GET", "HEAD") if name else ("POST",)
        if environ["REQUEST_METHOD"] not in allowed:
            allow = ", ".join(("OPTIONS", *allowed))
            raise HttpProblem(405, headers=(("Allow", allow),))
        holder = self.door.enter(environ)
        if name:
            return Document(200, self._document(holder, name, environ))
        result = self.direct.receive(environ, holder, self.kind)
        assert result.resource_id is not None
        headers = _headers(result, environ)
        document = self._document(holder, result.resource_id, environ)
        return Document(200 if result.is_duplicate else 201, document, headers)

    def _document(
        self, holder: Holder, resource_id: str, environ: Environ
    ) -> dict[str, object]:
        resource = self.resources.get(holder.actor, resource_id, self.kind)
        if resource.entry.space.id != holder.key.space_id:
            raise NodeNotFound
        return {"success": True, "data": self._public(resource, environ)}

    def _public(self, resource: Resource, environ: Environ) -> dict[str, object]:
        node = resource.entry.node
        space = ResourceId(self.storage_id, resource.entry.space.id)
        path = "/".join(quote(name, safe="") for name in resource.entry.path)
        return {
            "id": resource.id,
            "type": resource.kind,
            "userId": environ["ocsync.actor"].user_id,
            "filename": node.name,
            "title": None,
            "mimeType": node.media_type or _UNKNOWN_TYPE,
            "sizeBytes": node.size,
            "tags": [],
            "isPublic": False,
            "url": f"{environ['ocsync.base_url']}/dav/spaces/{space}/{path}",
            "createdAt": format_iso_date(resource.created_at),
            "updatedAt": format_iso_date(node.modified_at),
        }


def _headers(result: Result, environ: Environ) -> Headers:
    assert result.resource_id is not None
    url = f"{environ['ocsync.base_url']}{environ['SCRIPT_NAME']}/{result.resource_id}"
    headers: Headers = [
        ("Location", url),
        ("X-Picora-Resource-Id", result.resource_id),
    ]
    if result.is_duplicate:
        headers.append(("X-Picora-Duplicate", "true"))
    return headers


def _session(upload: Upload, base: str) -> dict[str, object]:
    return {
        "id": upload.id,
        "uploadUrl": f"{base}/{upload.id}",
        "filename": upload.name,
        "resourceType": upload.intent.resource_kind,
        "offset": upload.offset,
        "length": upload.length,
        "createdAt": format_iso_date(upload.created_at),
        "expiresAt": format_iso_date(upload.expires_at),
    }
