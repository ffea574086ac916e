//! Many questions at once: the pairs of a file, answered on all cores, told in the order of the file.

use super::load::Loaded;
use super::{Args, Format, ask, csv, json, table};
use crate::cli::{Console, progress};
use green_corridor::error::{Error, Result};
use green_corridor::escape::{visible_json, visible_lines};
use green_corridor::factors::DataFile;
use green_corridor::present::comparison::sheet::Sheet;
use green_corridor::progress::{Level, Progress};
use green_corridor::routes::answer::answer;
use green_corridor::routes::pairs::pairs;
use green_corridor::run::prepare::library_error;
use green_corridor::store::disk::RealDisk;
use green_corridor::store::files::FileWriter;
use green_corridor::store::reference::read_named;
use rayon::prelude::*;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Pairs that are answered before they are written.
const CHUNK: usize = 256;

/// Answers every pair. A pair without an answer has a line that says why.
pub(super) fn run(
    path: &Path,
    args: &Args,
    loaded: &Loaded,
    console: &Console,
) -> Result<ExitCode> {
    let pairs = read_pairs(path)?;
    let progress = progress::for_run(args.progress.unwrap_or_default(), *console);
    progress.stage("compare", Some(pairs.len() as u64));
    let mut unanswered = 0;
    let written = match &args.to_file {
        Some(file) => {
            let mut out = FileWriter::create(&RealDisk, file)?;
            let outcome = write(
                &pairs,
                args,
                loaded,
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
                    loaded,
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

fn read_pairs(path: &Path) -> Result<Vec<(String, String)>> {
    let file =
        read_named(path, &path.display().to_string()).map_err(|e| Error::Input(e.to_string()))?;
    let file = DataFile {
        path: file.path,
        bytes: file.bytes,
    };
    pairs(&file).map_err(|faults| Error::Input(library_error(&faults).to_string()))
}

fn write(
    pairs: &[(String, String)],
    args: &Args,
    loaded: &Loaded,
    progress: &dyn Progress,
    out: &mut dyn Write,
    unanswered: &mut usize,
) -> Result<()> {
    let storage = |e: std::io::Error| Error::Storage(e.to_string());
    if args.format == Format::Csv {
        out.write_all(csv::header(false).as_bytes())
            .map_err(storage)?;
    }
    for chunk in pairs.chunks(CHUNK) {
        let answers: Vec<(String, bool)> = chunk
            .par_iter()
            .map(|(from, to)| {
                let text = one(from, to, args, loaded);
                progress.advance(1, 1);
                text.map(|t| (t, true))
                    .unwrap_or_else(|why| (no_answer(from, to, &why, args.format), false))
            })
            .collect();
        for (text, is_answer) in answers {
            *unanswered += !is_answer as usize;
            out.write_all(text.as_bytes()).map_err(storage)?;
        }
    }
    Ok(())
}

fn one(from: &str, to: &str, args: &Args, loaded: &Loaded) -> std::result::Result<String, String> {
    let told = |e: Error| e.to_string();
    let request = ask::request(&args.question, from, to, loaded).map_err(told)?;
    let network = loaded.network(&request);
    let answer = answer(loaded.world(&network, None), &request).map_err(|e| e.to_string())?;
    let sheet = Sheet::new(&answer, &request, &loaded.reference, &args.data.profile);
    Ok(match args.format {
        Format::Table => visible_lines(&table::text(&sheet)).into_owned() + "\n",
        Format::Json => json(&sheet, false).map_err(told)?,
        Format::Csv => csv::rows(&sheet),
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
        Format::Csv => csv::no_answer(from, to, why),
    }
}
