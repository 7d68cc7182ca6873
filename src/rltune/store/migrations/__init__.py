"""How the tables got from each version to the next: one file a version, `v<number>.py`, with one function `upgrade`.

Whoever changes the tables (docs/store.md has it step by step)
1. changes `rltune.store.schema`, and raises its SCHEMA_VERSION to n;
2. writes `v<n>.py`, which brings a store of version n - 1 there, with Alembic's operations;
3. keeps a store that version n - 1 has made, as tests/store/data/v<n-1>-*.sql.
A test compares what the steps make with what `schema` says, on both databases, from every kept store on.
"""
