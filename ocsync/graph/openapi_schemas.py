"""The documents of Libre Graph as OpenAPI schemas: what is sent, what comes back.

Answers are described in full; of requests every property that is understood, others
are ignored by the server as OData wants it.
"""

from typing import Any, Final

from ocsync.graph.request import MAX_QUOTA_BYTES

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
_FLAG: Final[Schema] = {"type": "boolean"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_URL: Final[Schema] = {"type": "string", "format": "uri-reference"}
_UUID: Final[Schema] = {"type": "string", "format": "uuid"}


def ref(name: str) -> Schema:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": item}


def collection(name: str) -> Schema:
    """An OData collection of a named schema."""
    return _object({"value": listed(ref(name))}, required=("value",))


def _object(properties: Schema, *, required: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    return schema


_IDENTITY_SET: Final = _object({"user": ref("identity")}, required=("user",))
_BYTES: Final[Schema] = {
    "type": "integer",
    "minimum": 0,
    "maximum": MAX_QUOTA_BYTES,
}

SCHEMAS: Final[Schema] = {
    "error": _object(
        {
            "error": _object(
                {
                    "code": TEXT,
                    "message": TEXT,
                    "innererror": _object({"date": _TIME, "request-id": TEXT}),
                },
                required=("code", "message"),
            )
        },
        required=("error",),
    ),
    "identity": _object(
        {"id": _UUID, "displayName": TEXT, "@libre.graph.userType": TEXT},
        required=("id", "displayName"),
    ),
    "quota": _object(
        {
            "total": _BYTES,
            "used": _BYTES,
            "remaining": _BYTES,
            "state": {"enum": ["normal", "nearing", "critical", "exceeded"]},
        },
        required=("total", "used", "state"),
    ),
    "permission": _object(
        {
            "id": TEXT,
            "grantedToV2": _IDENTITY_SET,
            "grantedToIdentities": listed(_IDENTITY_SET),
            "roles": {**listed(TEXT), "minItems": 1, "maxItems": 1},
            "createdDateTime": _TIME,
        },
        required=("id", "grantedToV2", "roles"),
    ),
    "driveItem": _object(
        {
            "id": TEXT,
            "eTag": {"type": "string", "pattern": '^"[0-9a-f]+"$'},
            "webDavUrl": _URL,
            "permissions": listed(ref("permission")),
            "deleted": _object({"state": {"enum": ["trashed"]}}),
            "name": TEXT,
            "size": _BYTES,
            "lastModifiedDateTime": _TIME,
            "file": _object({"mimeType": TEXT}),
            "folder": _object({}),
            "root": _object({}),
            "specialFolder": _object({"name": {"enum": ["image", "readme"]}}),
            "parentReference": _object({"driveId": TEXT, "driveType": TEXT}),
        },
        required=("id", "eTag", "webDavUrl"),
    ),
    "drive": _object(
        {
            "id": TEXT,
            "name": TEXT,
            "description": TEXT,
            "driveType": {"enum": ["personal", "project"]},
            "driveAlias": TEXT,
            "createdDateTime": _TIME,
            "lastModifiedDateTime": _TIME,
            "owner": _IDENTITY_SET,
            "quota": ref("quota"),
            "root": ref("driveItem"),
            "special": listed(ref("driveItem")),
            "webUrl": _URL,
        },
    ),
    "newDrive": _object(
        {
            "name": TEXT,
            "description": TEXT,
            "driveAlias": TEXT,
            "driveType": {"enum": ["project"]},
            "quota": _object({"total": _BYTES}),
        },
        required=("name",),
    ),
    "driveChange": _object(
        {
            "name": TEXT,
            "description": TEXT,
            "driveAlias": TEXT,
            "quota": _object({"total": _BYTES}),
            "special": listed(
                _object(
                    {
                        "id": TEXT,
                        "specialFolder": _object(
                            {"name": {"enum": ["image", "readme"]}},
                            required=("name",),
                        ),
                    },
                    required=("id", "specialFolder"),
                )
            ),
        },
    ),
    "invitation": _object(
        {
            "recipients": {
                **listed(
                    _object(
                        {
                            "objectId": _UUID,
                            "@libre.graph.recipient.type": {"enum": ["user"]},
                        },
                        required=("objectId",),
                    )
                ),
                "minItems": 1,
                "maxItems": 20,
            },
            "roles": {**listed(TEXT), "minItems": 1, "maxItems": 1},
        },
        required=("recipients", "roles"),
    ),
    "permissionChange": _object(
        {"roles": {**listed(TEXT), "minItems": 1, "maxItems": 1}},
        required=("roles",),
    ),
    "permissions": _object(
        {
            "value": listed(ref("permission")),
            "@libre.graph.permissions.actions.allowedValues": listed(TEXT),
            "@libre.graph.permissions.roles.allowedValues": listed(
                ref("roleDefinition")
            ),
        },
    ),
    "roleDefinition": _object(
        {
            "id": _UUID,
            "displayName": TEXT,
            "description": TEXT,
            "@libre.graph.weight": {"type": "integer"},
            "rolePermissions": listed(
                _object({"allowedResourceActions": listed(TEXT), "condition": TEXT})
            ),
        },
        required=("id", "displayName", "rolePermissions"),
    ),
    "user": _object(
        {
            "id": _UUID,
            "displayName": TEXT,
            "mail": TEXT,
            "onPremisesSamAccountName": TEXT,
            "userType": TEXT,
            "accountEnabled": _FLAG,
            "preferredLanguage": TEXT,
            "memberOf": listed(_object({})),
            "appRoleAssignments": listed(
                _object(
                    {
                        "id": _UUID,
                        "appRoleId": _UUID,
                        "principalId": _UUID,
                        "principalType": TEXT,
                    }
                )
            ),
            "drive": ref("drive"),
            "drives": listed(ref("drive")),
        },
    ),
    "newUser": _object(
        {
            "onPremisesSamAccountName": TEXT,
            "displayName": TEXT,
            "mail": TEXT,
            "accountEnabled": _FLAG,
            "passwordProfile": _object({"password": TEXT}),
        },
        required=("onPremisesSamAccountName",),
    ),
    "userChange": _object(
        {
            "displayName": TEXT,
            "mail": TEXT,
            "accountEnabled": _FLAG,
            "passwordProfile": _object({"password": TEXT}),
        },
    ),
    "ownChange": _object({"displayName": TEXT, "preferredLanguage": TEXT}),
    "passwordChange": _object(
        {"currentPassword": TEXT, "newPassword": TEXT},
        required=("currentPassword", "newPassword"),
    ),
}
