"""Rows: the schema, the engine and the queries. The only package that builds SQL."""
