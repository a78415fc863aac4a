"""Reading the settings: command line, environment, TOML file, default.

The strongest source of a setting wins, and where each value came from is kept. No
other module reads the environment or a settings file.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from ocsync.settings.declare import Declaration
from ocsync.settings.model import DECLARATIONS, GROUPS, Settings

CONFIG_VARIABLE: Final = "OCSYNC_CONFIG"
DEFAULT: Final = "default"
COMMAND_LINE: Final = "command line"

_OUR_PREFIX: Final = "OCSYNC_"
_NOT_SETTINGS: Final = frozenset({"OCSYNC_TOKEN"})
"""What `ocsync upload` and `download` read: who the user is at some other server."""
_RESERVED_PREFIXES: Final = ("OCSYNC_TEST_",)
_BY_KEY: Final = {declaration.key: declaration for declaration in DECLARATIONS}


class SettingsError(Exception):
    """A setting is unknown or makes no sense; the text is one clear line."""


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings, and for each key where its value came from."""

    settings: Settings
    sources: Mapping[str, str]


def load_settings(
    *,
    environ: Mapping[str, str],
    config: Path | None = None,
    overrides: Mapping[str, object] | None = None,
) -> LoadedSettings:
    """Put the settings together and check them once.

    Args:
        environ: the environment to read.
        config: a TOML file; without it the one `OCSYNC_CONFIG` names, if any.
        overrides: values from the command line, by key (`server.port`).

    Raises:
        SettingsError: something is unknown, does not parse, or does not fit together.
    """
    _refuse_unknown_variables(environ)
    if config is None and environ.get(CONFIG_VARIABLE):
        config = Path(environ[CONFIG_VARIABLE]).expanduser()
    values: dict[str, object] = {item.key: item.default for item in DECLARATIONS}
    sources: dict[str, str] = dict.fromkeys(values, DEFAULT)
    found = (
        *(_from_file(config) if config is not None else ()),
        *_from_environ(environ),
        *_from_command_line(overrides or {}),
    )
    for key, value, source in found:
        values[key] = value
        sources[key] = source
    settings = _assemble(values)
    _require_consistency(settings)
    return LoadedSettings(settings, sources)


def _assemble(values: Mapping[str, object]) -> Settings:
    groups: dict[str, object] = {}
    for group, kind in GROUPS.items():
        prefix = f"{group}."
        groups[group] = kind(
            **{
                key.removeprefix(prefix): value
                for key, value in values.items()
                if key.startswith(prefix)
            }
        )
    return Settings(**groups)  # type: ignore[arg-type]


def _from_file(path: Path) -> Iterator[tuple[str, object, str]]:
    for key, value in _flatten(_read_toml(path), path):
        declaration = _BY_KEY.get(key)
        if declaration is None:
            raise SettingsError(f"{path}: unknown setting {key!r}{_hint(key, _BY_KEY)}")
        parsed = _parse(declaration, value, f"{path}: {key}")
        yield key, parsed, f"file {path}"


def _read_toml(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        reason = error.strerror or error
        raise SettingsError(f"cannot read the settings in {path}: {reason}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None


def _flatten(
    document: Mapping[str, object], path: Path
) -> Iterator[tuple[str, object]]:
    for group, table in document.items():
        if group not in GROUPS:
            hint = _hint(group, GROUPS)
            raise SettingsError(f"{path}: unknown section or setting {group!r}{hint}")
        if not isinstance(table, dict):
            raise SettingsError(f"{path}: {group!r} is a section: write [{group}]")
        for name, value in table.items():
            yield f"{group}.{name}", value


def _from_environ(
    environ: Mapping[str, str],
) -> Iterator[tuple[str, object, str]]:
    for declaration in DECLARATIONS:
        for variable in declaration.env:
            if variable in environ:
                value = _parse(declaration, environ[variable], variable)
                yield declaration.key, value, f"environment {variable}"
                break


def _from_command_line(
    overrides: Mapping[str, object],
) -> Iterator[tuple[str, object, str]]:
    for key, value in overrides.items():
        declaration = _BY_KEY[key]
        yield key, _parse(declaration, value, f"--{declaration.name}"), COMMAND_LINE


def _parse(declaration: Declaration, value: object, place: str) -> object:
    if isinstance(value, Path):
        value = str(value)
    try:
        return declaration.parse(value)
    except ValueError as error:
        shown = "" if declaration.is_secret else f", not {value!r}"
        raise SettingsError(f"{place}: {error}{shown}") from None


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    declared = {name for item in DECLARATIONS for name in item.env}
    known = {CONFIG_VARIABLE, *_NOT_SETTINGS, *declared}
    for variable in environ:
        if not variable.startswith(_OUR_PREFIX) or variable in known:
            continue
        if not variable.startswith(_RESERVED_PREFIXES):
            hint = _hint(variable, known)
            raise SettingsError(f"unknown environment variable {variable}{hint}")


def _hint(word: str, known: Mapping[str, object] | set[str]) -> str:
    close = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _require_consistency(settings: Settings) -> None:
    server = settings.server
    if (server.tls_cert is None) != (server.tls_key is None):
        raise SettingsError("tls_cert and tls_key must be set together")
    storage = settings.storage
    if (storage.s3_access_key_id is None) != (storage.s3_secret_access_key is None):
        raise SettingsError(
            "s3_access_key_id and s3_secret_access_key must be set together"
        )
    if settings.uploads.max_chunk_size == 0:
        raise SettingsError("uploads.max_chunk_size must not be 0")
    if settings.uploads.max_age < settings.uploads.expiry:
        raise SettingsError("uploads.max_age must not be shorter than uploads.expiry")
    if settings.auth.oidc_issuer is not None and settings.auth.oidc_audience is None:
        raise SettingsError(
            "auth.oidc_issuer needs auth.oidc_audience: without it a token that was"
            " made for any other service would open this one"
        )
