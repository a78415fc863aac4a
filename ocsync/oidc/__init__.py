"""OpenID Connect: an issuer of our own, and trust in somebody else's.

`keys` signs, `clients` knows who may ask, `authorization` and `tokens` are the two
halves of the protocol, `browser` and `pages` what a person sees of it, `edge` puts
the issuer together. `bearer` and `external` verify access tokens.
"""
