"""The one database: rows, transactions, outbox, leases, personal data. SQLite and PostgreSQL behave alike here."""
