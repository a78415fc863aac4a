"""What it takes to declare a setting: a dataclass field that carries its own story.

Name and group come from the dataclass, everything else stands beside the default:
the environment variables it may come from, how its text is read, what it means. The
loader, `ocsync config show`, the sample file's test and the docs all read the same
declaration.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar, cast

T = TypeVar("T")

_STORY: Final = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What a field's metadata holds."""

    parse: Callable[[object], object]
    help: str
    env: tuple[str, ...]
    is_secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One setting. `env` names its environment variables, the strongest first.

    After our own name come those by which oCIS operators know the same thing.
    """

    group: str
    name: str
    env: tuple[str, ...]
    parse: Callable[[object], object]
    default: object
    help: str
    is_secret: bool

    @property
    def key(self) -> str:
        """The name in the TOML file and on `config show`: `group.name`."""
        return f"{self.group}.{self.name}"


def setting(
    default: T,
    *,
    parse: Callable[[object], object],
    env: str,
    help: str,  # noqa: A002
    foreign_env: tuple[str, ...] = (),
    is_secret: bool = False,
) -> T:
    """Declare a dataclass field as a setting; typed as its default for the checker."""
    story = _Story(
        parse=parse,
        help=help,
        env=(env, *foreign_env),
        is_secret=is_secret,
    )
    made: Any = field(default=default, repr=not is_secret, metadata={_STORY: story})
    return cast("T", made)


def declarations(group: str, kind: type) -> Iterator[Declaration]:
    """The settings that a dataclass declares, in their order."""
    for each in fields(kind):
        story: _Story = each.metadata[_STORY]
        yield Declaration(
            group=group,
            name=each.name,
            env=story.env,
            parse=story.parse,
            default=each.default,
            help=story.help,
            is_secret=story.is_secret,
        )
