"""What complaints tells the storey above, inside the transaction of the write.

`resolved` and `left_followup` are sent with `complaint` (locked, saved), `actor` and `now`. `resolved` means that the
complaint waits for its call-back, also when an undone merge brought it back there. `left_followup` means that it was
withdrawn or merged: it needs none any more.

`callback_moved` is sent with `complaint` and `due_at` whenever the clock of the call-back is written.
"""

from django.dispatch import Signal

resolved = Signal()
left_followup = Signal()
callback_moved = Signal()
