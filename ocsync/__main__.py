"""`python -m ocsync` is the same as `ocsync`."""

from ocsync.cli import main

if __name__ == "__main__":
    main()
