"""Options that many commands share, and the settings that come out of them."""

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from ocsync.settings import DECLARATIONS, LoadedSettings, SettingsError, load_settings

P = ParamSpec("P")
T = TypeVar("T")

_KEYS = frozenset(declaration.key for declaration in DECLARATIONS)


def with_settings(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command --data, --config and --set; it takes `loaded` in their place."""

    @click.option(
        "--data",
        type=click.Path(path_type=Path),
        help="Folder for everything the server keeps.  [default: data]",
    )
    @click.option(
        "--config",
        type=click.Path(path_type=Path),
        help="Settings in a TOML file (see config/ocsync.toml).",
    )
    @click.option(
        "--set",
        "assignments",
        metavar="KEY=VALUE",
        multiple=True,
        help="Any other setting, such as uploads.expiry=48h; may be repeated.",
    )
    @functools.wraps(command)
    def wrapper(
        data: Path | None,
        config: Path | None,
        assignments: tuple[str, ...],
        **options: Any,
    ) -> T:
        """Load the settings, then run the command."""
        overrides = dict(_parse_assignment(text) for text in assignments)
        if data is not None:
            overrides["storage.data"] = str(data)
        named = options.pop("overrides", {})
        loaded = load(config=config, overrides={**overrides, **named})
        return command(loaded=loaded, **options)

    return wrapper


def load(*, config: Path | None, overrides: Mapping[str, object]) -> LoadedSettings:
    """The settings of this process.

    Raises:
        SettingsError: something is unknown or makes no sense.
    """
    return load_settings(environ=os.environ, config=config, overrides=overrides)


def as_override(
    key: str, *names: str, **attributes: Any
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """An option of a command that sets one setting; goes above `with_settings`."""

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        option = key.replace(".", "_")

        @click.option(*names, option, **attributes)
        @functools.wraps(command)
        def wrapper(**options: Any) -> T:
            """Put the option where `with_settings` looks for it."""
            value = options.pop(option)
            if value is not None:
                options["overrides"] = {**options.get("overrides", {}), key: value}
            return command(**options)

        return wrapper

    return decorate


def _parse_assignment(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise SettingsError(f"--set {text}: expected KEY=VALUE")
    if key.strip() not in _KEYS:
        raise SettingsError(
            f"--set {text}: unknown setting {key.strip()!r}; see `ocsync config show`"
        )
    return key.strip(), value.strip()
