//! The server as partners and people meet it: the program itself, over TLS on 127.0.0.1, behind it the shipped sample.

mod clients;
mod conformance;
mod door;
mod hostile;
mod http;
mod ileap;
mod listener;
mod logins;
mod pages;
mod runs;
mod started;
