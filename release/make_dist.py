"""Builds what is published: source archive, wheel, and the bill of materials of both.

    python release/make_dist.py [--no-bill] [TARGET]

Two builds of the same tree are the same bytes, whoever makes them and when: times come
from SOURCE_DATE_EPOCH or the last commit, owners and modes are those of nobody. The
wheel is made of the source archive, so that what is published builds. The bill lists
what an installation of the wheel has, in CycloneDX.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_NOT_COPIED: Final = shutil.ignore_patterns(
    ".git", ".venv", ".ci-venv", "node_modules", "dist", "build", "data", "*.egg-info",
    "__pycache__", ".*_cache", ".hypothesis", "site",
)  # fmt: skip


def main(target: Path, *, has_bill: bool) -> None:
    """Make them in the folder, and say what they are called."""
    target.mkdir(parents=True, exist_ok=True)
    os.umask(0o022)
    os.environ.setdefault("PIP_RETRIES", "5")
    os.environ["SOURCE_DATE_EPOCH"] = str(source_time())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "tree"
        shutil.copytree(ROOT, source, ignore=_NOT_COPIED)
        archive = make_archive(source, folder / "sdist", target)
        wheel = make_wheel(archive, folder / "unpacked", target)
        made = [archive, wheel]
        if has_bill:
            made.append(make_bill(wheel, folder / "installed", target))
    for each in made:
        print(each)


def source_time() -> int:
    """When the sources were made: as told, or as the last commit says."""
    told = os.environ.get("SOURCE_DATE_EPOCH")
    if told:
        return int(told)
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout or 315_532_800)


def make_archive(source: Path, folder: Path, target: Path) -> Path:
    """The source archive, with nothing in it of who made it and when."""
    build("--sdist", source, folder)
    (made,) = folder.glob("*.tar.gz")
    archive = target / made.name
    moment = int(os.environ["SOURCE_DATE_EPOCH"])
    with (
        tarfile.open(made) as given,
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as taken,
    ):
        for member in sorted(given.getmembers(), key=lambda each: each.name):
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            member.mtime = moment
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            taken.addfile(
                member, given.extractfile(member) if member.isfile() else None
            )
    return archive


def make_wheel(archive: Path, folder: Path, target: Path) -> Path:
    """The wheel, of what is in the archive."""
    with tarfile.open(archive) as given:
        given.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    build("--wheel", source, folder / "wheel")
    (made,) = (folder / "wheel").glob("*.whl")
    shutil.copy2(made, target)
    return target / made.name


def make_bill(wheel: Path, folder: Path, target: Path) -> Path:
    """What an environment has that the wheel is installed into."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run(*pip, "install", "--retries", "5", wheel)
    run(*pip, "uninstall", "--yes", "pip", "setuptools")
    # Where the wheel was installed from is nobody's business.
    for each in folder.rglob("direct_url.json"):
        each.unlink()
    bill = target / f"{wheel.name.partition('-py3')[0]}.cdx.json"
    run(
        sys.executable, "-m", "cyclonedx_py", "environment", python,
        "--output-reproducible", "--output-format", "JSON", "--output-file", bill,
    )  # fmt: skip
    return bill


def build(kind: str, source: Path, folder: Path) -> None:
    """Let the build backend do it, in an environment of its own."""
    run(sys.executable, "-m", "build", kind, "--outdir", folder, source)


def run(*command: object) -> None:
    """Run a program to its end; what it says is said only if it fails."""
    done = subprocess.run(
        [str(each) for each in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\nfailed: {' '.join(map(str, command))}")


if __name__ == "__main__":
    names = [each for each in sys.argv[1:] if each != "--no-bill"]
    main(
        Path(names[0]).absolute() if names else ROOT / "dist",
        has_bill="--no-bill" not in sys.argv,
    )
