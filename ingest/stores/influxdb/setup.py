"""Buckets, retention and tokens of an InfluxDB 2, brought to what is wanted and left alone where they are so already.

The one file that speaks by influxdb-client: it administers, and neither writes nor reads what is stored.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.authorization import Authorization
from influxdb_client.domain.bucket import Bucket
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.domain.permission import Permission
from influxdb_client.domain.permission_resource import PermissionResource
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from ingest.errors import Misconfigured, MissingSecret, Retryable, Unauthorized
from ingest.stores.influxdb.url import TOKEN_VARIABLE, InfluxUrl, read_token

TIMEOUT_MS = 30_000

#: Who has a token of its own, and what for: InfluxDB has no smaller right than to write a bucket.
READERS: Mapping[str, tuple[str, ...]] = {
    "ingest": ("write",),
    "verify": ("read",),
    "grafana": ("read",),
    "rollup": ("read", "write"),
}


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token, and by which number it is known to the database."""

    id: str
    text: str


class Administration:
    """What an operator's token may do to one bucket and its readers.

    Args:
        url: the bucket; its `org` has to be named.
        token: the operator's.
    """

    def __init__(self, url: InfluxUrl, token: str) -> None:
        self._url = url
        self._client = InfluxDBClient(url=url.endpoint, token=token, org=url.org, timeout=TIMEOUT_MS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ensure_bucket(self, retention_s: int | None = None) -> list[str]:
        """Make the bucket if it is not there, and give it a retention, 0 for ever; what was done, in words.

        Args:
            retention_s: None leaves that of a bucket that is there.

        Raises:
            StoreError: the database cannot be reached, or refuses; the organisation does not exist.
        """
        with self._told("the bucket"):
            buckets, found = self._client.buckets_api(), self._bucket()
            rules = [BucketRetentionRules(type="expire", every_seconds=retention_s or 0)]
            if found is None:
                buckets.create_bucket(bucket_name=self._url.bucket, org=self._org(), retention_rules=rules)
                return [f"made the bucket {self._url.bucket}"]
            if retention_s is None or _retention(found) == retention_s:
                return []
            found.retention_rules = rules
            buckets.update_bucket(found)
            return [f"the bucket {self._url.bucket} keeps {f'{retention_s} s' if retention_s else 'for ever'}"]

    def accepts(self, token: str) -> bool:
        """Whether the database knows a token, whatever it is for.

        Raises:
            StoreError: it cannot be reached.
        """
        with self._told("a token"), InfluxDBClient(url=self._url.endpoint, token=token, timeout=TIMEOUT_MS) as client:
            try:
                client.authorizations_api().find_authorizations()
            except ApiException as error:
                if error.status == 401:
                    return False
                raise
        return True

    def make_token(self, description: str, actions: Sequence[str]) -> Token:
        """A token for `read` or `write` of the bucket, or both.

        Raises:
            StoreError: as `ensure_bucket`; or there is no bucket.
        """
        with self._told(f"the token {description!r}"):
            bucket = self._bucket()
            if bucket is None:
                raise Misconfigured(f"{self._url}: there is no such bucket; make it first")
            resource = PermissionResource(type="buckets", id=bucket.id, org_id=bucket.org_id)
            may = [Permission(action=action, resource=resource) for action in actions]
            return self._authorize(description, may)

    def tokens(self) -> Mapping[str, str]:
        """Descriptions of all tokens, by their numbers.

        Raises:
            StoreError: as `ensure_bucket`.
        """
        with self._told("the tokens"):
            return {one.id: one.description or "" for one in self._authorizations()}

    def end_token(self, number: str) -> None:
        """Let a token be accepted no more.

        Raises:
            StoreError: as `ensure_bucket`.
        """
        with self._told(f"the token {number}"):
            self._client.authorizations_api().delete_authorization(number)

    def renew_operator(self, description: str) -> tuple[Token, list[str]]:
        """A new token with the rights of the operators' that are there, and the numbers of those.

        Raises:
            StoreError: as `ensure_bucket`; or there is no operator's token.
        """
        with self._told("the operator's token"):
            operators = [one for one in self._authorizations() if _is_operators(one)]
            if not operators:
                raise Misconfigured(f"{self._url.endpoint}: this token is none that may do everything")
            return self._authorize(description, operators[0].permissions), [one.id for one in operators]

    def _authorizations(self) -> list[Authorization]:
        found: list[Authorization] = self._client.authorizations_api().find_authorizations()
        return found

    def _authorize(self, description: str, permissions: list[Permission]) -> Token:
        wanted = Authorization(org_id=self._org(), permissions=permissions)
        wanted.description = description
        made = self._client.authorizations_api().create_authorization(authorization=wanted)
        return Token(id=made.id, text=made.token)

    def _org(self) -> str:
        try:
            found = self._client.organizations_api().find_organizations(org=self._url.org)
        except ApiException as error:
            if error.status != 404:
                raise
            found = []
        if not found:
            raise Misconfigured(f"{self._url.endpoint}: there is no organisation {self._url.org!r}")
        number: str = found[0].id
        return number

    def _bucket(self) -> Bucket | None:
        try:
            found = self._client.buckets_api().find_buckets(org=self._url.org, name=self._url.bucket).buckets
        except ApiException as error:
            if error.status == 404:
                return None
            raise
        return found[0] if found else None

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """The client's errors as the store's, which name what it was about."""
        try:
            yield
        except ApiException as error:
            message = f"{self._url}: {what}: answered {error.status}: {error.message or error.reason}"
            raise (Unauthorized if error.status in {401, 403} else Misconfigured)(message) from None
        except HTTPError as error:
            raise Retryable(f"{self._url}: {what}: {error}") from None


def _retention(bucket: Bucket) -> int:
    """Seconds; 0 is for ever."""
    return next((int(rule.every_seconds) for rule in bucket.retention_rules or ()), 0)


def _is_operators(one: Authorization) -> bool:
    """Whether it is for more than one organisation."""
    return any(may.resource.org_id is None for may in one.permissions)


def administer(url: InfluxUrl, environ: Mapping[str, str]) -> Administration:
    """The administration of the bucket, by the operator's token of the environment.

    Raises:
        MissingSecret: there is none.
    """
    token = read_token(environ)
    if not token:
        raise MissingSecret(f"{TOKEN_VARIABLE} or {TOKEN_VARIABLE}_FILE: setting up needs the operator's token")
    return Administration(url, token)
