"""How many batches one call to the backend takes, so that a call lasts about a second."""

from dataclasses import dataclass

# A stop and the next line of progress wait for a call to end.
_CALL_S = 1.0


@dataclass(slots=True)
class Pace:
    """Learns from the calls made; the first one is set apart, since it traces.

    Attributes:
        one_by_one: Keep to one batch, for callbacks that watch each.
        batches: Batches of the next call.
        tracing_s: What the first call took; None before it.
    """

    batch_size: int
    one_by_one: bool
    batches: int = 1
    tracing_s: float | None = None

    @property
    def rows(self) -> int:
        """Return the samples of the next call."""
        return self.batches * self.batch_size

    def learn_from_call(self, seconds: float, rows: int) -> None:
        """Take in what a call over `rows` samples took."""
        if self.tracing_s is None:
            self.tracing_s = seconds
            return
        if not self.one_by_one:
            each_s = seconds / max(rows / self.batch_size, 1)
            # Growing by four guards against a first measurement that was lucky.
            self.batches = max(1, min(4 * self.batches, int(_CALL_S / max(each_s, 1e-9))))
