from typing import Any

from django.db.models.functions import Now


class Moment(Now):
    """Now by the database's clock, in the form in which Django writes a moment.

    SQLite compares moments as texts, and its own form has three digits less: of two equal moments one would come before
    the other. The last digit is no nought, for Django leaves the fraction out where it is nothing.
    """

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f001', 'NOW')", **extra_context
        )
