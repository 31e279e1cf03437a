"""Unified social credit codes 统一社会信用代码 by the rule of GB 32100-2015, written apart from the service's own."""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def check_character(first_17: str) -> str:
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first_17))
    return ALPHABET[(31 - total % 31) % 31]


def credit_code(number: int, region: str = "150622", authority: str = "91") -> str:
    """A valid code of a unit that does not exist: 91 enterprise, 11 state organ; `number` tells units apart."""
    first = f"{authority}{region}MA{number:07d}"
    return first + check_character(first)
