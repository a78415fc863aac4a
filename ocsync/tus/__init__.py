"""tus 1.0.0 and what is spoken on the same engine: on spaces, plain, and the draft."""
