"""Payloads of events, one module per part of the story; see `cryoledger.domain.catalogue`."""
