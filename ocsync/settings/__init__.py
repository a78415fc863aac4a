"""What an operator can set: declared once, read once, passed on as frozen values.

`service`, `content` and others declare the settings in groups, `quantities` reads how
people write them, `load` puts them together from their sources.
"""

from ocsync.settings.content import (
    DavSettings,
    KeepSettings,
    StorageSettings,
    UploadSettings,
)
from ocsync.settings.dialects import (
    OmegastreamSettings,
    PicoraSettings,
    PulseSettings,
)
from ocsync.settings.load import LoadedSettings, SettingsError, load_settings
from ocsync.settings.model import DECLARATIONS, GROUPS, Settings
from ocsync.settings.observing import MetricsSettings, TracingSettings
from ocsync.settings.service import (
    AuthSettings,
    CorsSettings,
    LogSettings,
    ServerSettings,
)

__all__ = [
    "DECLARATIONS",
    "GROUPS",
    "AuthSettings",
    "CorsSettings",
    "DavSettings",
    "KeepSettings",
    "LoadedSettings",
    "LogSettings",
    "MetricsSettings",
    "OmegastreamSettings",
    "PicoraSettings",
    "PulseSettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "StorageSettings",
    "TracingSettings",
    "UploadSettings",
    "load_settings",
]
