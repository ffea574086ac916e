//! `export ileap|pact|ileap-tad|declaration OUT [RUN]`: a published run as exchange documents, and as what a declaration needs.

use super::Console;
use super::args::{SliceArgs, path};
use super::engine_at;
use green_corridor::documents::{Company, DeclaringCompany, Form, Kind, Order, Pact, Summary};
use green_corridor::files::{RealDisk, finish_groups, folder_below, whole};
use green_corridor::quantity::grouped;
use green_corridor::{Error, Level, Progress, Result, Silent};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What to export.
    #[command(subcommand)]
    pub what: What,
}

/// What `export` can write.
#[derive(Debug, clap::Subcommand)]
pub(super) enum What {
    /// iLEAP shipment footprints, TOCs and HOCs in PACT 2.3 product footprints
    Ileap(Footprints),
    /// The same in PACT 3 product footprints
    Pact(PactFootprints),
    /// iLEAP transport activity data
    IleapTad(Target),
    /// What ISO 14083 and the GLEC Framework want stated beside a result: one page and the same as JSON
    Declaration(DeclarationOf),
}

/// Which run is declared, and whose it is.
#[derive(Debug, clap::Args)]
pub(super) struct DeclarationOf {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Run [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Which shipments of the run.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Folder to write to [default: <OUT>/export/declaration/<run id>]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
    /// Name of the company whose emissions these are
    #[arg(long, value_name = "NAME")]
    pub company: Option<String>,
    /// URN of that company
    #[arg(long, value_name = "URN", value_parser = urn)]
    pub company_id: Option<String>,
}

/// Which run, where to, in which form.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// Output root
    #[arg(value_name = "OUT", value_parser = path())]
    pub out: PathBuf,
    /// Run [default: the current one]
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Which shipments of the run.
    #[command(flatten)]
    pub slice: SliceArgs,
    /// Folder to write to [default: <OUT>/export/<kind>/<run id>]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub to: Option<PathBuf>,
    /// Form: json writes one array per file, ndjson one document per line
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: DocumentFormat,
}

/// Form of the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum DocumentFormat {
    /// One array per file.
    #[default]
    Json,
    /// One document per line.
    Ndjson,
}

/// Arguments of footprints.
#[derive(Debug, clap::Args)]
pub(super) struct Footprints {
    /// Which run, where to.
    #[command(flatten)]
    pub target: Target,
    /// Whose they are.
    #[command(flatten)]
    pub company: CompanyArgs,
}

/// Whose footprints are written.
#[derive(Debug, Default, clap::Args)]
pub(super) struct CompanyArgs {
    /// Name of the company whose footprints these are
    #[arg(long, value_name = "NAME")]
    company: Option<String>,
    /// URN of that company; it also keeps the ids of documents apart from those of other companies
    #[arg(long, value_name = "URN", value_parser = urn)]
    company_id: Option<String>,
}

impl CompanyArgs {
    /// What was said, or that nothing was.
    fn named(&self) -> Result<Company> {
        let said = |text: &Option<String>, none: &str| text.clone().unwrap_or(none.to_owned());
        let company = Company {
            name: said(&self.company, NO_COMPANY),
            id: said(&self.company_id, NO_COMPANY_ID),
        };
        match company.name.is_empty() {
            true => Err(Error::Usage("--company \"\": expected a name".to_owned())),
            false => Ok(company),
        }
    }

    /// The same; that something was not said is told.
    pub(super) fn company(&self, console: &Console) -> Result<Company> {
        let company = self.named()?;
        if self.company.is_none() || self.company_id.is_none() {
            let what = format!(
                "the documents name the company {:?}, {}; say whose they are with --company and --company-id",
                company.name, company.id
            );
            console.message(Level::Warning, &what);
        }
        Ok(company)
    }
}

/// Arguments of `export pact`.
#[derive(Debug, clap::Args)]
pub(super) struct PactFootprints {
    /// What all footprints need.
    #[command(flatten)]
    pub footprints: Footprints,
    /// Version of the PACT data model
    #[arg(long, value_name = "VERSION", default_value = "3", value_parser = ["3"])]
    pub version: String,
}

const NO_COMPANY: &str = "not stated";
const NO_COMPANY_ID: &str = "urn:company:not-stated";

fn urn(text: &str) -> std::result::Result<String, String> {
    let is_urn = text
        .get(..4)
        .is_some_and(|head| head.eq_ignore_ascii_case("urn:"))
        && text.len() > 4;
    let is_plain = text.bytes().all(|b| b.is_ascii_graphic());
    if is_urn && is_plain {
        Ok(text.to_owned())
    } else {
        Err("expected a URN, e.g. urn:lei:5493001KJTIIGC8Y1R12".to_owned())
    }
}

/// Writes the documents.
pub(super) fn run(args: &Args, console: &Console) -> Result<ExitCode> {
    let (kind, target, footprints) = match &args.what {
        What::Ileap(f) => (Kind::Footprints(Pact::V2), &f.target, Some(f)),
        What::Pact(p) => (
            Kind::Footprints(Pact::V3),
            &p.footprints.target,
            Some(&p.footprints),
        ),
        What::IleapTad(target) => (Kind::Tad, target, None),
        What::Declaration(of) => return declare(of, console),
    };
    let company = match footprints {
        Some(f) => f.company.company(console)?,
        None => CompanyArgs::default().named()?,
    };
    let form = match target.format {
        DocumentFormat::Json => Form::Json,
        DocumentFormat::Ndjson => Form::Ndjson,
    };
    let order = Order {
        kind,
        form,
        company,
        to: target.to.clone(),
    };
    let silent: Arc<dyn Progress> = Arc::new(Silent);
    let engine = engine_at(&target.out, &silent)?.sliced(target.slice.slice(), None);
    let summary = engine.export(target.run.as_deref(), &order)?;
    if summary.deprecated_not_found > 0 {
        let what = format!(
            "{} earlier versions are in no export below {} any more; publish them as Deprecated from where they went to",
            summary.deprecated_not_found,
            target.out.join("export").display()
        );
        console.message(Level::Warning, &what);
    }
    console.print(&text(&summary))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes `declaration.html` and `declaration.json`.
fn declare(of: &DeclarationOf, console: &Console) -> Result<ExitCode> {
    if of.company.as_deref() == Some("") {
        return Err(Error::Usage("--company \"\": expected a name".to_owned()));
    }
    let company = DeclaringCompany {
        name: of.company.clone(),
        id: of.company_id.clone(),
    };
    let silent: Arc<dyn Progress> = Arc::new(Silent);
    let slice = of.slice.slice();
    let engine = engine_at(&of.out, &silent)?.sliced(slice.clone(), None);
    let declared = engine.declaration(of.run.as_deref(), company)?;
    let place = format!("export/declaration/{}{}", slice.folder(), declared.run_id);
    let to = match &of.to {
        Some(to) => to.clone(),
        None => folder_below(&RealDisk, &of.out, &place)?,
    };
    let files = [
        (to.join("declaration.json"), declared.json),
        (to.join("declaration.html"), declared.html),
    ];
    let written = files
        .iter()
        .map(|(path, bytes)| whole(&RealDisk, path, bytes))
        .collect::<Result<Vec<_>>>()?;
    finish_groups(&RealDisk, [written])?;
    for (path, bytes) in files {
        let count = grouped(&bytes.len().to_string());
        console.print(&format!("{}, {count} bytes\n", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(s: &Summary) -> String {
    let count = |n: u64| grouped(&n.to_string());
    let mut out = format!("run {}\n", s.run_id);
    let mut line = |name: &str, n: u64| {
        if n > 0 {
            out.push_str(&format!("{name:<24}{:>12}\n", count(n)));
        }
    };
    line("shipments", s.shipments);
    line("TOCs", s.tocs);
    line("HOCs", s.hocs);
    line("activities", s.activities);
    line("elements left out", s.elements_left_out);
    line("new versions", s.new_versions);
    line("of these, changed", s.changed);
    line("deprecated versions", s.deprecated);
    line("deprecated, not found", s.deprecated_not_found);
    line("without energy carrier", s.without_energy_carrier);
    out.push_str(&format!("written to {}\n", s.dir.display()));
    out
}
