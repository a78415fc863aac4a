"""The attack that a plain hash of secret and message is open to."""

import struct


def extend_sha256(digest: str, length: int, suffix: bytes) -> tuple[str, bytes]:
    """The digest of a message of this length and digest with more at its end.

    Also the padding that comes between. The message itself is not needed, which is
    why a bare hash over a secret is no signature (FIPS 180-4 §6.2).
    """
    padding = _padding(length)
    total = length + len(padding) + len(suffix)
    state = list(struct.unpack(">8I", bytes.fromhex(digest)))
    data = suffix + _padding(total)
    for start in range(0, len(data), 64):
        state = _compress(state, data[start : start + 64])
    return struct.pack(">8I", *state).hex(), padding


def _padding(length: int) -> bytes:
    return b"\x80" + b"\0" * ((55 - length) % 64) + struct.pack(">Q", length * 8)


def _constants() -> list[int]:
    """The first 32 bits of the fractions of the cube roots of the first 64 primes."""
    primes = [n for n in range(2, 312) if all(n % p for p in range(2, n))][:64]
    return [_cube_root(prime << 96) & 0xFFFFFFFF for prime in primes]


def _cube_root(value: int) -> int:
    root = 1 << (value.bit_length() // 3 + 1)
    while True:
        step = (2 * root + value // (root * root)) // 3
        if step >= root:
            return root
        root = step


def _rotate(word: int, count: int) -> int:
    return (word >> count | word << 32 - count) & 0xFFFFFFFF


def _compress(state: list[int], block: bytes) -> list[int]:
    words = list(struct.unpack(">16I", block))
    for i in range(16, 64):
        x, y = words[i - 15], words[i - 2]
        low = _rotate(x, 7) ^ _rotate(x, 18) ^ x >> 3
        high = _rotate(y, 17) ^ _rotate(y, 19) ^ y >> 10
        words.append((words[i - 16] + low + words[i - 7] + high) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(words, _constants(), strict=True):
        high = _rotate(e, 6) ^ _rotate(e, 11) ^ _rotate(e, 25)
        first = h + high + (e & f ^ ~e & g) + constant + word
        low = _rotate(a, 2) ^ _rotate(a, 13) ^ _rotate(a, 22)
        second = low + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (
            (first + second) & 0xFFFFFFFF, a, b, c, (d + first) & 0xFFFFFFFF, e, f, g,
        )  # fmt: skip
    worked = (a, b, c, d, e, f, g, h)
    return [(x + y) & 0xFFFFFFFF for x, y in zip(state, worked, strict=True)]
