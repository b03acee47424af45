"""C functions that the printed layers share; only those in use are printed."""

from __future__ import annotations

from collections.abc import Iterable

SHIFT_RIGHT = """\
/* floor(value / 2^shift) for shift 0 to 63. C leaves the right shift of a negative number to the
 * compiler, so only numbers >= 0 are shifted; ~value is -value - 1. */
static inline int64_t shift_right(int64_t value, int shift)
{
    return value < 0 ? ~(~value >> shift) : value >> shift;
}
"""

SATURATE = """\
/* clamp(value, lo, hi) */
static inline int64_t saturate(int64_t value, int64_t lo, int64_t hi)
{
    return value < lo ? lo : value > hi ? hi : value;
}
"""

REQUANTISE = """\
/* clamp(floor(acc * 2^-shift + 1/2), lo, hi): the only rounding in this file, half up. A shift
 * below 0 multiplies; a product that saturates is never formed, so nothing overflows. */
static inline int64_t requantise(int64_t acc, int shift, int64_t lo, int64_t hi)
{
    if (shift > 63) {
        acc = 0; /* |acc| <= 2^62 */
    } else if (shift > 0) {
        acc = shift_right(acc, shift - 1);
        acc = shift_right(acc, 1) + (acc & 1);
    } else if (shift < 0) {
        const int left = shift < -62 ? 62 : -shift;
        if (acc > shift_right(hi, left)) {
            return hi;
        }
        if (acc < -shift_right(-lo, left)) {
            return lo;
        }
        acc *= (int64_t)1 << left;
    }
    return saturate(acc, lo, hi);
}
"""

REQUANTISE32 = """\
/* clamp(floor(acc * 2^-shift + 1/2), lo, hi) for shift 1 to 31, in 32 bits: compilers round several
 * such words at once. */
static inline int32_t requantise32(int32_t acc, int shift, int32_t lo, int32_t hi)
{
    acc = shift_right32(acc, shift - 1);
    acc = shift_right32(acc, 1) + (acc & 1);
    return acc < lo ? lo : acc > hi ? hi : acc;
}
"""

SHIFT_RIGHT32 = """\
/* floor(value / 2^shift) for shift 0 to 31, without the right shift of a negative number */
static inline int32_t shift_right32(int32_t value, int shift)
{
    return value < 0 ? ~(~value >> shift) : value >> shift;
}
"""

ISQRT = """\
/* floor(sqrt(value)), one result bit a turn, exact for value <= 2^31 */
static inline uint32_t isqrt(uint32_t value)
{
    uint32_t root = 0;
    uint32_t bit;

    for (bit = UINT32_C(1) << 30; bit != 0; bit >>= 2) {
        if (value >= root + bit) {
            value -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return root;
}
"""

MAGNITUDE = """\
/* min(|value|, hi) for value >= -hi - 1 */
static inline int64_t magnitude(int64_t value, int64_t hi)
{
    return value >= 0 ? value : value < -hi ? hi : -value;
}
"""

_TEXTS = {
    "shift_right": SHIFT_RIGHT,
    "saturate": SATURATE,
    "requantise": REQUANTISE,
    "shift_right32": SHIFT_RIGHT32,
    "requantise32": REQUANTISE32,
    "magnitude": MAGNITUDE,
    "isqrt": ISQRT,
}
_NEEDS = {"requantise": {"shift_right", "saturate"}, "requantise32": {"shift_right32"}}


def helpers(used: Iterable[str]) -> str:
    """The functions named in ``used`` and those they call, in an order that compiles."""
    names = set(used)
    for name in tuple(names):
        names |= _NEEDS.get(name, set())
    return "\n".join(text for name, text in _TEXTS.items() if name in names)
