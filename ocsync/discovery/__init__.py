"""The small documents by which clients and links find their way."""
