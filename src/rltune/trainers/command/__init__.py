"""Any program as a trainer: an argument template, its metrics, its checkpoints. See docs/bring-your-own-trainer.md."""
