"""What an evaluation cannot do."""


class EvaluationError(ValueError):
    """An evaluation that cannot be done; the message says why, and what to do."""
