"""Stores, by the scheme of their URL, found by looking: every folder here is one.

A folder NAME holds

    url.py      SCHEMES, FORM (how its URLs begin), SECRET (the variable of its secret, or ""), `parse(parts)`
    write.py    `open_url(url, environ)`: the `Store`
    scan.py     reading stored rows again, which the store's `scan` imports: it brings numpy
    panels.py   SOURCE, a file of dashboards/sources/, and `reach(url, environ)`, what it is opened with; optional
    setup.py    `administer(url, environ)`, what brings it to what is wanted, and READERS; optional

A store's client library is imported when the store is opened: each costs as much as all the rest.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

from ingest.errors import BadStoreUrl
from ingest.stores.base import Chunk, Series, Store, StoreUrl
from mqttlink import shown_url


def _discover() -> dict[str, str]:
    found: dict[str, str] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if module.ispkg:
            package = f"{__name__}.{module.name}"
            for scheme in importlib.import_module(f"{package}.url").SCHEMES:
                if scheme in found:
                    raise ImportError(f"{package} and {found[scheme]} both claim {scheme}://")
                found[scheme] = package
    return found


#: Packages by scheme.
STORES: dict[str, str] = _discover()


def parse_store_url(url: str) -> StoreUrl:
    """Read a store's URL.

    Args:
        url: `influxdb+http://host[:port]/bucket[?org=name]`, `duckdb:///path`, or as another store's url.py says.

    Raises:
        BadStoreUrl: what is wrong; the message never repeats a password or token.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # whose words repeat what may be a part of a password
        raise BadStoreUrl(
            f"the store URL {shown_url(url)!r} cannot be read: a port is a number up to 65535, and an IPv6 address "
            "stands in brackets"
        ) from None
    package = STORES.get(parts.scheme)
    module = None if package is None else importlib.import_module(f"{package}.url")
    if parts.username is not None or parts.password is not None:
        raise BadStoreUrl(f"the store URL holds a login; {_advice(module)}")
    if module is None:
        raise BadStoreUrl(f"the store URL must begin with {_forms()}, not {shown_url(url)!r}")
    if parts.fragment or url.endswith("#"):
        raise BadStoreUrl(f"the store URL {shown_url(url)!r} holds a #, behind which nothing is read: write it %23")
    if "@" in parts.path:  # behind a password with a slash in it: what is read as a host is the user
        raise BadStoreUrl(f"the store URL {shown_url(url)!r} holds an @ behind its host: in a name write it %40")
    if "\0" in unquote(parts.path):
        raise BadStoreUrl(f"the store URL {shown_url(url)!r} holds %00, which no name can")
    parsed: StoreUrl = module.parse(parts)
    return parsed


def _advice(module: Any) -> str:
    secret = "" if module is None else module.SECRET
    return f"give the token by {secret} or {secret}_FILE" if secret else "a secret comes from the environment or a file"


def _forms() -> str:
    forms = dict.fromkeys(importlib.import_module(f"{package}.url").FORM for package in STORES.values())
    return ", ".join(forms)


def open_store(url: StoreUrl, environ: Mapping[str, str]) -> Store:
    """The store at a URL; secrets come from the environment.

    Raises:
        MissingSecret: a file that should hold the token cannot be read.
        Misconfigured: the store's file cannot be opened.
    """
    store: Store = importlib.import_module(f"{STORES[url.scheme]}.write").open_url(url, environ)
    return store


def panels_of(url: StoreUrl, environ: Mapping[str, str]) -> tuple[str, Mapping[str, Any]]:
    """The file of dashboards/sources/ that answers panels on the store, and what it is opened with.

    Raises:
        BadStoreUrl: the store answers none.
        MissingSecret: as `open_store`.
    """
    name = f"{STORES[url.scheme]}.panels"
    if find_spec(name) is None:
        raise BadStoreUrl(f"{url}: this store answers no panels")
    panels = importlib.import_module(name)
    return panels.SOURCE, panels.reach(url, environ)


def setup_of(url: StoreUrl) -> Any:
    """The module that sets up stores of this kind.

    Raises:
        BadStoreUrl: they need none.
    """
    name = f"{STORES[url.scheme]}.setup"
    if find_spec(name) is None:
        raise BadStoreUrl(f"{url}: this store needs no setting up; it is made with the first reading")
    return importlib.import_module(name)


__all__ = ["STORES", "Chunk", "Series", "Store", "StoreUrl", "open_store", "panels_of", "parse_store_url", "setup_of"]
