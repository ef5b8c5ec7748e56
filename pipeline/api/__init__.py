"""The contract with the service: what is called, how a request is made and a reply read. Only client.py does I/O."""
