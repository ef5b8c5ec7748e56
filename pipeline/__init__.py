"""tlm-pipeline: export, history and weekly report for DigiCert Trust Lifecycle Manager inventories."""

__version__ = "0.1.0"
