-- An owner's events after a position: what a reader of the event stream catches up on.

CREATE INDEX outbox_by_owner ON outbox (owner, position);
