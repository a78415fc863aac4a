"""What every request passes on its way in and out, one callable class each.

In the order of `ocsync.app`: `gatehouse` (request id, headers every answer has, the
access log), `origin` (which host was asked, by whom), `cors`, `errors`.
"""
