"""A folder that a command fills: it appears under its name only when it is whole."""

import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from park_cli.errors import UsageError
from park_cli.signals import on_abort

#: Characters of the target's name that its draft's begins with: the whole might be too long.
_NAMED = 40


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """An empty folder beside the target, which takes the target's name at the end; gone if the block does not end.

    Raises:
        UsageError: there is something under that name already, or it cannot be made.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target}: there is something already; name a folder that is empty, or not there")
    try:
        whole = target.resolve()
        whole.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{whole.name[:_NAMED]}.", suffix=".part", dir=whole.parent))
    except RuntimeError:
        raise UsageError(f"{target}: is a link that leads to itself") from None
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror}") from error
    remove = functools.partial(shutil.rmtree, part, ignore_errors=True)
    try:
        with on_abort(remove):
            yield part
            part.chmod(0o777 & ~_umask())  # as mkdir would have made it
            part.replace(whole)
    finally:
        remove()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
