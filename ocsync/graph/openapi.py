"""The OpenAPI document."""


def openapi_document(base_url: str) -> dict[str, object]:
    """T."""
    return {"base": base_url}
