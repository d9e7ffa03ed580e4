"""The first schema: the ledger, the inventory, what is kept beside them, and the guards.

Frozen: a later schema is a later migration. Written for SQLite; `_statements` gives PostgreSQL its own types.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE "entry" (
    "epoch" INTEGER NOT NULL, "sequence" INTEGER NOT NULL, "id" TEXT NOT NULL, "previous" BLOB NOT NULL,
    "leaf_hash" BLOB NOT NULL, "note" BLOB NOT NULL, PRIMARY KEY ("epoch", "sequence"),
    CONSTRAINT uq_entry_epoch_previous UNIQUE ("epoch", "previous"), CONSTRAINT uq_entry_id UNIQUE ("id")
);
CREATE TABLE "site" (
    "id" TEXT NOT NULL, "origin" TEXT NOT NULL, "zone" TEXT NOT NULL, "code_prefix" TEXT NOT NULL,
    "training" INTEGER NOT NULL, "rulebook" INTEGER NOT NULL, "screening_markers" TEXT NOT NULL,
    "idle_lock_seconds" INTEGER NOT NULL, "enrolments" INTEGER NOT NULL, PRIMARY KEY ("id")
);
CREATE TABLE "person" (
    "name" TEXT NOT NULL, "full_name" TEXT NOT NULL, "badge" TEXT NOT NULL, "roles" TEXT NOT NULL,
    "key_id" TEXT NOT NULL, "status" TEXT NOT NULL, "wrong_pins" INTEGER NOT NULL, "last_at" TEXT NOT NULL,
    "last_entry" INTEGER NOT NULL, PRIMARY KEY ("name"), CONSTRAINT uq_person_badge UNIQUE ("badge")
);
CREATE TABLE "public_key" (
    "name" TEXT NOT NULL, "key_id" TEXT NOT NULL, "kind" TEXT NOT NULL, "verifier_key" TEXT NOT NULL,
    "enrolled" INTEGER NOT NULL, "revoked" INTEGER, "suspect_from" INTEGER, "reaffirmed_to" INTEGER,
    PRIMARY KEY ("name", "key_id")
);
CREATE TABLE "station" (
    "name" TEXT NOT NULL, "key_id" TEXT NOT NULL, "status" TEXT NOT NULL, "person" TEXT, "session" INTEGER,
    PRIMARY KEY ("name")
);
CREATE TABLE "donor" (
    "code" TEXT NOT NULL, "consent_scope" TEXT NOT NULL, "consent_given_on" TEXT NOT NULL,
    "consent_withdrawn_on" TEXT, "eligibility" TEXT NOT NULL, "last_at" TEXT NOT NULL,
    "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code")
);
CREATE TABLE "screening" (
    "donor" TEXT NOT NULL, "marker" TEXT NOT NULL, "number" INTEGER NOT NULL, "sampled_on" TEXT NOT NULL,
    "method" TEXT NOT NULL, "result" TEXT NOT NULL, "corrected" INTEGER,
    PRIMARY KEY ("donor", "marker", "number")
);
CREATE TABLE "donation" (
    "code" TEXT NOT NULL, "donor" TEXT NOT NULL, "tissue" TEXT NOT NULL, "collected_on" TEXT NOT NULL,
    "last_at" TEXT NOT NULL, "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code")
);
CREATE TABLE "product" (
    "code" TEXT NOT NULL, "version" INTEGER NOT NULL, "name" TEXT NOT NULL,
    "storage_millicelsius_max" INTEGER NOT NULL, "post_thaw_minutes" INTEGER NOT NULL,
    "out_of_storage_minutes" INTEGER NOT NULL, "label_layout" TEXT NOT NULL, PRIMARY KEY ("code", "version")
);
CREATE TABLE "specification" (
    "product" TEXT NOT NULL, "version" INTEGER NOT NULL, "test" TEXT NOT NULL, "unit" TEXT NOT NULL,
    "minimum_milli" INTEGER, "maximum_milli" INTEGER, "expected" TEXT, "required" INTEGER NOT NULL,
    PRIMARY KEY ("product", "version", "test")
);
CREATE TABLE "lot" (
    "code" TEXT NOT NULL, "product" TEXT NOT NULL, "version" INTEGER NOT NULL, "parent" TEXT,
    "bank" TEXT NOT NULL, "donor_kind" TEXT NOT NULL, "patient" TEXT, "passage" INTEGER NOT NULL,
    "cells_per_vial" INTEGER NOT NULL, "volume_microlitres" INTEGER NOT NULL, "cryoprotectant" TEXT NOT NULL,
    "filled_on" TEXT NOT NULL, "expiry_on" TEXT NOT NULL, "expires_at" TEXT NOT NULL, "reagents" TEXT NOT NULL,
    "freezing_record_sha256" TEXT, "disposition" TEXT NOT NULL, "conditional_order" TEXT,
    "vial_count" INTEGER NOT NULL, "last_at" TEXT NOT NULL, "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code")
);
CREATE TABLE "lot_donation" (
    "lot" TEXT NOT NULL, "donation" TEXT NOT NULL, PRIMARY KEY ("lot", "donation")
);
CREATE TABLE "test_result" (
    "lot" TEXT NOT NULL, "test" TEXT NOT NULL, "number" INTEGER NOT NULL, "value_milli" INTEGER, "outcome" TEXT,
    "passed" INTEGER NOT NULL, "tested_on" TEXT NOT NULL, "method" TEXT NOT NULL, "corrected" INTEGER,
    PRIMARY KEY ("lot", "test", "number")
);
CREATE TABLE "hold" (
    "number" INTEGER NOT NULL, "scope" TEXT NOT NULL, "code" TEXT NOT NULL, "kind" TEXT NOT NULL,
    "reason" TEXT NOT NULL, "lifted" INTEGER, PRIMARY KEY ("number", "scope", "code")
);
CREATE TABLE "storage_unit" (
    "code" TEXT NOT NULL, "kind" TEXT NOT NULL, "name" TEXT NOT NULL, "parent" TEXT, "slot" TEXT,
    "rows" INTEGER NOT NULL, "columns" INTEGER NOT NULL, "scheme" TEXT NOT NULL,
    "temperature_millicelsius_max" INTEGER, "status" TEXT NOT NULL, "custodian" TEXT, "since" TEXT NOT NULL,
    "out_since" TEXT, "exposed_ms" INTEGER NOT NULL, "parent_mark_ms" INTEGER NOT NULL, "checked_at" TEXT,
    "last_at" TEXT NOT NULL, "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code"),
    CONSTRAINT uq_storage_unit_parent_slot UNIQUE ("parent", "slot")
);
CREATE TABLE "vial" (
    "code" TEXT NOT NULL, "label" TEXT NOT NULL, "lot" TEXT NOT NULL, "custody" TEXT NOT NULL,
    "custodian_kind" TEXT NOT NULL, "custodian" TEXT NOT NULL, "unit" TEXT, "position" INTEGER,
    "since" TEXT NOT NULL, "out_since" TEXT, "exposed_ms" INTEGER NOT NULL, "unit_mark_ms" INTEGER NOT NULL,
    "cells" INTEGER NOT NULL, "filled_microlitres" INTEGER NOT NULL, "dosed_microlitres" INTEGER NOT NULL,
    "sampled_microlitres" INTEGER NOT NULL, "wasted_microlitres" INTEGER NOT NULL, "order_code" TEXT,
    "order_line" INTEGER, "purpose" TEXT, "thawed_at" TEXT, "deadline" TEXT, "last_at" TEXT NOT NULL,
    "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code"),
    CONSTRAINT uq_vial_unit_position UNIQUE ("unit", "position")
);
CREATE TABLE "scan_code" (
    "text" TEXT NOT NULL, "kind" TEXT NOT NULL, "code" TEXT NOT NULL, "retired" INTEGER NOT NULL,
    PRIMARY KEY ("text")
);
CREATE TABLE "patient" (
    "code" TEXT NOT NULL, "last_at" TEXT NOT NULL, "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code")
);
CREATE TABLE "patient_band" (
    "patient" TEXT NOT NULL, "band" TEXT NOT NULL, PRIMARY KEY ("patient", "band")
);
CREATE TABLE "treatment_order" (
    "code" TEXT NOT NULL, "patient" TEXT NOT NULL, "product" TEXT NOT NULL, "prescriber" TEXT NOT NULL,
    "status" TEXT NOT NULL, "last_at" TEXT NOT NULL, "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code")
);
CREATE TABLE "order_line" (
    "order_code" TEXT NOT NULL, "line" INTEGER NOT NULL, "cells" INTEGER NOT NULL, "cells_max" INTEGER NOT NULL,
    "cells_given" INTEGER NOT NULL, "route" TEXT NOT NULL, "due_on" TEXT NOT NULL, "status" TEXT NOT NULL,
    PRIMARY KEY ("order_code", "line")
);
CREATE TABLE "dose" (
    "code" TEXT NOT NULL, "order_code" TEXT NOT NULL, "order_line" INTEGER NOT NULL, "patient" TEXT NOT NULL,
    "product" TEXT NOT NULL, "container" TEXT NOT NULL, "custody" TEXT NOT NULL, "custodian_kind" TEXT NOT NULL,
    "custodian" TEXT NOT NULL, "volume_microlitres" INTEGER NOT NULL, "cells" INTEGER NOT NULL,
    "viability_millipercent" INTEGER NOT NULL, "deadline" TEXT NOT NULL, "given_microlitres" INTEGER NOT NULL,
    "wasted_microlitres" INTEGER NOT NULL, "checked" INTEGER, "started_at" TEXT, "ended_at" TEXT,
    "reaction" TEXT, "last_at" TEXT NOT NULL, "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code")
);
CREATE TABLE "dose_source" (
    "dose" TEXT NOT NULL, "vial" TEXT NOT NULL, "volume_microlitres" INTEGER NOT NULL,
    PRIMARY KEY ("dose", "vial")
);
CREATE TABLE "follow_up" (
    "dose" TEXT NOT NULL, "month" INTEGER NOT NULL, "number" INTEGER NOT NULL, "outcome" TEXT NOT NULL,
    PRIMARY KEY ("dose", "month", "number")
);
CREATE TABLE "adverse_event" (
    "number" INTEGER NOT NULL, "dose" TEXT NOT NULL, "severity" TEXT NOT NULL, "kind" TEXT NOT NULL,
    "onset_on" TEXT NOT NULL, "relatedness" TEXT NOT NULL, PRIMARY KEY ("number")
);
CREATE TABLE "deviation" (
    "number" INTEGER NOT NULL, "kind" TEXT NOT NULL, "code" TEXT NOT NULL, "limit_name" TEXT NOT NULL,
    "reason" TEXT NOT NULL, PRIMARY KEY ("number", "kind", "code")
);
CREATE TABLE "proposal" (
    "number" INTEGER NOT NULL, "act" TEXT NOT NULL, "proposer" TEXT NOT NULL, "expires_at" TEXT NOT NULL,
    "status" TEXT NOT NULL, PRIMARY KEY ("number")
);
CREATE TABLE "excursion" (
    "number" INTEGER NOT NULL, "unit" TEXT NOT NULL, "started_at" TEXT NOT NULL, "ended_at" TEXT NOT NULL,
    "worst_millicelsius" INTEGER NOT NULL, PRIMARY KEY ("number")
);
CREATE TABLE "shipment" (
    "code" TEXT NOT NULL, "destination" TEXT NOT NULL, "status" TEXT NOT NULL, "last_at" TEXT NOT NULL,
    "last_entry" INTEGER NOT NULL, PRIMARY KEY ("code")
);
CREATE TABLE "vial_placement" (
    "ended" INTEGER NOT NULL, "vial" TEXT NOT NULL, "unit" TEXT NOT NULL, "position" INTEGER NOT NULL,
    "started_at" TEXT NOT NULL, "ended_at" TEXT NOT NULL, PRIMARY KEY ("ended", "vial")
);
CREATE TABLE "unit_placement" (
    "ended" INTEGER NOT NULL, "unit" TEXT NOT NULL, "parent" TEXT, "slot" TEXT, "started_at" TEXT NOT NULL,
    "ended_at" TEXT NOT NULL, PRIMARY KEY ("ended", "unit")
);
CREATE TABLE "mention" (
    "entry" INTEGER NOT NULL, "kind" TEXT NOT NULL, "code" TEXT NOT NULL, PRIMARY KEY ("entry", "kind", "code")
);
CREATE TABLE "wrapped_key" (
    "name" TEXT NOT NULL, "key_id" TEXT NOT NULL, "wrapped" TEXT NOT NULL, PRIMARY KEY ("name", "key_id")
);
CREATE TABLE "document" (
    "sha256" TEXT NOT NULL, "salt_id" TEXT NOT NULL, "subject_kind" TEXT, "subject_code" TEXT,
    "size_bytes" INTEGER NOT NULL, "content" BLOB, "erased_at" TEXT, PRIMARY KEY ("sha256")
);
"""

INDEXES = """
CREATE INDEX ix_donation_donor ON "donation" ("donor");
CREATE INDEX ix_lot_parent ON "lot" ("parent");
CREATE INDEX ix_lot_product ON "lot" ("product");
CREATE INDEX ix_lot_donation_donation ON "lot_donation" ("donation");
CREATE INDEX ix_hold_scope_code ON "hold" ("scope", "code");
CREATE INDEX ix_storage_unit_parent ON "storage_unit" ("parent");
CREATE INDEX ix_vial_custody ON "vial" ("custody");
CREATE INDEX ix_vial_lot ON "vial" ("lot");
CREATE INDEX ix_vial_order_code ON "vial" ("order_code");
CREATE INDEX ix_scan_code_kind_code ON "scan_code" ("kind", "code");
CREATE INDEX ix_treatment_order_patient ON "treatment_order" ("patient");
CREATE INDEX ix_treatment_order_status ON "treatment_order" ("status");
CREATE INDEX ix_dose_order_code ON "dose" ("order_code");
CREATE INDEX ix_dose_patient ON "dose" ("patient");
CREATE INDEX ix_dose_source_vial ON "dose_source" ("vial");
CREATE INDEX ix_adverse_event_dose ON "adverse_event" ("dose");
CREATE INDEX ix_deviation_kind_code ON "deviation" ("kind", "code");
CREATE INDEX ix_proposal_status ON "proposal" ("status");
CREATE INDEX ix_excursion_unit ON "excursion" ("unit");
CREATE INDEX ix_vial_placement_unit ON "vial_placement" ("unit");
CREATE INDEX ix_vial_placement_vial ON "vial_placement" ("vial");
CREATE INDEX ix_unit_placement_parent ON "unit_placement" ("parent");
CREATE INDEX ix_unit_placement_unit ON "unit_placement" ("unit");
CREATE INDEX ix_mention_kind_code_entry ON "mention" ("kind", "code", "entry");
CREATE INDEX ix_document_subject_kind_subject_code ON "document" ("subject_kind", "subject_code");
"""

# Tables that only grow, each with the combinations by which an INSERT OR REPLACE could displace a row.
APPEND_ONLY = {
    "entry": (("epoch", "sequence"), ("id",), ("epoch", "previous")),
    "vial_placement": (("ended", "vial"),),
    "unit_placement": (("ended", "unit"),),
    "mention": (("entry", "kind", "code"),),
}

REFUSE_ON_POSTGRESQL = """
CREATE FUNCTION cryoledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP; END
$$
"""


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    for statement in _statements(TABLES):
        if dialect == "sqlite":
            op.execute(f"{statement} STRICT")
        else:
            op.execute(_postgresql(statement))
    for statement in _statements(INDEXES):
        op.execute(statement)
    if dialect == "postgresql":
        op.execute(REFUSE_ON_POSTGRESQL)
    for table, unique in APPEND_ONLY.items():
        for statement in _guards_on_sqlite(table, unique) if dialect == "sqlite" else _guards_on_postgresql(table):
            op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("a ledger is never taken back to an older schema; restore a backup made before")


def _statements(text: str) -> Iterator[str]:
    return (statement.strip() for statement in text.split(";") if statement.strip())


def _postgresql(statement: str) -> str:
    """Whole numbers have 64 bits, and text sorts by code point, as on SQLite."""
    for ours, theirs in ((" INTEGER", " BIGINT"), (" BLOB", " BYTEA"), (" TEXT", ' TEXT COLLATE "C"')):
        statement = statement.replace(ours, theirs)
    return statement


def _guards_on_sqlite(table: str, unique: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    for verb in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {verb} is refused'); END"
        )
    present = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{name} = NEW.{name}' for name in names)})"  # noqa: S608
        for names in unique
    )
    yield (
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {present} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: the key is present'); END"
    )


def _guards_on_postgresql(table: str) -> Iterator[str]:
    for verb in ("UPDATE", "DELETE", "TRUNCATE"):
        yield (
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION cryoledger_append_only()"
        )
