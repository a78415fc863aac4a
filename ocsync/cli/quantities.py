"""Sizes and lengths of time as arguments of commands."""

from datetime import timedelta
from typing import Any

import click

from ocsync.settings.quantities import parse_optional_duration, parse_optional_size


class SizeType(click.ParamType[int | None]):
    """A size such as 10GB, or `unlimited`."""

    name = "size"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int | None:
        """Read the text, or fail as wrong usage."""
        try:
            return parse_optional_size(value)
        except ValueError as error:
            self.fail(f"{error}, not {value!r}", param, ctx)


class DurationType(click.ParamType[timedelta | None]):
    """A length of time such as 30d, or `never`."""

    name = "duration"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> timedelta | None:
        """Read the text, or fail as wrong usage."""
        if value is None or isinstance(value, timedelta):
            return value
        try:
            return parse_optional_duration(value)
        except ValueError as error:
            self.fail(f"{error}, not {value!r}", param, ctx)
