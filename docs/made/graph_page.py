"""The page of Graph, from the OpenAPI document that the server gives out."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ocsync.graph.openapi import openapi_document

_HEAD: Final = """\
# Graph

Users, and spaces as drives, in OData-shaped JSON: what ownCloud Web and scripts use.
A running server describes it as OpenAPI at `/graph/openapi.json`.
Below `/graph/v1.0`, and the same below `/graph/v1beta1`:

"""
_FOOT: Final = """
400, 401 and 429 can be the answer to all of them; [errors](errors.md) tells the form.
A role that does not allow to see a space hears 404.

## Objects

What stands in bodies; `?` marks what may be missing.

"""
_END: Final = """
This page is made from the OpenAPI document by `python -m docs.made`.
"""
_COMMON: Final = frozenset({"400", "401", "429"})


def graph_page() -> str:
    """Operations by subject, then the objects they take and give."""
    document: Any = openapi_document("")
    return "".join(
        (
            _HEAD,
            "| | | answers | refusals | query and headers |\n|---|---|---|---|---|\n",
            *_operations(document["paths"]),
            _FOOT,
            *_objects(document["components"]["schemas"]),
            _END,
        )
    )


def _operations(paths: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for path, methods in paths.items():
        if not path.startswith("/v1.0/"):
            continue
        for method, operation in methods.items():
            answers = sorted(operation["responses"])
            good = [each for each in answers if each < "300"]
            bad = [each for each in answers if each >= "300" and each not in _COMMON]
            options = [
                f"`{each['name']}`"
                for each in operation["parameters"]
                if each["in"] != "path"
            ]
            yield (
                f"| `{method.upper()} {path.removeprefix('/v1.0')}` "
                f"| {operation['summary']} | {', '.join(good)} | {', '.join(bad)} "
                f"| {' '.join(options)} |\n"
            )


def _objects(schemas: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        properties = schema.get("properties")
        if not properties:
            continue
        required = schema.get("required", ())
        fields = ", ".join(
            f"`{key}`" + ("" if key in required else "?") for key in properties
        )
        yield f"- **{name}**: {fields}\n"
