"""What people read, print or file: cards, box maps, traces, recalls. Text and plain data; nothing here decides.

- `signatures` is the one place that renders a signature (21 CFR 11.50: printed name, time with zone, meaning);
- `telling` puts one entry into words, with its marks: late, typed, corrected, undone;
- `whereabouts` says where a thing is now, `cards` what is known of it;
- `custody_report` and `audit_report` are made of the parts in `report`, and drawn by `report_pdf`;
- `box_map` draws a box, `trace` tells a chain from donor to patient and back, `recall` lists whom a recall concerns.

Each takes a `Reading`: one state of the vault.
"""
