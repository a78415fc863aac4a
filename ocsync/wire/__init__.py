"""The words of HTTP as values: headers, bodies and responses, apart from any socket."""
