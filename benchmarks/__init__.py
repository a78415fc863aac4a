"""How fast ocsync is, beside what people would pick instead; see README.md."""
