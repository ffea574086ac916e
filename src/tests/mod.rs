//! Tests that look inside the library at more than one of its modules.

mod documented;
mod laws;
