"""A blob store in a bucket. How the bytes lie there is told in docs/adr/0011."""
