"""A flat graph -> Plan: edges, shapes, cost, and the chain of steps with their digests."""
