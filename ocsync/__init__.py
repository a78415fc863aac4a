"""ocsync: the file-sync service over the domain in `spaces`."""

from ocsync._version import __version__

__all__ = ["__version__"]
