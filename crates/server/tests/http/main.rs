//! The HTTP API from outside: requests into the real router, answers, rows and buckets out.

#[path = "../ground/mod.rs"]
mod ground;

mod admin;
mod assets;
mod authentication;
mod bad_input;
mod behind_a_path;
mod capabilities;
mod collections;
mod cross_origin;
mod document;
mod events;
mod figures;
mod files;
mod grants;
mod house;
mod operations;
mod pages;
mod parts;
mod problems;
mod serving;
mod sessions;
mod shares;
mod survey;
mod undeclared;
mod uppy;
mod uppy_signing;
mod usage;
