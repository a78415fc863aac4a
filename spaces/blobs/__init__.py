"""Content: where bytes are kept. Knows no rows and no names, only ids and sizes."""
