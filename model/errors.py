"""What can be wrong with what a user gives, and with the books."""

from __future__ import annotations


class InputError(ValueError):
    """Wrong input: says in one line which file, which key, which value, and what is valid."""

    def __init__(self, where: object, key: str = "", value: object = None, valid: str = ""):
        self.where, self.key, self.value, self.valid = str(where), key, value, valid
        parts = [self.where]
        if key:
            parts.append(key if value is None else f"{key} = {value!r}")
        line = ": ".join(parts)
        super().__init__(f"{line}; valid: {valid}" if valid else line)


class LedgerBreach(ArithmeticError):
    """The books do not close: names the identity, the month, the sector and the size."""

    def __init__(self, identity: str, month: str, sector: str, breach: float, scale: float):
        self.identity, self.month, self.sector = identity, month, sector
        self.breach, self.scale = breach, scale
        super().__init__(
            f"{identity} does not close in {month} for {sector}: off by {breach:.6g} "
            f"(allowed {1e-9 * scale:.3g})"
        )
