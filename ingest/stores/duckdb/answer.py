"""What an exception of a write to DuckDB means for the rows, by one table."""

import duckdb

from ingest.errors import Misconfigured, Refused, Retryable, StoreError

#: The first class that fits counts. What speaks of values is laid to the rows; what speaks of tables, to the file.
_TABLE: tuple[tuple[tuple[type[Exception], ...], type[StoreError]], ...] = (
    (
        (
            duckdb.ConversionException,
            duckdb.ConstraintException,
            duckdb.OutOfRangeException,
            duckdb.TypeMismatchException,
            duckdb.InvalidInputException,
            duckdb.InvalidTypeException,
        ),
        Refused,
    ),
    (
        (
            duckdb.BinderException,
            duckdb.CatalogException,
            duckdb.ParserException,
            duckdb.PermissionException,
            duckdb.FatalException,
            duckdb.InternalException,
            duckdb.SerializationException,
        ),
        Misconfigured,
    ),
    ((duckdb.Error,), Retryable),
    ((Exception,), Refused),
)


def error_of(where: str, error: BaseException) -> BaseException:
    """The error that an exception means; one that ends the process stays what it is.

    Args:
        where: the store, to be named in the message.
        error: a `StoreError` keeps its meaning.
    """
    if isinstance(error, StoreError):
        return type(error)(f"{where}: {error}")
    for kinds, meaning in _TABLE:
        if isinstance(error, kinds):
            return meaning(f"{where}: {error if isinstance(error, duckdb.Error) else repr(error)}")
    return error
