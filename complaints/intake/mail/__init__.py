"""Mail that comes in: read from mailboxes or a pipe, kept raw, understood as far as it goes, and put where it belongs.

`charsets`, `words`, `html`, `parts`, `quoting`, `letter` and `verdict` are pure: bytes in, facts out, nothing raised.
"""
