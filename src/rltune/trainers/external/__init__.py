"""Machinery for trainers that run somebody else's program.

- `program`: launches it in a session of its own and ends all of it. `session`: which processes those are.
- `tail`: reads what it writes while it writes. `streams`, `rows`: metrics from that, under canonical names.
- `checkpoints`: recognizes, moves and hands back the checkpoints that it saves. `trees`: whole folders.
- `follow`: one launch from its first step to its last: reports, publishes, stops. `diagnosis`: why it failed.
"""
