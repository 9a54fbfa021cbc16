"""What all messages need of their text."""


def one_line(subject: str) -> str:
    """A subject that no mail refuses: a line break in a name would begin another header."""
    return " ".join(subject.split())[:200]
