//! What the built program says and writes, command by command.

mod again;
#[allow(dead_code, reason = "main is for cargo run --example")]
#[path = "../../examples/batch_in_memory.rs"]
mod batch_in_memory;
#[cfg(unix)]
mod beside;
mod compare;
mod compare_costs;
mod compare_words;
mod excerpts;
mod exchange;
mod factor_import;
mod factors_doc;
mod nights;
mod planner;
mod price_levels;
mod report;
#[allow(dead_code, reason = "main is for cargo run --example")]
#[path = "../../examples/route.rs"]
mod route;
mod settle;
#[allow(dead_code, reason = "main is for cargo run --example")]
#[path = "../../examples/sheet.rs"]
mod sheet;
mod statement;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod timetables;
mod what_if;
