"""The vault on disk: ledger entries, the inventory made from them, and what never leaves the vault.

    store = Store.open("vault.sqlite")                  # or postgresql+psycopg://user@host/name
    with store.writing() as tx:                         # BEGIN IMMEDIATE ... COMMIT
        head = tx.head()
        rulebook.check(draft, tx.facts)
        tx.append(Stored.of(1, entry), rulebook.changes(draft, tx.facts))
    with store.reading() as now:                        # one snapshot
        now.facts.get(Vial, "V1")

- `store` is the way in; it uses the drivers (`driver`) alone, so that a scan never waits for an ORM's import.
- `location` reads a vault's name, `faults` turns what a database says into errors that a person can act on.
- `statements` holds the SQL of each record class, `facts` answers rules with it.
- `queries` and `history` answer front ends; `rebuild` fills the inventory anew from a replay.
- `tables` declares every table in SQLModel, `rooms` says which is ledger, derived or local.
- `migrate` makes and checks the schema, `guards` the triggers that keep the ledger append-only; the migrations
  stand in `schema/migrations`, written by hand and frozen. `engine` is SQLAlchemy's, for migrations.

Nothing here decides: rules are in `domain`, and `custody.record` is the one caller of `append`.
"""
