//! Many questions at once: the pairs of a file, answered on all cores, told in the order of the file.

use super::{Args, Format, json, table};
use crate::cli::{Console, progress};
use green_corridor::files::{FileWriter, RealDisk};
use green_corridor::routing::{self, Comparison, Routes};
use green_corridor::text::{visible_json, visible_lines};
use green_corridor::{Error, Level, Progress, Result};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Answers every pair. A pair without an answer has a line that says why.
pub(super) fn run(
    path: &Path,
    args: &Args,
    routes: &Routes,
    console: &Console,
) -> Result<ExitCode> {
    let pairs = routing::pairs(path)?;
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    progress.stage("compare", Some(pairs.len() as u64));
    let mut unanswered = 0;
    let written = match &args.to_file {
        Some(file) => {
            let mut out = FileWriter::create(&RealDisk, file)?;
            let outcome = write(
                &pairs,
                args,
                routes,
                progress.as_ref(),
                &mut out,
                &mut unanswered,
            );
            outcome.and_then(|()| out.finish())
        }
        None => {
            let mut outcome = Ok(());
            console.write(|out| {
                outcome = write(
                    &pairs,
                    args,
                    routes,
                    progress.as_ref(),
                    out,
                    &mut unanswered,
                );
                Ok(())
            })?;
            outcome
        }
    };
    progress.end();
    written?;
    if unanswered > 0 {
        console.message(
            Level::Warning,
            &format!(
                "{unanswered} of {} pairs have no answer; their lines say why",
                pairs.len()
            ),
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn write(
    pairs: &[(String, String)],
    args: &Args,
    routes: &Routes,
    progress: &dyn Progress,
    out: &mut dyn Write,
    unanswered: &mut usize,
) -> Result<()> {
    let storage = |e: std::io::Error| Error::Storage(e.to_string());
    if args.format == Format::Csv {
        out.write_all(Comparison::csv_head(false).as_bytes())
            .map_err(storage)?;
    }
    let tell = |from: &str, to: &str, answer: std::result::Result<Comparison, String>| {
        let text = answer.and_then(|comparison| one(&comparison, args.format));
        progress.advance(1, 1);
        text.map(|t| (t, true))
            .unwrap_or_else(|why| (no_answer(from, to, &why, args.format), false))
    };
    routes.compare_each(&args.question.asked(), pairs, &tell, &mut |(
        text,
        is_answer,
    )| {
        *unanswered += !is_answer as usize;
        out.write_all(text.as_bytes()).map_err(storage)
    })
}

fn one(comparison: &Comparison, format: Format) -> std::result::Result<String, String> {
    Ok(match format {
        Format::Table => visible_lines(&table::text(&comparison.sheet)).into_owned() + "\n",
        Format::Json => json(comparison, false).map_err(|e| e.to_string())?,
        Format::Csv => comparison.csv_rows(),
        Format::Html => return Err("a page shows one pair".to_owned()),
    })
}

fn no_answer(from: &str, to: &str, why: &str, format: Format) -> String {
    match format {
        Format::Table | Format::Html => {
            visible_lines(&format!("{from} - {to}: {why}\n\n")).into_owned()
        }
        Format::Json => {
            let answer = format!(
                "{}\n",
                serde_json::json!({"request": {"from": from, "to": to}, "options": [], "error": why})
            );
            visible_json(&answer).into_owned()
        }
        Format::Csv => Comparison::csv_no_answer(from, to, why),
    }
}
