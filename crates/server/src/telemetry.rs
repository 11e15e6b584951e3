//! Placeholder while the server is laid out.
