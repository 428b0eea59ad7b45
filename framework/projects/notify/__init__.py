"""Who is told about changes: activity, notices, the inbox and mail digests."""
