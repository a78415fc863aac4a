"""A client that carries files to and from a server, whatever breaks on the way.

    urls, credentials, stopping, errors     values and small rules
    connection, patience                    one request; when to try again
    tus, webdav, discovery                  what is asked of a server
    journal, local_files, upload, crew      sending
    remote_files, download                  fetching

It speaks tus 1.0.0 and WebDAV as any client does: it knows nothing of how this server
is made, shares no code with it, and works with other servers of the same protocols.
What happens is told as `events`; how they are shown is the command line's business.
"""
