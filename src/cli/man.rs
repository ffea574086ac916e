//! `man`: the manual page, one page for all commands, generated from the grammar.

use super::{Console, command};
use clap_mangen::Man;
use green_corridor::{Error, Result};
use std::process::ExitCode;

/// Arguments of `man`: none.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// What a shell script wants to know, in the usual order.
const EXIT_CODES: [(u8, &str); 13] = [
    (0, "done"),
    (2, "wrong use: arguments, run file, profile name"),
    (3, "an input file is unreadable, or there is no input"),
    (4, "more rows rejected than the run allows"),
    (5, "another run holds the output"),
    (6, "reading or writing the output failed"),
    (7, "verification failed"),
    (8, "memory or another limit does not suffice"),
    (9, "the factor library or the reference data are invalid"),
    (10, "published, but files were missing"),
    (70, "a fault of this program"),
    (130, "interrupted from the keyboard; nothing was published"),
    (143, "terminated; nothing was published"),
];

/// Prints the page.
pub(super) fn run(_: &Args, console: &Console) -> Result<ExitCode> {
    let page = page().map_err(|e| Error::Internal(format!("manual page: {e}")))?;
    console.write(|out| out.write_all(&page))?;
    Ok(ExitCode::SUCCESS)
}

fn page() -> std::io::Result<Vec<u8>> {
    let mut grammar = command();
    grammar.build();
    let main = Man::new(grammar.clone());
    let mut page = Vec::new();
    main.render_title(&mut page)?;
    main.render_name_section(&mut page)?;
    main.render_synopsis_section(&mut page)?;
    main.render_description_section(&mut page)?;
    main.render_options_section(&mut page)?;
    page.extend_from_slice(b".SH COMMANDS\n");
    for sub in grammar.get_subcommands().filter(|s| s.get_name() != "help") {
        chapter(sub, sub.get_name(), &mut page)?;
    }
    page.extend_from_slice(b".SH EXIT STATUS\n");
    for (code, meaning) in EXIT_CODES {
        page.extend_from_slice(format!(".TP\n.B {code}\n{meaning}\n").as_bytes());
    }
    main.render_version_section(&mut page)?;
    Ok(page)
}

/// One command, and those below it, as subsections.
fn chapter(command: &clap::Command, name: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    let nested: Vec<_> = command
        .get_subcommands()
        .filter(|s| s.get_name() != "help")
        .collect();
    if nested.is_empty() {
        let man = Man::new(command.clone().disable_help_flag(true));
        let mut sections = Vec::new();
        man.render_description_section(&mut sections)?;
        man.render_synopsis_section(&mut sections)?;
        man.render_options_section(&mut sections)?;
        page.extend_from_slice(format!(".SS {name}\n").as_bytes());
        // The sections of a page become paragraphs of a chapter.
        for line in String::from_utf8_lossy(&sections)
            .lines()
            .filter(|line| !line.starts_with(".ie") && !line.starts_with(".el"))
        {
            page.extend_from_slice(if line.starts_with(".SH") {
                b".PP"
            } else {
                line.as_bytes()
            });
            page.push(b'\n');
        }
    }
    for sub in nested {
        chapter(sub, &format!("{name} {}", sub.get_name()), page)?;
    }
    Ok(())
}
