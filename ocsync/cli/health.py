"""`ocsync health`: whether the server on this machine answers, for containers."""

import json
import ssl

import click

from ocsync.cli.options import with_settings
from ocsync.client.connection import Http
from ocsync.client.credentials import Credentials
from ocsync.client.errors import ClientError
from ocsync.client.stopping import Stop
from ocsync.doctor.outside import local_url
from ocsync.settings import LoadedSettings

_TIMEOUT_SECONDS = 10.0


@click.command()
@with_settings
def health(loaded: LoadedSettings) -> int:
    """Ask the server on this machine whether it is well.

    The exit code is 0 if it can read and write. This is for the health check of a
    container; `ocsync doctor` says what is wrong and why.
    """
    url = local_url(loaded.settings.server)
    if url is None:
        raise click.UsageError("a server on a unix socket or port 0 cannot be asked")
    # It is this very machine, whatever name the certificate has.
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    http = Http(
        credentials=Credentials(),
        stop=Stop(),
        timeout=_TIMEOUT_SECONDS,
        tls=lambda: tls,
    )
    try:
        answer = http.ask("GET", f"{url}/readyz")
        status = str(json.loads(answer.body)["status"])
    except (ClientError, ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"no answer from {url}: {error}") from error
    finally:
        http.close()
    click.echo(status)
    return int(not answer.is_done)
