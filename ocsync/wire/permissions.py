"""The permission letters of `oc:permissions` and the OC-Perm header.

R re-shareable, D deletable, NV renameable and moveable, W content writable, CK files
and folders can be created inside, Z access can be denied, P trash can be purged.
A client does not even try what the letters lack.
"""

from typing import Final

from spaces.model import Role

_FILE: Final = {Role.VIEWER: "", Role.EDITOR: "DNVW", Role.MANAGER: "RDNVWZP"}
_FOLDER: Final = {Role.VIEWER: "", Role.EDITOR: "DNVCK", Role.MANAGER: "RDNVCKZP"}


def permission_letters(role: Role | None, *, is_folder: bool) -> str:
    """What a member with this role may do with a file or folder."""
    if role is None:
        return ""
    return (_FOLDER if is_folder else _FILE)[role]
