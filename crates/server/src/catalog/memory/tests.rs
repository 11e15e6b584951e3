//! The duties of callers that only this backend can see: each breach panics, and leaves the maps as they were.
