//! `factors check|list|show`: questions about a factor library, before a run depends on it.

use super::Console;
use super::args::TableFormat;
use super::table::Table;
use crate::error::{Error, Result};
use crate::factors::{DataFile, EmissionFactor, FactorSet, Fault, QUANTITY_SCALE, Severity, conversion};
use crate::model::time::{Day, NO_END, date_text, parse_date};
use crate::model::unit::{NANO_SCALE, SHARE_SCALE, decimal_text, parse_decimal};
use crate::pipeline::prepare::library_error;
use crate::reference::Reference;
use crate::store::reference::{RUN_DATA, ReferenceFile, read_data, read_library};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `factors`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What `factors` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Report every fault of a library with file, line and column
    Check(Library),
    /// List the factors of a profile
    List(List),
    /// Show one factor with its source, edition and licence
    Show(Show),
}

/// Which library and profile.
#[derive(Debug, clap::Args)]
pub struct Library {
    /// Factor library
    #[arg(long, value_name = "DIR", default_value = "emission_factors")]
    pub factors: PathBuf,
    /// Folder of zones and places that regions may name
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub reference: PathBuf,
    /// Profile [default: check takes all of them, list and show take "open"]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Arguments of `factors list`.
#[derive(Debug, clap::Args)]
pub struct List {
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
    /// Only this operation, or the operations that start so
    #[arg(long, value_name = "CODE")]
    pub operation: Option<String>,
    /// Only factors valid on this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub on: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: TableFormat,
}

/// Arguments of `factors show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Full name, source/edition:factor_id
    #[arg(value_name = "FACTOR")]
    pub factor: String,
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
}

/// Answers the question; exit 9 when the library has faults.
pub fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    match &args.action {
        Action::Check(library) => check(library, console),
        Action::List(args) => list(args, console),
        Action::Show(args) => show(args, console),
    }
}

/// Profile of `list` and `show` unless another is named.
const DEFAULT_PROFILE: &str = "open";
/// Data for route options, which no run reads but `check` does.
const SERVICES: &str = "services.csv";
/// How many factors are named when one is not found.
const NEAREST: usize = 5;

/// The folders of a library, read.
struct Files {
    library: Vec<DataFile>,
    data: Vec<DataFile>,
}

impl Files {
    fn read(args: &Library, names: &[&str]) -> Result<Files> {
        let as_data = |files: Vec<ReferenceFile>| files.into_iter().map(|f| DataFile::new(f.path, f.bytes)).collect();
        Ok(Files { library: as_data(read_library(&args.factors)?), data: as_data(read_data(&args.reference, names)?) })
    }

    /// Names of the profiles, ascending.
    fn profiles(&self) -> Vec<&str> {
        let named = self.library.iter().filter_map(|f| f.path.strip_prefix("profiles/")?.strip_suffix(".toml"));
        let mut names: Vec<&str> = named.collect();
        names.sort_unstable();
        names
    }

    /// Refuses a profile that is not there.
    fn known(&self, profile: &str) -> Result<()> {
        let names = self.profiles();
        if names.contains(&profile) || names.is_empty() {
            return Ok(());
        }
        Err(Error::Usage(format!("--profile \"{profile}\": expected one of {}", names.join(", "))))
    }

    fn load(&self, profile: &str) -> std::result::Result<(Reference, Vec<Fault>), Vec<Fault>> {
        Reference::load(&self.library, profile, &self.data, &[])
    }
}

/// Factors of the profile that the arguments name.
fn factors_of(args: &Library) -> Result<FactorSet> {
    let files = Files::read(args, &RUN_DATA)?;
    let profile = args.profile.as_deref().unwrap_or(DEFAULT_PROFILE);
    files.known(profile)?;
    files.load(profile).map(|(reference, _)| reference.factors).map_err(|faults| library_error(&faults))
}

fn check(args: &Library, console: &Console) -> Result<ExitCode> {
    let names: Vec<&str> = RUN_DATA.into_iter().chain([SERVICES]).collect();
    let files = Files::read(args, &names)?;
    let profiles = match (&args.profile, files.profiles()) {
        (Some(profile), _) => {
            files.known(profile)?;
            vec![profile.as_str()]
        }
        // Loading the profile that is not there says so.
        (None, none) if none.is_empty() => vec![DEFAULT_PROFILE],
        (None, all) => all,
    };
    let mut report = Report::default();
    for profile in profiles {
        match files.load(profile) {
            Ok((reference, faults)) => report.add(profile, Some(reference.factors.factors.len()), faults),
            Err(faults) => report.add(profile, None, faults),
        }
    }
    console.print(&report.text())?;
    match report.errors.len() {
        0 => Ok(ExitCode::SUCCESS),
        errors => Err(Error::Library(format!("{} in {}", counted(errors, "error"), args.factors.display()))),
    }
}

/// What `check` found: each fault once, though several profiles share it.
#[derive(Default)]
struct Report {
    seen: HashSet<(Severity, String)>,
    errors: Vec<String>,
    warnings: Vec<String>,
    /// A line per profile.
    counts: Vec<String>,
}

impl Report {
    /// Adds a profile; without a number of factors where it does not load.
    fn add(&mut self, profile: &str, factors: Option<usize>, faults: Vec<Fault>) {
        let errors = faults.iter().filter(|f| f.severity == Severity::Error).count();
        let factors = factors.map_or("not loaded".to_owned(), |n| counted(n, "factor"));
        let (wrong, odd) = (counted(errors, "error"), counted(faults.len() - errors, "warning"));
        self.counts.push(format!("{profile}: {factors}, {wrong}, {odd}"));
        for fault in faults {
            let text = plain(&fault.to_string());
            if self.seen.insert((fault.severity, text.clone())) {
                match fault.severity {
                    Severity::Error => self.errors.push(text),
                    Severity::Warning => self.warnings.push(text),
                }
            }
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (head, lines) in [("errors", &self.errors), ("warnings", &self.warnings)] {
            if !lines.is_empty() {
                let _ = write!(out, "{head}\n{}\n\n", lines.join("\n"));
            }
        }
        out + &self.counts.join("\n") + "\n"
    }
}

/// A number of things, `1 error` or `2 errors`.
fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Columns of `list`; `>`: to the right.
const COLUMNS: [&str; 13] = [
    "id",
    "operation",
    "energy_carrier",
    "region",
    "carrier",
    "temperature",
    "per",
    ">operation_g",
    ">provision_g",
    "valid_from",
    "valid_to",
    "gwp_set",
    "licence",
];
/// The table for a terminal goes without the last one.
const TABLE_COLUMNS: usize = COLUMNS.len() - 1;

fn list(args: &List, console: &Console) -> Result<ExitCode> {
    let day = args
        .on
        .as_deref()
        .map(|text| parse_date(text).ok_or_else(|| Error::Usage(format!("--on \"{text}\": expected a date, YYYY-MM-DD"))));
    let day = day.transpose()?;
    let set = factors_of(&args.library)?;
    if let Some(prefix) = args.operation.as_deref()
        && !set.operations.iter().any(|o| o.code.starts_with(prefix))
    {
        let codes: Vec<&str> = set.operations.iter().map(|o| &*o.code).collect();
        return Err(Error::Usage(format!("--operation \"{prefix}\": expected one of {}, or how some begin", codes.join(", "))));
    }
    let wanted = |f: &&EmissionFactor| {
        let starts = |prefix: &str| f.operation.is_some_and(|o| set.operations[o as usize].code.starts_with(prefix));
        args.operation.as_deref().is_none_or(starts) && day.is_none_or(|d| f.valid_from <= d && d < f.valid_to)
    };
    let rows: Vec<[String; COLUMNS.len()]> = set.factors.iter().filter(wanted).map(|f| cells(&set, f)).collect();
    console.print(&match args.format {
        TableFormat::Table => table_text(&rows),
        TableFormat::Csv => csv_text(&rows),
        TableFormat::Json => json_text(&rows),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A factor as cells of [`COLUMNS`]; empty: absent.
fn cells(set: &FactorSet, f: &EmissionFactor) -> [String; COLUMNS.len()] {
    [
        f.id.to_string(),
        operation(set, f).to_owned(),
        f.energy_carrier.to_string(),
        f.region.to_string(),
        f.carrier.to_string(),
        f.temperature.code().to_owned(),
        f.per.code().to_owned(),
        decimal_text(f.intensity_operation.into(), NANO_SCALE),
        decimal_text(f.intensity_provision.into(), NANO_SCALE),
        date_text(f.valid_from),
        end(f.valid_to),
        f.gwp_set.code().to_owned(),
        f.licence.to_string(),
    ]
}

fn operation<'s>(set: &'s FactorSet, f: &EmissionFactor) -> &'s str {
    f.operation.map_or("", |o| &*set.operations[o as usize].code)
}

/// First day after the validity; empty: until further notice.
fn end(day: Day) -> String {
    if day == NO_END { String::new() } else { date_text(day) }
}

fn head(column: &str) -> &str {
    column.trim_start_matches('>')
}

fn table_text(rows: &[[String; COLUMNS.len()]]) -> String {
    let mut table = Table::new(&COLUMNS[..TABLE_COLUMNS]);
    for row in rows {
        table.row(row[..TABLE_COLUMNS].iter().map(|cell| plain(cell)).collect());
    }
    table.text()
}

fn csv_text(rows: &[[String; COLUMNS.len()]]) -> String {
    let line = |cells: &[String]| cells.iter().map(|c| csv_cell(c)).collect::<Vec<_>>().join(",") + "\n";
    let heads = COLUMNS.map(|c| head(c).to_owned());
    std::iter::once(&heads).chain(rows).map(|row| line(row)).collect()
}

/// A cell as CSV, with an apostrophe in front where a spreadsheet would take it for a formula.
fn csv_cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && parse_decimal(text, QUANTITY_SCALE).is_none();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// An array of objects, one a line; decimals are texts, so that no reader rounds them, and what is absent is null.
fn json_text(rows: &[[String; COLUMNS.len()]]) -> String {
    let value = |cell: &str| if cell.is_empty() { serde_json::Value::Null } else { cell.into() };
    let object = |row: &[String; COLUMNS.len()]| {
        let pairs: Vec<String> = COLUMNS.iter().zip(row).map(|(c, cell)| format!("\"{}\":{}", head(c), value(cell))).collect();
        format!("{{{}}}", pairs.join(","))
    };
    let objects: Vec<String> = rows.iter().map(object).collect();
    if objects.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", objects.join(",\n")) }
}

fn show(args: &Show, console: &Console) -> Result<ExitCode> {
    let set = factors_of(&args.library)?;
    let factor = set.factors.iter().find(|f| *f.id == *args.factor).ok_or_else(|| {
        let near = nearest(&args.factor, set.factors.iter().map(|f| &*f.id));
        Error::Usage(format!("\"{}\": no such factor in the profile; nearest: {}", args.factor, near.join(", ")))
    })?;
    console.print(&sheet(&set, factor))?;
    Ok(ExitCode::SUCCESS)
}

/// Everything about a factor, a field a line.
fn sheet(set: &FactorSet, f: &EmissionFactor) -> String {
    let mut out = format!("{}\n", plain(&f.id));
    lines(&mut out, &scope(set, f));
    let Some(composed) = &f.composed else {
        out.push_str("\nsource\n");
        lines(&mut out, &provenance(set, f));
        return out;
    };
    let energy = &set.factors[composed.energy as usize];
    let own = f.id.strip_suffix(&*energy.id).map_or(&*f.id, |id| id.trim_end_matches('@'));
    let quantity = format!("{} {}/{}", trimmed(composed.quantity, QUANTITY_SCALE), composed.unit.code(), f.per.code());
    let _ = write!(out, "\nproduct, rounded half to even at 9 decimals\n");
    lines(
        &mut out,
        &[
            ("operation", product(f, energy, &quantity, energy.intensity_operation, f.intensity_operation)),
            ("provision", product(f, energy, &quantity, energy.intensity_provision, f.intensity_provision)),
        ],
    );
    let _ = write!(out, "\nenergy use: {}\n", plain(own));
    lines(&mut out, &[("region", composed.row_region.to_string()), ("energy", quantity)]);
    lines(&mut out, &provenance(set, f));
    let _ = write!(out, "\nenergy carrier: {}\n", plain(&energy.id));
    lines(&mut out, &scope(set, energy));
    lines(&mut out, &provenance(set, energy));
    out
}

/// What the factor applies to, and its figures.
fn scope(set: &FactorSet, f: &EmissionFactor) -> Vec<(&'static str, String)> {
    let grams = |mantissa: i64| format!("{} g CO2e/{}", trimmed(mantissa, NANO_SCALE), f.per.code());
    let share = |mantissa: Option<i64>| mantissa.map_or(String::new(), |m| trimmed(m, SHARE_SCALE));
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    let until =
        if f.valid_to == NO_END { "until further notice".into() } else { format!("until before {}", date_text(f.valid_to)) };
    let mut fields = vec![("operation", operation(set, f).to_owned()), ("energy_carrier", or(&f.energy_carrier, "not stated"))];
    fields.push(("region", f.region.to_string()));
    if f.operation.is_some() {
        fields.push(("carrier", or(&f.carrier, "any")));
    }
    fields.extend([
        ("temperature", f.temperature.code().to_owned()),
        ("operation_g", grams(f.intensity_operation)),
        ("provision_g", grams(f.intensity_provision)),
        ("distance_basis", f.distance_basis.code().to_owned()),
        ("basis_note", f.basis_note.to_string()),
        ("load_factor", share(f.load_factor)),
        ("empty_share", share(f.empty_share)),
        ("validity", format!("from {} {until}", date_text(f.valid_from))),
        ("data_category", if f.operation.is_some() { f.data_category.code().to_owned() } else { String::new() }),
    ]);
    fields
}

/// Where the figures of a row stand.
fn provenance(set: &FactorSet, f: &EmissionFactor) -> Vec<(&'static str, String)> {
    let source = set.source_of(f);
    let published = source.published_on.map_or(String::new(), date_text);
    vec![
        ("source", source.folder.to_string()),
        ("title", source.title.to_string()),
        ("publisher", source.publisher.to_string()),
        ("published_on", published),
        ("url", source.url.to_string()),
        ("licence", f.licence.to_string()),
        ("redistributable", if source.redistributable { "yes" } else { "no" }.to_owned()),
        ("gwp_set", f.gwp_set.code().to_owned()),
        ("source_ref", f.source_ref.to_string()),
        ("note", f.note.to_string()),
        ("row", format!("{}:{}", f.file, f.line)),
    ]
}

/// The product that made one intensity of a composed factor.
fn product(f: &EmissionFactor, energy: &EmissionFactor, quantity: &str, per_energy: i64, made: i64) -> String {
    let unit = f.composed.as_ref().map(|c| c.unit);
    let factor = match unit.and_then(|u| conversion(u, energy.per)) {
        Some((n, d)) if n != d => format!(" x {n}/{d} {}/{}", energy.per.code(), unit.map_or("", |u| u.code())),
        _ => String::new(),
    };
    let (each, result) = (trimmed(per_energy, NANO_SCALE), trimmed(made, NANO_SCALE));
    format!("{quantity}{factor} x {each} g CO2e/{} = {result} g CO2e/{}", energy.per.code(), f.per.code())
}

/// Adds the fields that are not empty, indented and aligned.
fn lines(out: &mut String, fields: &[(&str, String)]) {
    for (name, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
        let _ = writeln!(out, "  {name:<15}  {}", plain(text));
    }
}

/// A decimal without the zeros at its end.
fn trimmed(mantissa: i64, scale: u32) -> String {
    decimal_text(mantissa.into(), scale).trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text of a file on one line of a terminal, without anything the terminal would obey.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// The ids that are most like `wanted`: first those that contain it, then by the number of characters to change.
fn nearest<'i>(wanted: &str, ids: impl Iterator<Item = &'i str>) -> Vec<&'i str> {
    let mut ranked: Vec<(bool, usize, &str)> = ids.map(|id| (!id.contains(wanted), changes(wanted, id), id)).collect();
    ranked.sort_unstable();
    ranked.into_iter().take(NEAREST).map(|(.., id)| id).collect()
}

/// Characters to insert, delete or replace to make one text of the other.
fn changes(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_several_profiles_is_printed_once() {
        let fault = |severity, found: &str| Fault {
            severity,
            file: "zones.csv".into(),
            line: 3,
            column: "member".into(),
            found: found.into(),
            wanted: "expected a country".into(),
        };
        let mut report = Report::default();
        report.add("a", Some(2), vec![fault(Severity::Warning, "x\n\u{1b}[2J")]);
        report.add("b", None, vec![fault(Severity::Warning, "x\n\u{1b}[2J"), fault(Severity::Error, "y")]);
        let want = "errors\nzones.csv:3: member \"y\": expected a country\n\n\
            warnings\nzones.csv:3: member \"x  [2J\": expected a country\n\n\
            a: 2 factors, 0 errors, 1 warning\nb: not loaded, 1 error, 1 warning\n";
        assert_eq!(report.text(), want);
    }

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        let cases = [("=1+1", "'=1+1"), ("-1.5", "-1.5"), ("-a", "'-a"), ("+1", "'+1"), ("@x", "'@x"), ("\tx", "'\tx")];
        for (text, want) in cases.into_iter().chain([("a,\"b\"", "\"a,\"\"b\"\"\""), ("\rx", "\"'\rx\""), ("", "")]) {
            assert_eq!(csv_cell(text), want);
        }
    }

    #[test]
    fn absent_is_null_in_json() {
        let mut row: [String; COLUMNS.len()] = Default::default();
        row[0] = "one/1:a\"b".to_owned();
        row[7] = "1.500000000".to_owned();
        let value: serde_json::Value = serde_json::from_str(&json_text(&[row])).unwrap();
        let first = &value[0];
        assert_eq!((first["id"].as_str(), first["operation_g"].as_str()), (Some("one/1:a\"b"), Some("1.500000000")));
        assert!(first["carrier"].is_null() && first.as_object().unwrap().len() == COLUMNS.len());
        assert_eq!(json_text(&[]), "[]\n");
    }

    #[test]
    fn the_nearest_id_comes_first() {
        assert_eq!((changes("kitten", "sitting"), changes("", "ab"), changes("ab", "ab")), (3, 2, 0));
        let ids = ["one/1:rail-cn", "one/1:road-cn", "one/1:road-cn-diesel@one/1:diesel-kg"];
        assert_eq!(nearest("road-cn-diesel", ids.into_iter())[0], ids[2]);
        assert_eq!(nearest("one/1:raid-cn", ids.into_iter())[..2], ids[..2]);
    }

    #[test]
    fn zeros_at_the_end_go() {
        assert_eq!((trimmed(1_500, 3), trimmed(100_000, 3), trimmed(0, 9)), ("1.5".into(), "100".into(), "0".into()));
    }
}
