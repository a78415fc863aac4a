"""WebDAV: wsgidav's provider, resources and request server over the domain."""
