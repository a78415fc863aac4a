"""The doctor: looks at an installation from inside and outside, and says what to do.

    findings       what an examination has to say
    machine        permissions, room on the disk, limits, the server's process
    storage        database, accounts, content
    certificates   TLS, as a file and as the public URL shows it
    outside        the public URL, the clock, the proxies in between
    passing        what a proxy lets through: cut uploads, chunked bodies, Destination
    clients        what each kind of client asks first
    examination    all of it, in order

It reads what there is and tries things for real, with a token that it takes back and
names that nobody has. It repairs nothing.
"""
