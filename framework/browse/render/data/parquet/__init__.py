"""Apache Parquet: its columns with their types, and the first rows."""
