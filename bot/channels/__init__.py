"""One module per channel; each passes the contract test in tests/contracts."""
