"""A run on disk: the pages as they came, their journal, and the manifest that says whether they are all."""
