//! Many questions at once: the pairs of a file, answered on all cores, told in the order of the file.

use super::{Args, Format, json, table};
use crate::cli::{Console, progress};
use green_corridor::files::{FileWriter, RealDisk};
use green_corridor::routing::{self, Changes, Comparison, PairPart, Routes, pairs_page};
use green_corridor::text::{visible_json, visible_lines};
use green_corridor::{Error, Level, Progress, Result};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Pairs that one page holds; each takes some 20 kB.
const MOST_ON_A_PAGE: usize = 2000;

/// What is asked, and under which changes.
type Worlds<'w> = (&'w Routes, Option<&'w Changes>);
/// What came of a pair.
type Answer = std::result::Result<Comparison, String>;

/// Answers every pair. A pair without an answer has a line that says why.
pub(super) fn run(path: &Path, args: &Args, worlds: Worlds, console: &Console) -> Result<ExitCode> {
    let pairs = routing::pairs(path)?;
    if args.format == Format::Html && pairs.len() > MOST_ON_A_PAGE {
        return Err(Error::Usage(format!(
            "--pairs: found {} pairs, expected at most {MOST_ON_A_PAGE} on one page; --format csv and json hold any number",
            pairs.len()
        )));
    }
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    progress.stage("compare", Some(pairs.len() as u64));
    let mut unanswered = 0;
    let written = match &args.to_file {
        Some(file) => {
            let mut out = FileWriter::create(&RealDisk, file)?;
            let outcome = write(
                &pairs,
                args,
                worlds,
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
                    worlds,
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
    (routes, changes): Worlds,
    progress: &dyn Progress,
    out: &mut dyn Write,
    unanswered: &mut usize,
) -> Result<()> {
    let storage = |e: std::io::Error| Error::Storage(e.to_string());
    let question = args.question.asked();
    if args.format == Format::Html {
        let tell = |from: &str, to: &str, answer: Answer| {
            progress.advance(1, 1);
            match answer {
                Ok(comparison) => (PairPart::new(&comparison.sheet), true),
                Err(why) => (PairPart::no_answer(from, to, &why), false),
            }
        };
        let mut parts = Vec::with_capacity(pairs.len());
        routes.compare_each((&question, changes), pairs, &tell, &mut |(
            part,
            is_answer,
        )| {
            *unanswered += !is_answer as usize;
            parts.push(part);
            Ok(())
        })?;
        return out
            .write_all(pairs_page(&parts).as_bytes())
            .map_err(storage);
    }
    if args.format == Format::Csv {
        out.write_all(Comparison::csv_head(changes.is_some()).as_bytes())
            .map_err(storage)?;
    }
    let has_changes = changes.is_some();
    let tell = |from: &str, to: &str, answer: Answer| {
        let text = answer.and_then(|comparison| one(&comparison, args.format));
        progress.advance(1, 1);
        text.map(|t| (t, true))
            .unwrap_or_else(|why| (no_answer(from, to, &why, (args.format, has_changes)), false))
    };
    routes.compare_each((&question, changes), pairs, &tell, &mut |(
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
        // A page is made of all answers together.
        Format::Html => comparison.page(),
    })
}

fn no_answer(from: &str, to: &str, why: &str, (format, has_changes): (Format, bool)) -> String {
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
        Format::Csv => Comparison::csv_no_answer(from, to, why, has_changes),
    }
}
