"""The doctor looks at folders, database, content and limits; each fault is planted."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from spaces.db.engine import Database
from tests.live.doctor.patient import Patient, wrong
from tests.live.harness import Serve
from tests.live.transfer_site import Faults
from tests.live.tus_site import open_site

ROOT = Path(__file__).parents[3]


def test_a_folder_that_cannot_be_written(patient: Patient) -> None:
    """Not even root writes to /proc."""
    found = wrong(patient.examine(storage__data="/proc/self"))

    assert "chown -R" in found["data folder"]


def test_a_folder_that_is_not_there(patient: Patient, tmp_path: Path) -> None:
    """A mistyped --data."""
    found = wrong(patient.examine(storage__data=tmp_path / "none"))

    assert "--data" in found["data folder"]


def test_secrets_that_others_can_read(patient: Patient) -> None:
    """Who has them could sign in as anybody."""
    path = patient.data / "secrets.json"
    path.chmod(0o644)

    assert f"chmod 600 {path}" in wrong(patient.examine())["secrets"]


@pytest.mark.parametrize(
    ("field", "check"), [("f_bavail", "disk of data"), ("f_favail", "inodes of data")]
)
def test_a_full_disk(patient: Patient, field: str, check: str) -> None:
    """Bytes, or inodes."""

    def statvfs(path: Path) -> os.statvfs_result:
        names = (
            "f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files",
            "f_ffree", "f_favail", "f_flag", "f_namemax",
        )  # fmt: skip
        found = os.statvfs(path)
        return os.statvfs_result(
            10 if name == field else getattr(found, name) for name in names
        )

    found = wrong(patient.examine(options={"statvfs": statvfs}))

    assert list(found) == [check]


def execute(database: Database, statement: str) -> None:
    """Do something to the database."""
    database.write(lambda connection: connection.exec_driver_sql(statement).close())


def test_a_missing_migration(patient: Patient) -> None:
    """The program was upgraded, and the database was not."""
    execute(patient.site.library.database, "UPDATE alembic_version SET version_num='0'")

    assert "ocsync db upgrade" in wrong(patient.examine())["database"]


@pytest.mark.parametrize("damage", ["pages", "header"])
def test_a_damaged_database(tmp_path: Path, serve: Serve, damage: str) -> None:
    """Pages that a bad disk has changed, or a file that is something else."""
    with open_site(tmp_path / "service", serve) as site:
        patient = Patient(site, tmp_path / "service", Faults())
        for number in range(40):
            site.ask(f"PUT /dav/files/admin/{number}", body=b"x")
        execute(site.library.database, "SELECT 1")
    path = tmp_path / "service" / "ocsync.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(0 if damage == "header" else 4096)
        file.write(b"\xa5" * (100 if damage == "header" else size // 2))

    found = wrong(patient.examine())

    assert "ocsync restore" in found["database"]


def test_lost_content(patient: Patient) -> None:
    """A file that has no bytes any more."""
    patient.put()
    store = patient.site.library.blobs
    for shard in store.shards():
        for blob_id in list(store.blob_ids(shard)):
            store.remove(blob_id)

    found = patient.examine()

    assert "7 bytes are lost" in wrong(found)["content"]
    assert "restore" in wrong(found)["content"]


def test_a_bucket_that_cannot_be_reached(patient: Patient) -> None:
    """Content is kept elsewhere, and elsewhere does not answer."""
    bucket = "s3://bucket/prefix?endpoint=http://127.0.0.1:1"

    assert (
        "storage.blob_url"
        in wrong(patient.examine(storage__blob_url=bucket))["content store"]
    )


def test_nobody_can_administer(patient: Patient) -> None:
    """The only administrator is none any more."""
    execute(patient.site.library.database, "UPDATE users SET is_admin = false")

    assert "ocsync user enable" in wrong(patient.examine())["accounts"]


def test_few_open_files(patient: Patient) -> None:
    """As a command, with its table and its exit code."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (600, 600))

    own = {k: v for k, v in os.environ.items() if not k.startswith("OCSYNC_")}
    command = [
        sys.executable, "-m", "ocsync", "doctor", "--quick", "--json",
        "--data", str(patient.data), "--set", f"server.port={patient.site.port}",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        env=own | {"PYTHONPATH": str(ROOT)},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["findings"]
    (only,) = (each for each in found if each["verdict"] == "problem")
    assert only["check"] == "open files"
    assert "LimitNOFILE" in only["fix"]
