"""Whose word about a checkpoint is enough: logs, witnesses, groups and a quorum (C2SP tlog-policy).

    policy = parse_policy(data)
    verdict = policy.judge(signed)          # SignatureError unless a listed log signed it and the quorum is met

A policy belongs to whoever verifies. It is never read out of what is being verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryoledger.errors import LedgerFormatError, SignatureError
from cryoledger.ledger.checkpoint import SignedCheckpoint
from cryoledger.ledger.lines import parse_decimal
from cryoledger.ledger.note import Algorithm, Signature, VerifierKey

__all__ = ["Policy", "PolicyVerdict", "epoch_key", "parse_policy"]

MAX_BYTES = 256 * 1024
MAX_LINES_OF_A_KIND = 256
NONE = "none"
_LOG_TYPES = (Algorithm.ED25519, Algorithm.ML_DSA_44)
_WITNESS_TYPES = (Algorithm.COSIGNATURE_V1, Algorithm.ML_DSA_44)
_EPOCH = re.compile(r"/e(?:[2-9]|[1-9][0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class PolicyVerdict:
    """Which listed log keys and which witnesses (by the policy's names) signed, and whose lines were not counted."""

    logs: tuple[VerifierKey, ...]
    witnesses: tuple[str, ...]
    not_counted: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these, which are witnesses or groups, must have seen the checkpoint."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy. `witnesses` and `groups` are by name; `quorum` is one of these names, or "none"."""

    logs: tuple[VerifierKey, ...]
    witnesses: dict[str, VerifierKey]
    groups: dict[str, Group]
    quorum: str
    urls: dict[str, str]

    def log_keys(self, origin: str) -> tuple[VerifierKey, ...]:
        """The listed keys of a log; those of a ledger's first epoch hold, under their own names, for its later ones."""
        return tuple(key for key in (epoch_key(log, origin) for log in self.logs) if key is not None)

    def judge(self, signed: SignedCheckpoint, *, logs: Iterable[VerifierKey] | None = None) -> PolicyVerdict:
        """Who signed; SignatureError where no listed log did, a line of a known key is wrong, or the quorum is not met.

        `logs` are the log's keys where they are known from elsewhere, for a policy that lists none.
        """
        origin = signed.checkpoint.origin
        known = self.log_keys(origin) if self.logs or logs is None else tuple(logs)
        if not known:
            raise SignatureError(
                f"The policy lists no log {origin!r}.", "Add its `log` line, from `cryoledger checkpoint keys` there."
            )
        verdict = signed.verify([*known, *self.witnesses.values()])
        by = tuple(key for key in verdict.verified if key in known)
        if not by:
            raise SignatureError(
                f"No key that the policy lists for {origin} signed the checkpoint of size {signed.checkpoint.size}.",
                "Ask for another copy of it; compare the policy with the printed checkpoint sheet.",
            )
        names = tuple(name for name, key in self.witnesses.items() if key in verdict.verified)
        if not self.met(names):
            raise SignatureError(
                f"The checkpoint of {origin} at {signed.checkpoint.size} lacks witnesses: the policy demands "
                f"{self.quorum}, and {', '.join(names) or 'nobody'} cosigned.",
                "Have it cosigned (`cryoledger witness request`), or ask for one that is.",
            )
        return PolicyVerdict(by, names, verdict.not_counted)

    def met(self, witnesses: Iterable[str]) -> bool:
        """Whether these witnesses are enough."""
        return self.quorum == NONE or self._seen(self.quorum, frozenset(witnesses))

    def _seen(self, name: str, witnesses: frozenset[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in witnesses
        return sum(self._seen(member, witnesses) for member in group.members) >= group.threshold


def epoch_key(key: VerifierKey, origin: str) -> VerifierKey | None:
    """A log's key as it signs for an origin: itself, or the same under the name of a later epoch; else None."""
    if key.name == origin:
        return key
    if origin.startswith(key.name) and _EPOCH.fullmatch(origin[len(key.name) :]):
        return VerifierKey(origin, key.algorithm, key.public_key)
    return None


def parse_policy(data: bytes) -> Policy:
    """The policy in a file; LedgerFormatError, naming the line, for anything that the syntax does not allow."""
    if len(data) > MAX_BYTES:
        raise LedgerFormatError(f"The policy has {len(data)} bytes; at most {MAX_BYTES} are read.")
    if any((byte < 0x20 and byte not in (0x09, 0x0A)) or byte == 0x7F for byte in data):
        raise LedgerFormatError("The policy holds a control character other than tab and newline.")
    if data and not data.endswith(b"\n"):
        raise LedgerFormatError("The policy's last line does not end with a newline: it may be cut off.")
    reader = _Reader()
    # Names are octets: what is no UTF-8 stays apart from what is.
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        items = re.split("[ \t]+", line.strip(" \t"))
        if items == [""] or items[0].startswith("#"):
            continue
        try:
            reader.take(items)
        except (LedgerFormatError, SignatureError) as error:
            raise LedgerFormatError(f"Line {number} of the policy: {error.message}", error.advice) from None
    return reader.policy()


class _Reader:
    """The lines of a policy, in order."""

    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._groups: dict[str, Group] = {}
        self._urls: dict[str, str] = {}
        self._quorum: str | None = None
        self._members: set[str] = set()

    def take(self, items: list[str]) -> None:
        keyword, *rest = items
        acts = {"log": self._log, "witness": self._witness, "group": self._group, "quorum": self._set_quorum}
        if keyword not in acts:
            raise LedgerFormatError(f"{keyword[:40]!r} is none of log, witness, group and quorum.")
        acts[keyword](rest)

    def policy(self) -> Policy:
        if self._quorum is None:
            raise LedgerFormatError("The policy has no quorum line.", "Write `quorum NAME`, or `quorum none`.")
        return Policy(tuple(self._logs), self._witnesses, self._groups, self._quorum, self._urls)

    def _log(self, rest: list[str]) -> None:
        if len(rest) not in (1, 2):
            raise LedgerFormatError("A log is `log VKEY [URL]`.")
        self._logs.append(_key(rest[0], _LOG_TYPES, self._logs))
        _check_count(self._logs)

    def _witness(self, rest: list[str]) -> None:
        if len(rest) not in (2, 3):
            raise LedgerFormatError("A witness is `witness NAME VKEY [URL]`.")
        name = self._new(rest[0])
        self._witnesses[name] = _key(rest[1], _WITNESS_TYPES, self._witnesses.values())
        if len(rest) == 3:
            self._urls[name] = rest[2]
        _check_count(self._witnesses)

    def _group(self, rest: list[str]) -> None:
        if len(rest) < 3:
            raise LedgerFormatError("A group is `group NAME all|any|K MEMBER...`.")
        name, kind, *members = rest
        self._new(name)
        for member in members:
            self._known(member)
            if member in self._members:
                raise LedgerFormatError(f"{member[:60]!r} is a member of a group already.")
            self._members.add(member)
        threshold = {"all": len(members), "any": 1}.get(kind)
        if threshold is None:
            threshold = parse_decimal(kind, "group's threshold")
        if not 1 <= threshold <= len(members):
            raise LedgerFormatError(f"{threshold} of {len(members)} members cannot be asked for.")
        self._groups[name] = Group(threshold, tuple(members))
        _check_count(self._groups)

    def _set_quorum(self, rest: list[str]) -> None:
        if len(rest) != 1:
            raise LedgerFormatError("A quorum is `quorum NAME`.")
        if self._quorum is not None:
            raise LedgerFormatError("There is a second quorum line.")
        if rest[0] != NONE:
            self._known(rest[0])
        self._quorum = rest[0]

    def _new(self, name: str) -> str:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise LedgerFormatError(f"The name {name[:60]!r} is taken.")
        return name

    def _known(self, name: str) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise LedgerFormatError(f"{name[:60]!r} is defined on no line before.")


def _key(text: str, types: tuple[Algorithm, ...], present: Iterable[VerifierKey]) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.algorithm not in types:
        allowed = " or ".join(f"{each:#04x}" for each in types)
        raise LedgerFormatError(f"The key of {key.name[:60]} has type {key.algorithm:#04x}; here it is {allowed}.")
    if any(other.public_key == key.public_key for other in present):
        raise LedgerFormatError(f"The public key of {key.name[:60]} stands on an earlier line.")
    return key


def _check_count(found: object) -> None:
    if len(found) > MAX_LINES_OF_A_KIND:  # type: ignore[arg-type]
        raise LedgerFormatError(f"There are more than {MAX_LINES_OF_A_KIND} lines of this kind.")
