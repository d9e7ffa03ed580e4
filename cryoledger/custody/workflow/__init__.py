"""The scan workflow: a pure state machine, (open tasks, a scan looked up, facts) -> (next tasks, one step).

A step is a question, a refusal, an information, or proposed events. No rule of custody is here: the rulebook decides
when an event is recorded, and is asked ahead (`World.foreseen`) so that a person hears a refusal at the scan that
causes it. `cryoledger.custody.desk` drives the machine, asks for PINs, signs and records.

- `steps`       what the machine is made of; `machine` the machine; `look` and `cards` what things are and where;
- `sign_in`, `signatures`                               who signs;
- `storage`, `units`, `undo`, `picking`, `checking`, `labels`   the freezer;
- `treatment`, `waste`, `preparing`, `bedside`          from the order to the patient;
- `entering`    acts that no command barcode starts, answer by answer;
- `late`        what happened earlier, and labels that cannot be read; `amounts` what people type.

    >>> from cryoledger.codes import read
    >>> from cryoledger.custody.workflow import State, World, advance, resolve
    >>> from cryoledger.domain.facts import Inventory
    >>> facts = Inventory()
    >>> world = World(facts, now="2026-11-22T08:00:00.000Z")
    >>> state, step = advance(State(), resolve(read("CMD-STORE"), facts), world)
    >>> state.word, state.ask, step.kind
    ('store', 'box', 'question')
"""

from __future__ import annotations

from cryoledger.custody.workflow.look import resolve
from cryoledger.custody.workflow.machine import State, advance, open_task
from cryoledger.custody.workflow.steps import Act, Lateness, Scanned, Step, Task, World

__all__ = ["Act", "Lateness", "Scanned", "State", "Step", "Task", "World", "advance", "open_task", "resolve"]
