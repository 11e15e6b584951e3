//! Puts the pieces together. The only file that names concrete backends.

pub mod files;
