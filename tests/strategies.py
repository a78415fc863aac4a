"""Hypothesis strategies that several tests draw from."""

import unicodedata

from hypothesis import strategies as st

from spaces.names import MAX_NAME_BYTES

_DECOMPOSED = unicodedata.normalize("NFD", "é")

few_names = st.sampled_from(("a", "b", "c", "é", _DECOMPOSED, "A"))
"""So few that they collide often; two of them are the same name in two forms."""


def _fits(name: str) -> bool:
    return (
        bool(name.strip())
        and name not in {".", ".."}
        and len(unicodedata.normalize("NFC", name).encode()) <= MAX_NAME_BYTES
        and len(name.encode()) <= MAX_NAME_BYTES
    )


names = st.text(
    st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="/\\"),
    min_size=1,
    max_size=80,
).filter(_fits)
"""Names that files and folders may bear."""

sizes = st.integers(min_value=0, max_value=60)
"""Sizes of small contents, the empty one among them."""
