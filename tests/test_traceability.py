"""Every rule is shown by a test that carries its ID, and what a qualification prints of that is true."""

from __future__ import annotations

from cryoledger.documents.qualification import traceability
from tests import traceability as source


def test_every_rule_has_a_test_that_carries_its_id() -> None:
    assert [rule for rule, names in source.traced().items() if not names] == []


def test_the_printed_table_names_every_rule_and_tests_that_carry_it() -> None:
    """`python -m tests.traceability` writes it anew."""
    carried = dict(source.tests())
    assert set(traceability()) == source.rules()
    named = [(rule, name) for rule, names in traceability().items() for name in names]
    assert [(rule, name) for rule, name in named if rule not in carried.get(name, ())] == []
