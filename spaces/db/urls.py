"""Database URLs: which kinds are supported, and with which driver."""

from sqlalchemy.engine import URL, make_url


def parse_url(url: str | URL) -> URL:
    """The URL with the driver that is installed for it.

    Raises:
        ValueError: it names another kind of database, or SQLite in memory.
    """
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise ValueError(f"{backend} databases are not supported")
    if backend == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ValueError("a SQLite database must be a file")
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    return parsed
