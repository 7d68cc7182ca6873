"""The live page of a study: a small web server that reads the store, and writes nothing into it but requests."""
