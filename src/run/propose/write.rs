//! The text of a proposed run file. Whatever comes from the export stands in it as a TOML text or in quotes on a line of a comment.

use super::Request;
use super::assign::{Assigned, Choice, REQUIRED};
use super::repeats::Repeats;
use super::settings::{Setting, Settings, toml};
use super::table::{Column, MOST_ROWS, Table, quoted};
use super::values::ValueFile;
use crate::input::mapping::OPEN;
use crate::input::survey::Held;
use crate::input::words::normal;
use crate::model::id::LocationCode;
use crate::model::unit::counted;
use crate::run::plan::free_name;

/// Longest line of a comment.
const WIDTH: usize = 110;

/// The run file, and its keys that are left open.
pub(super) struct RunFile {
    pub text: String,
    pub open: Vec<String>,
}

/// Writes it.
pub(super) fn run_file(
    request: &Request,
    table: &Table,
    assigned: &Assigned,
    settings: &Settings,
    values: &[ValueFile],
    repeats: &Repeats,
) -> RunFile {
    let mut file = Writer::default();
    file.head(request, table);
    file.columns(table, assigned, settings);
    file.values(values);
    for name in ["formats", "csv", "xlsx"] {
        let keys: Vec<&Setting> = settings.keys.iter().filter(|s| s.table == name).collect();
        file.settings(name, &keys);
    }
    file.duplicates(repeats);
    file.last(table, assigned);
    RunFile {
        text: file.text,
        open: file.open,
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    open: Vec<String>,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn comment(&mut self, text: &str) {
        let mut line = String::from("#");
        for word in text.split(' ') {
            if line.chars().count() + word.chars().count() >= WIDTH && line != "#" {
                self.line(&std::mem::replace(&mut line, String::from("#  ")));
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    fn question(&mut self, table: &str, key: &str, why: &str, value: &str) {
        self.comment(&format!("QUESTION: {why}"));
        self.line(&format!("{key} = {value}"));
        self.open.push(format!("{table}.{key}"));
    }

    fn head(&mut self, request: &Request, table: &Table) {
        let rows = match table.is_cut {
            true => format!("the first {MOST_ROWS} rows"),
            false => counted(table.rows, "row"),
        };
        self.comment(&format!(
            "A run file proposed by `green-corridor init --from`, after looking at {rows} in {}. Read it before you run it: a line is what the files show, a comment behind QUESTION is what they leave open. A run is refused while any value is {OPEN:?}. Keys and columns: docs/formats.md, \"Run file\" and \"Movement records\".",
            counted(table.files, "file")
        ));
        for note in &table.notes {
            self.comment(&format!("NOTE: {}", escaped(note)));
        }
        self.line("");
        let list: Vec<String> = request.movements.iter().map(|m| toml(m)).collect();
        self.line(&format!("movements = [{}]", list.join(", ")));
        for (key, value) in [
            ("factors", request.factors),
            ("reference", request.reference),
            ("out", request.out),
        ] {
            self.line(&format!("{key} = {}", toml(value)));
        }
    }

    fn columns(&mut self, table: &Table, assigned: &Assigned, settings: &Settings) {
        self.line("\n[columns] # ours = theirs");
        for (ours, choice) in &assigned.choices {
            if let Some(why) = settings.asks_for(ours, choice) {
                self.question("columns", ours, why, &toml(OPEN));
                continue;
            }
            match choice {
                Choice::One { at, passed, .. } => {
                    let has_status = assigned.one("record_status").is_some();
                    self.column(ours, *at, passed, table, has_status);
                }
                Choice::Several(list) => {
                    let described = list.iter().map(|(at, _)| described(&table.columns[*at]));
                    let why = format!(
                        "which of them is {ours}: {}?",
                        described.collect::<Vec<_>>().join(" or ")
                    );
                    self.question("columns", ours, &why, &toml(OPEN));
                }
                Choice::None if REQUIRED.contains(ours) => {
                    self.question("columns", ours, &missing(ours), &toml(OPEN));
                }
                Choice::None => {}
            }
        }
        let unread: Vec<&Column> = (table.columns.iter().enumerate())
            .filter(|(at, _)| !assigned.names(*at))
            .map(|(_, column)| column)
            .collect();
        if !unread.is_empty() {
            self.comment("Columns of the export that are not read:");
        }
        for column in &unread {
            let hint = hint(column).map_or_else(String::new, |hint| format!("; {hint}"));
            self.comment(&format!("  {}{hint}", described(column)));
        }
        self.carry(&unread);
    }

    /// How columns that no figure needs are kept: the first of them as an example.
    fn carry(&mut self, unread: &[&Column]) {
        let mut shown = unread.iter().filter_map(|column| {
            let name = own_name(&column.name)?;
            Some(format!("# {name} = {}", toml(&column.name)))
        });
        let Some(first) = shown.next() else {
            return;
        };
        self.comment("One that says whose a shipment is (customer, order, cost centre) can stand beside every figure, and reports can be cut by it (docs/formats.md, \"Carried columns\"):");
        self.line("# [carry] # ours = theirs");
        self.line(&first);
    }

    fn column(
        &mut self,
        ours: &str,
        at: usize,
        passed: &[(usize, &str)],
        table: &Table,
        has_status: bool,
    ) {
        let column = &table.columns[at];
        for (other, why) in passed {
            let other = quoted(&table.columns[*other].name);
            self.comment(&format!("{other} could be {ours}, too; passed over: {why}"));
        }
        if column.files < table.files {
            self.comment(&format!(
                "NOTE: {} is not in {} of {}; a run needs the columns that it names in every file",
                quoted(&column.name),
                table.files - column.files,
                counted(table.files, "file")
            ));
        }
        let odd = column
            .values
            .iter()
            .filter(|(cell, _)| matches!(cell.held, Held::Otherwise | Held::Other));
        let odd: u64 = odd.map(|(_, count)| count).sum();
        if odd > 0 {
            self.comment(&format!(
                "NOTE: {} of {} with a list, an object or an error, or shown otherwise than it would be read; a run rejects such rows",
                counted(odd, "cell"),
                quoted(&column.name)
            ));
        }
        let empty = table.rows.saturating_sub(column.filled);
        if empty > 0 && REQUIRED.contains(&ours) {
            let but = match has_status {
                true => ", unless they cancel a movement",
                false => "",
            };
            let rows = counted(empty, "row");
            self.comment(&format!(
                "NOTE: empty in {rows}, which a run rejects (R001){but}"
            ));
        }
        if let Some(note) = doubt(ours, &column.name) {
            self.comment(&format!("NOTE: {note}"));
        }
        self.line(&format!("{ours} = {}", toml(&column.name)));
    }

    fn values(&mut self, values: &[ValueFile]) {
        for file in values {
            self.line("");
            if let Some(note) = &file.note {
                self.comment(note);
            }
            if file.open > 0 {
                self.comment(&format!(
                    "QUESTION: {} of {} codes in the file begin with {OPEN:?}; fill them in there, confirm by removing the {OPEN:?}, leave the code empty where the value means nothing, or take the line out to let the value pass as it is",
                    file.open,
                    file.rows.len()
                ));
            }
            self.line(&format!("[values.{}]", file.column));
            self.line(&format!("file = {}", toml(&file.name())));
        }
    }

    fn settings(&mut self, name: &str, keys: &[&Setting]) {
        if keys.is_empty() {
            return;
        }
        self.line(&format!("\n[{name}]"));
        for setting in keys {
            match (&setting.value, &setting.comment) {
                (Some(value), comment) => {
                    if let Some(comment) = comment {
                        self.comment(comment);
                    }
                    self.line(&format!("{} = {value}", setting.key));
                }
                (None, why) => {
                    let value = match setting.key.starts_with("timestamp") {
                        true => format!("[{}]", toml(OPEN)),
                        false => toml(OPEN),
                    };
                    self.question(
                        name,
                        &setting.key,
                        why.as_deref().unwrap_or_default(),
                        &value,
                    );
                }
            }
        }
    }

    fn duplicates(&mut self, repeats: &Repeats) {
        if *repeats == Repeats::default() {
            return;
        }
        self.line("");
        if repeats.in_one_file > 0 {
            self.comment(&format!(
                "NOTE: the same file names a shipment and movement again, with other values, in {}. Without recorded_at a run rejects both (R009): is movement_id the right column?",
                counted(repeats.in_one_file, "row")
            ));
        }
        if repeats.across_files > 0 {
            self.comment(&format!(
                "NOTE: another file names a shipment and movement again, with other values, in {}. Without recorded_at a run rejects both (R009), unless the later file wins (docs/formats.md, \"Duplicates\"):",
                counted(repeats.across_files, "row")
            ));
            self.comment("[duplicates]");
            self.comment("later_file_wins = \"path\"");
        }
    }

    /// What no column fills, as far as figures depend on it.
    fn last(&mut self, table: &Table, assigned: &Assigned) {
        let lacks = |ours: &str| {
            let choice = assigned.choices.iter().find(|(column, _)| *column == ours);
            choice.is_some_and(|(_, choice)| *choice == Choice::None)
        };
        self.line("");
        self.comment("[constants]                  fills a column that the export lacks");
        for (ours, what) in [
            ("cargo_mass_kg", "masses are then assumed from TEU (Q01)"),
            ("container_type", "TEU and refrigeration are then unknown"),
            (
                "distance_km",
                "distances are then looked up or computed (Q02, Q03)",
            ),
            ("carrier", "factors of a carrier never apply"),
            ("load_status", "every box counts as laden"),
            ("temperature", "the container type decides (Q24)"),
            ("arrived_at", "durations and speeds are not checked"),
            ("sequence", "chains go by time (Q21)"),
        ] {
            if lacks(ours) {
                self.comment(&format!("no column for {ours}: {what}"));
            }
        }
        if table.rows == 0 {
            self.comment("NOTE: there is no row in the export");
        }
    }
}

/// A head as the name of a carried column; `None`: nothing of it can be.
fn own_name(head: &str) -> Option<String> {
    let mut name = String::new();
    for c in head.to_lowercase().chars() {
        match c {
            'a'..='z' => name.push(c),
            '0'..='9' if !name.is_empty() => name.push(c),
            _ if !name.is_empty() && !name.ends_with('_') => name.push('_'),
            _ => {}
        }
    }
    let name = name.trim_end_matches('_').to_owned();
    free_name(&name).is_ok().then_some(name)
}

/// Notes hold texts of the export.
fn escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c.is_control() {
            true => c.escape_default().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect()
}

fn described(column: &Column) -> String {
    format!("{} ({})", quoted(&column.name), column.examples())
}

fn missing(ours: &str) -> String {
    let what = match ours {
        "movement_id" => {
            "no column is known to number the movements of a shipment. Name it; if every row is a shipment of its own, name the column of shipment_id here, too"
        }
        "shipment_id" => {
            "no column is known to name the shipment. Name the one that all movements of a shipment share"
        }
        "mode" => {
            "no column is known to name the mode of transport. Name it, or take this line out and write mode = \"road\" (or rail, sea, inland_waterway, air) under [constants] if the export has one mode only"
        }
        "departed_at" => "no column is known to hold the departure. Name it",
        _ => {
            "no column is known to name the place. Name it, or take this line out and write a UN/LOCODE under [constants] if it is always the same"
        }
    };
    what.to_owned()
}

/// What a head says that a person should think of.
fn doubt(ours: &str, head: &str) -> Option<&'static str> {
    let head = normal(head);
    let says = |words: &[&str]| words.iter().any(|word| head.contains(word));
    match ours {
        "cargo_mass_kg" if says(&["net", "neto", "netto", "净", "liquido", "нетто"]) => {
            Some("a net weight lacks the packaging, which belongs to the cargo mass")
        }
        "departed_at" | "arrived_at"
            if says(&["etd", "eta", "estimated", "planned", "plan", "soll", "预计"]) =>
        {
            Some("a planned time; the day of departure decides which factors apply")
        }
        _ => None,
    }
}

/// What the cells of a column look like.
fn hint(column: &Column) -> Option<&'static str> {
    let texts: Vec<&str> = column.texts().into_iter().map(|(text, _)| text).collect();
    let all = |is: &dyn Fn(&str) -> bool| !texts.is_empty() && texts.iter().all(|text| is(text));
    let is_container = |text: &str| {
        let plain: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
        plain.len() == 11
            && plain[..4].iter().all(u8::is_ascii_uppercase)
            && plain[4..].iter().all(u8::is_ascii_digit)
    };
    if all(&|text| LocationCode::parse(text.as_bytes()).is_some()) {
        return Some("UN/LOCODEs?");
    }
    if all(&is_container) {
        return Some("container numbers?");
    }
    None
}
