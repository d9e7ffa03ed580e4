"""Custody of cryopreserved cell-therapy vials, kept in a hash-chained, signed log."""

__version__ = "0.1.0"
