"""The domain: spaces, trees of files, versions, trash, uploads. Knows no HTTP."""
