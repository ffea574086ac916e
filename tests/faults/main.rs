//! What goes wrong around the program: killed, full, forged, hostile. Nothing is lost, and the exit code says what it was.

mod crash;
mod foreign;
mod forged;
mod hostile;
mod lock;
mod memory;
mod reading;
mod storage;
#[path = "../support/mod.rs"]
mod support;
