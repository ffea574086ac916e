//! `verify OUT [RUN]`: digests, counts and sums of a published run, from its files alone.

use super::args::path;
use super::{Console, engine_at, progress};
use green_corridor::quantity::{NANO_SCALE, counted, decimal_text, grouped};
use green_corridor::runs::Inputs;
use green_corridor::{ProgressMode, Result};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Run to check [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Also compute every element again from the published inputs and factors
    #[arg(long)]
    pub recalculate: bool,
    /// Also compare the input files: the folder that their names begin from, which is that of the run file
    #[arg(long, value_name = "FOLDER", value_parser = path())]
    pub inputs: Option<PathBuf>,
}

fn inputs_text(inputs: &Inputs) -> String {
    let Inputs {
        same,
        others,
        absent,
    } = inputs;
    let were = if *same == 1 { "it was" } else { "they were" };
    let mut text = format!("{} as {were} read", counted(*same as u64, "input file"));
    if *absent > 0 {
        text += &format!(", {absent} not found; --inputs FOLDER says where they are");
    }
    for what in others {
        text += &format!("\ninput changed since: {what}");
    }
    text + "\n"
}

/// Checks the run; exit 7 when anything differs.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let progress = progress::for_run(ProgressMode::Auto, *console);
    let engine = engine_at(&args.out, &progress)?;
    let verified = engine.verify(
        args.run.as_deref(),
        args.recalculate,
        args.inputs.as_deref(),
    );
    progress.end();
    let v = verified?;
    let mut text = format!(
        "run {}: {} as published\n{} = {} = corridors = sections = factors: {} kg CO2e\n",
        v.run_id,
        counted(v.files as u64, "file"),
        counted(v.elements, "element"),
        counted(v.shipments, "shipment"),
        grouped(&decimal_text(v.total, NANO_SCALE))
    );
    if args.recalculate {
        text.push_str(&format!(
            "{} computed again, all equal\n",
            counted(v.recalculated, "element")
        ));
    }
    text.push_str(&inputs_text(&v.inputs));
    console.print(&text)?;
    Ok(ExitCode::SUCCESS)
}
