//! `rejects OUT [RUN]`: why rows were rejected, with counts and an example per code.

use super::Console;
use super::args::TableFormat;
use super::args::path;
use green_corridor::code::RejectReason;
use green_corridor::quantity::{counted, grouped};
use green_corridor::runs::{RejectedRow, Rejects};
use green_corridor::text::{csv_cell, visible, write_json};
use green_corridor::{Engine, Error, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `rejects`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Run, published or failed [default: the last one if it failed and left rejects, else the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
}

/// Prints the codes.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let rejects = Engine::at(&args.out).rejects(args.run.as_deref())?;
    let id = &rejects.run_id;
    match args.format {
        TableFormat::Table => console.print(&table(id, &codes(&rejects)?))?,
        TableFormat::Csv => stream(
            console,
            &rejects,
            &csv_head(&rejects.carried()?),
            "",
            &mut csv_line,
        )?,
        TableFormat::Json => {
            let counts: BTreeMap<String, u64> = codes(&rejects)?
                .into_iter()
                .map(|(code, (n, _))| (code, n))
                .collect();
            let head = format!(
                "{{\"run_id\":{},\"counts\":{},\"rows\":[",
                serde_json::json!(id),
                serde_json::json!(counts)
            );
            let mut separator = "\n";
            let mut line = |row: &RejectedRow| {
                let mut text = std::mem::replace(&mut separator, ",\n").as_bytes().to_vec();
                write_json(&mut text, row)
                    .map_err(|e| Error::Internal(format!("cannot write JSON: {e}")))?;
                Ok(String::from_utf8_lossy(&text).into_owned())
            };
            stream(console, &rejects, &head, "\n]}\n", &mut line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes one line per row as it is read, so that a table of any size needs no memory.
fn stream(
    console: &Console,
    rejects: &Rejects,
    head: &str,
    tail: &str,
    line: &mut dyn FnMut(&RejectedRow) -> Result<String>,
) -> Result<()> {
    let mut fault = None;
    console.write(|out| {
        out.write_all(head.as_bytes())?;
        let mut written: io::Result<()> = Ok(());
        let read = rejects.each(&mut |row| match line(&row) {
            Ok(text) => {
                written = out.write_all(text.as_bytes());
                if written.is_ok() {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            }
            Err(error) => {
                fault = Some(error);
                ControlFlow::Break(())
            }
        });
        written?;
        match read {
            Ok(()) if fault.is_none() => out.write_all(tail.as_bytes()),
            Ok(()) => Ok(()),
            Err(error) => {
                fault = Some(error);
                Ok(())
            }
        }
    })?;
    fault.map_or(Ok(()), Err)
}

/// Number of rows and the first one, by code.
type Codes = BTreeMap<String, (u64, RejectedRow)>;

fn codes(rejects: &Rejects) -> Result<Codes> {
    let mut codes = Codes::new();
    rejects.each(&mut |row| {
        codes.entry(row.code.clone()).or_insert_with(|| (0, row)).0 += 1;
        ControlFlow::Continue(())
    })?;
    Ok(codes)
}

/// Count, title and an example per code. What was found is quoted: it comes from a stranger's file.
fn table(id: &str, codes: &Codes) -> String {
    let total: u64 = codes.values().map(|(n, _)| n).sum();
    let mut out = format!("run {id}: {} rejected\n", counted(total, "row"));
    for (code, (count, row)) in codes {
        let title = RejectReason::LIST
            .iter()
            .find(|(r, _)| r.code() == *code)
            .map_or("", |(_, title)| title);
        let _ = writeln!(out, "\n{code} {:>12}  {title}", grouped(&count.to_string()));
        let mut line = |name: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(out, "      {name:<10}{}", visible(value));
            }
        };
        line("example", &format!("{}:{}", row.file, row.row));
        line("column", &row.column);
        line("found", &row.value);
        line("wanted", &row.wanted);
        line("shipment", &row.shipment_id);
        line("movement", &row.movement_id);
        row.carried
            .iter()
            .for_each(|(name, value)| line(name, value));
    }
    out
}

fn csv_head(carried: &[&str]) -> String {
    let own = "file,row,code,column,value,wanted,shipment_id,movement_id";
    let carried = carried.iter().map(|name| format!(",{name}"));
    format!("{own}{}\n", carried.collect::<String>())
}

fn csv_line(row: &RejectedRow) -> Result<String> {
    let number = row.row.to_string();
    let cells = [
        &row.file,
        &number,
        &row.code,
        &row.column,
        &row.value,
        &row.wanted,
        &row.shipment_id,
        &row.movement_id,
    ]
    .into_iter()
    .chain(row.carried.values())
    .map(|c| csv_cell(c));
    Ok(cells.collect::<Vec<_>>().join(",") + "\n")
}
