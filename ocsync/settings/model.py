"""`Settings`: all groups together, and what follows from them."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ocsync.settings.content import (
    DavSettings,
    KeepSettings,
    StorageSettings,
    UploadSettings,
)
from ocsync.settings.declare import Declaration, declarations
from ocsync.settings.dialects import (
    OmegastreamSettings,
    PicoraSettings,
    PulseSettings,
)
from ocsync.settings.observing import MetricsSettings, TracingSettings
from ocsync.settings.service import (
    AuthSettings,
    CorsSettings,
    LogSettings,
    ServerSettings,
)

DATABASE_FILE: Final = "ocsync.db"
"""In the data folder, unless another database is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, read once at the start."""

    server: ServerSettings = field(default_factory=ServerSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    auth: AuthSettings = field(default_factory=AuthSettings)
    uploads: UploadSettings = field(default_factory=UploadSettings)
    pulse: PulseSettings = field(default_factory=PulseSettings)
    omegastream: OmegastreamSettings = field(default_factory=OmegastreamSettings)
    picora: PicoraSettings = field(default_factory=PicoraSettings)
    keep: KeepSettings = field(default_factory=KeepSettings)
    dav: DavSettings = field(default_factory=DavSettings)
    cors: CorsSettings = field(default_factory=CorsSettings)
    log: LogSettings = field(default_factory=LogSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    tracing: TracingSettings = field(default_factory=TracingSettings)

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        return self.storage.data.absolute()

    @property
    def database_url(self) -> str:
        """Where the metadata is."""
        return self.storage.database_url or f"sqlite:///{self.data / DATABASE_FILE}"

    @property
    def blob_url(self) -> str:
        """Where the file content is."""
        return self.storage.blob_url or (self.data / "blobs").as_uri()

    @property
    def worker_count(self) -> int:
        """Processes to start."""
        return self.server.workers or len(os.sched_getaffinity(0))


GROUPS: Final[dict[str, type]] = {
    "server": ServerSettings,
    "storage": StorageSettings,
    "auth": AuthSettings,
    "uploads": UploadSettings,
    "pulse": PulseSettings,
    "omegastream": OmegastreamSettings,
    "picora": PicoraSettings,
    "keep": KeepSettings,
    "dav": DavSettings,
    "cors": CorsSettings,
    "log": LogSettings,
    "metrics": MetricsSettings,
    "tracing": TracingSettings,
}

DECLARATIONS: Final[tuple[Declaration, ...]] = tuple(
    declaration
    for group, kind in GROUPS.items()
    for declaration in declarations(group, kind)
)
"""Every setting there is, in the order of the sample file."""
