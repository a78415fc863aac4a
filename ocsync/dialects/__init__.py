"""Other published upload APIs over the one engine: data and small functions each."""
