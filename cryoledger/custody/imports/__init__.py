"""A laboratory's own list of its freezers, brought into the ledger part after part."""
