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


_SHARE_FILE: Final = {Role.VIEWER: 1, Role.EDITOR: 3, Role.MANAGER: 19}
_SHARE_FOLDER: Final = {Role.VIEWER: 1, Role.EDITOR: 15, Role.MANAGER: 31}


def share_permissions(role: Role | None, *, is_folder: bool) -> int:
    """The same as the sum of 1 read, 2 update, 4 create, 8 delete, 16 share.

    Files never have 4 and 8.
    """
    if role is None:
        return 0
    return (_SHARE_FOLDER if is_folder else _SHARE_FILE)[role]
