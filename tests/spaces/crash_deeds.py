"""What the crash tests' writer does, as both sides of the kill understand it.

A deed is told twice on a pipe, before it is tried and after it was answered. After
a kill each thread's files are those of all answered deeds, with or without the one
that was being tried.
"""

import hashlib
import json
import random
from dataclasses import asdict, dataclass
from enum import Enum

NAMES = ("a.txt", "b.txt", "c.bin", "d", "e.tar.gz", "ä ö.txt")
THREADS = 3

Files = dict[str, tuple[str, int]]
"""The content of each file in a thread's folder, as tag and size."""


class Verb(Enum):
    """What is done."""

    PUT = "put"
    UPLOAD = "upload"
    MOVE = "move"
    COPY = "copy"
    REMOVE = "remove"


@dataclass(frozen=True)
class Deed:
    """One change to the folder of one thread."""

    verb: Verb
    name: str
    target: str = ""
    tag: str = ""
    size: int = 0

    def applied_to(self, files: Files) -> Files:
        """The files after it was done."""
        after = dict(files)
        if self.verb in {Verb.PUT, Verb.UPLOAD}:
            after[self.name] = (self.tag, self.size)
        elif self.verb is Verb.MOVE:
            after[self.target] = after.pop(self.name)
        elif self.verb is Verb.COPY:
            after[self.target] = after[self.name]
        else:
            del after[self.name]
        return after


@dataclass(frozen=True)
class Word:
    """One line on the pipe: a thread tries a deed, or was answered."""

    thread: int
    deed: Deed
    is_answered: bool

    def to_line(self) -> bytes:
        """As one line."""
        values = asdict(self)
        values["deed"]["verb"] = self.deed.verb.value
        return json.dumps(values).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Word":
        """As `to_line` wrote it."""
        values = json.loads(line)
        deed = values["deed"]
        deed["verb"] = Verb(deed["verb"])
        return cls(values["thread"], Deed(**deed), values["is_answered"])


def folder_of(thread: int) -> str:
    """The folder a thread works in."""
    return f"thread {thread}"


def content_of(tag: str, size: int) -> bytes:
    """Bytes that only this tag and size have."""
    block = hashlib.sha256(tag.encode()).digest()
    return (block * (size // len(block) + 1))[:size]


def choose(chance: random.Random, files: Files, tag: str) -> Deed:
    """A deed that is possible with these files."""
    present = sorted(files)
    verb = chance.choice(list(Verb) if len(present) > 1 else [Verb.PUT, Verb.UPLOAD])
    if verb in {Verb.PUT, Verb.UPLOAD}:
        size = chance.choice((0, 1, 100, 5_000, 70_000, 300_000))
        return Deed(verb, chance.choice(NAMES), tag=tag, size=size)
    name = chance.choice(present)
    target = chance.choice([other for other in NAMES if other != name])
    return Deed(verb, name, target=target)
