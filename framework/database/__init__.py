"""SQL: the engine, sessions and transactions, and the migrations."""
