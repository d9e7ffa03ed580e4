"""What custody means: the events, the rows they make, and the rules between them. Pure: no I/O, no clock.

- `catalogue` declares every event type; payloads stand in `events/`, their values in `fields`, signers in `roles`.
- `records` are the rows of the inventory; `facts` is what rules may ask of them, and how changes lie over them.
- `rulebooks` holds, by number, `check` (may this draft be recorded?) and `changes` (what rows does it make?): one
  implementation, run when an event is recorded and again when an auditor replays the ledger.
- `signing` says which signatures an entry must bear, and by which keys.
- `numbers` and `times` count entries and instants.
"""
