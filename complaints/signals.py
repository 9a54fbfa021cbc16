"""What complaints tells the storey above, inside the transaction of the write.

`resolved` and `left_followup` are sent with `complaint` (locked, saved), `actor` and `now`. `left_followup` means that
the complaint left the call-back stage without a call-back: it was withdrawn, merged or reopened from there.
"""

from django.dispatch import Signal

resolved = Signal()
left_followup = Signal()
