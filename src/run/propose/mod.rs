//! A run file proposed for somebody's own export (`init --from`): what its files show, and questions where they do not.
//!
//! A run guesses nothing. So what is proposed is written out where a person reads it, and what the files leave open is a question mark with which a
//! run is refused. Nothing is opened here: files come in open, and what is written goes back to the caller.

mod assign;
pub(crate) mod beside;
mod form;
mod numbers;
mod repeats;
mod settings;
mod table;
mod times;
mod values;
mod write;

use crate::error::Result;
use crate::input::SourceFile;
use crate::input::words::Words;
use crate::reference::{ContainerTypes, DataFile, ModeAliases, Places};
use assign::assign;
use form::Form;
use settings::Settings;
use table::Table;
use values::{Known, ValueFile};

/// Files of the reference folder that a proposal is made with, in this order.
pub(crate) const DATA: [&str; 4] = [
    "mode_aliases.csv",
    "containers.csv",
    "locations.csv",
    "export_words.csv",
];

/// What a proposal is made from.
pub(crate) struct Request<'r> {
    /// The export.
    pub files: Vec<SourceFile>,
    /// How the run file names it.
    pub movements: &'r [String],
    /// How the run file names library, reference folder and output root.
    pub factors: &'r str,
    pub reference: &'r str,
    pub out: &'r str,
    /// The files of [`DATA`].
    pub data: [&'r [u8]; 4],
}

/// A proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Files by their path below the folder of the run file: the run file first, then those of `[values]`.
    pub files: Vec<(String, String)>,
    /// Columns of ours that columns of the export fill.
    pub columns: Vec<(&'static str, String)>,
    /// Keys of the run file that are left open.
    pub open: Vec<String>,
    /// Codes to fill in, by file.
    pub open_codes: Vec<(String, usize)>,
    /// Rows that were looked at.
    pub rows: u64,
}

/// The name of the run file.
pub const RUN_FILE: &str = "run.toml";

/// Proposes a run file.
pub(crate) fn propose(request: &Request) -> Result<Proposal> {
    let [aliases, containers, places, words] = request.data;
    let words = Words::parse(words, DATA[3])?;
    let file = |at: usize, bytes: &[u8]| DataFile::new(DATA[at], bytes);
    // Faults of these files are told by the run that reads them.
    let known = Known::new(
        ModeAliases::parse(&file(0, aliases)).0,
        ContainerTypes::parse(&file(1, containers)).0,
        Places::parse([&file(2, places)]).0,
        &words,
    );
    let mut table = Table::default();
    let mut forms = Vec::new();
    for source in &request.files {
        let mut form = Form::of(source, &words)?;
        table.take(source, &mut form)?;
        forms.push(form);
    }
    let assigned = assign(&table, &words);
    let settings = Settings::of(&request.files, &forms, &table, &assigned, &words);
    let mut values = values::propose(&table, &assigned, &known);
    values.extend(settings.words.iter().cloned());
    let repeats = repeats::count(&request.files, &forms, &table, &assigned)?;
    let run_file = write::run_file(request, &table, &assigned, &settings, &values, &repeats);
    let open_codes = values.iter().filter(|file| file.open > 0);
    let open_codes = open_codes.map(|file| (file.name(), file.open)).collect();
    let columns = (assigned.choices.iter())
        .filter_map(|(ours, _)| {
            let (at, _) = assigned.one(ours)?;
            Some((*ours, table.columns[at].name.clone()))
        })
        .collect();
    let files = std::iter::once((RUN_FILE.to_owned(), run_file.text))
        .chain(
            values
                .iter()
                .map(|file: &ValueFile| (file.name(), file.text())),
        )
        .collect();
    Ok(Proposal {
        files,
        columns,
        open: run_file.open,
        open_codes,
        rows: table.rows,
    })
}
