"""The two exceptions that are part of normal life: the other side's input cannot be taken, or something is away."""


class Refused(Exception):
    """Their input cannot be taken: `reason` says why and `remedy` what to do instead (both for people to read)."""

    def __init__(self, reason: str, remedy: str = "", *, status: int = 400, code: str = "refused") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
        self.status = status
        self.code = code


class Unavailable(Exception):
    """A part we need does not answer now; the same call may succeed later."""

    def __init__(self, part: str, why: str = "") -> None:
        super().__init__(f"{part}: {why}" if why else part)
        self.part = part
