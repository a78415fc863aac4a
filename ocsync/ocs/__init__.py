"""The OCS API of ownCloud: what a client asks first after logging in."""
