"""wsgidav on cheroot as it comes, as a program.

python -m benchmarks.harness.stock_wsgidav PORT FOLDER
"""

import sys

from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp


def main() -> None:
    """Serve a folder to everybody until killed."""
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/": sys.argv[2]},
            "simple_dc": {"user_mapping": {"*": True}},
            "verbose": 0,
            "logging": {"enable": False},
        }
    )
    wsgi.Server(("127.0.0.1", int(sys.argv[1])), app).start()


if __name__ == "__main__":
    main()
