"""The part of wsgidav.dav_error that ocsync.dav uses."""

PRECONDITION_CODE_ProtectedProperty: str
PRECONDITION_CODE_MissingLockToken: str
PRECONDITION_CODE_LockTokenMismatch: str
PRECONDITION_CODE_LockConflict: str
PRECONDITION_CODE_PropfindFiniteDepth: str

class DAVErrorCondition:
    condition_code: str
    hrefs: list[str]
    def __init__(self, condition_code: str) -> None: ...
    def add_href(self, href: str) -> None: ...

class DAVError(Exception):
    value: int
    context_info: str | None
    src_exception: BaseException | None
    err_condition: DAVErrorCondition | None
    def __init__(
        self,
        status_code: int,
        context_info: str | None = None,
        *,
        src_exception: BaseException | None = None,
        err_condition: str | DAVErrorCondition | None = None,
    ) -> None: ...
