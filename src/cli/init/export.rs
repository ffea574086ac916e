//! `init --from FILE`: a run file for somebody's own export, proposed beside the library and the reference data that it names.

use super::shell_word;
use crate::cli::Console;
use green_corridor::Result;
use green_corridor::proposal::{Proposed, RUN_FILE, propose_in};
use green_corridor::quantity::counted;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Proposes a run file in `dir` and tells what is open.
pub(super) fn run(dir: &Path, from: &[String], console: &Console) -> Result<ExitCode> {
    let proposed = propose_in(dir, from)?;
    console.print(&summary(dir, &proposed))?;
    Ok(ExitCode::SUCCESS)
}

fn summary(dir: &Path, proposed: &Proposed) -> String {
    let proposal = &proposed.proposal;
    let mut text = format!(
        "Looked at {} in {}.\n",
        counted(proposal.rows, "row"),
        counted(proposed.looked_at as u64, "file")
    );
    for (ours, theirs) in &proposal.columns {
        let _ = writeln!(text, "  {ours:<24} {theirs:?}");
    }
    let _ = writeln!(text, "Written to {}:", dir.display());
    for (path, _) in &proposal.files {
        let open = match proposal.open_codes.iter().find(|(file, _)| file == path) {
            Some((_, count)) => format!("  {} to fill in", counted(*count as u64, "code")),
            None if path == RUN_FILE && !proposal.open.is_empty() => {
                format!("  {}", counted(proposal.open.len() as u64, "question"))
            }
            None => String::new(),
        };
        let _ = writeln!(text, "  {path}{open}");
    }
    if proposed.with_data {
        text.push_str("  emission_factors, data  the factor library and the reference data\n");
    }
    for key in &proposal.open {
        let _ = writeln!(text, "open: {key}");
    }
    let run_file = shell_word(&dir.join(RUN_FILE).display().to_string());
    let next = match proposal.open.is_empty() && proposal.open_codes.is_empty() {
        true => "read it, then",
        false => "answer what is open (a run is refused until then), then",
    };
    let _ = writeln!(text, "Next: {next} green-corridor run {run_file} --dry-run");
    text
}
