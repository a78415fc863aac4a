"""What the server counts, for Prometheus and for `ocsync stats`.

`catalogue` is the table of everything that is counted; `board` is the memory that all
worker processes share, `meter` writes to it, `reading` reads it, `gauges` asks the
database, `exposition` and `edge` answer `/metrics`.
"""
