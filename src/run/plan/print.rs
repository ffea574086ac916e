//! A plan as text: for people with the origin of every value, and as the canonical JSON behind the run id.

use crate::input::mapping::{Carried, DistanceUnit, Mapping, MassUnit, SheetForm};
use crate::output::encode::Encodings;
use crate::run::plan::paths::{Pattern, published};
use crate::run::plan::{Change, CodeLimit, Plan, PlanPath};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Every value with its origin, in TOML.
pub(crate) fn text(plan: &Plan) -> String {
    let mut page = Page {
        plan,
        lines: vec![format!("# green-corridor {}", env!("CARGO_PKG_VERSION"))],
    };
    page.lines.push(match &plan.run_file {
        Some(file) => format!("# run file {}", file.display()),
        None => "# no run file".to_owned(),
    });
    let written: Vec<&str> = plan.movements.iter().map(|p| p.written.as_str()).collect();
    page.line("movements", "movements", &list(&written));
    let written: Vec<&str> = plan.exclude.iter().map(|p| p.written.as_str()).collect();
    page.line("exclude", "exclude", &list(&written));
    page.path("factors", &plan.factors);
    page.line("profile", "profile", &quoted(&plan.profile));
    page.path("reference", &plan.reference);
    let written: Vec<&str> = plan.locations.iter().map(|p| p.written.as_str()).collect();
    page.line("locations", "locations", &list(&written));
    let written: Vec<&str> = plan.distances.iter().map(|p| p.written.as_str()).collect();
    page.line("distances", "distances", &list(&written));
    let written: Vec<&str> = plan.passages.iter().map(|p| p.written.as_str()).collect();
    page.line("passages", "passages", &list(&written));
    page.path("out", &plan.out);
    page.limits();
    page.table("output");
    let encodings = quoted(plan.encodings.code());
    page.line("output.encodings", "encodings", &encodings);
    page.duplicates();
    page.mapping(&plan.mapping);
    page.invocation();
    page.lines.push(String::new());
    page.lines.join("\n")
}

struct Page<'a> {
    plan: &'a Plan,
    lines: Vec<String>,
}

impl Page<'_> {
    fn line(&mut self, key: &str, name: &str, value: &str) {
        self.noted(key, name, value, "");
    }

    fn noted(&mut self, key: &str, name: &str, value: &str, note: &str) {
        let origin = self.plan.origin_text(key);
        let separator = if note.is_empty() { "" } else { "; " };
        self.lines.push(format!(
            "{:<44}# from {origin}{separator}{note}",
            format!("{name} = {value} ")
        ));
    }

    fn path(&mut self, key: &str, path: &PlanPath) {
        self.noted(
            key,
            key,
            &quoted(&path.written),
            &format!("opened as {}", path.path.display()),
        );
    }

    fn table(&mut self, name: &str) {
        self.lines.push(format!("\n[{name}]"));
    }

    fn limits(&mut self) {
        let limits = &self.plan.limits;
        self.table("limits");
        self.line(
            "limits.max_reject_share",
            "max_reject_share",
            &quoted(&limits.max_reject_share.text()),
        );
        self.line("limits.min_rows", "min_rows", &limits.min_rows.to_string());
        match limits.max_change {
            Some(change) => {
                let change = quoted(&change.text());
                self.line("limits.max_change", "max_change", &change);
            }
            None => {
                let origin = self.plan.origin_text("limits.max_change");
                let told =
                    format!("# max_change: none; any change against the last run # from {origin}");
                self.lines.push(told);
            }
        }
        match limits.max_estimated_share {
            Some(share) => {
                let share = quoted(&share.text());
                self.line("limits.max_estimated_share", "max_estimated_share", &share);
            }
            None => self.lines.push(
                "# max_estimated_share: none; any share of estimated distances, flagged Q33 # from default".to_owned(),
            ),
        }
        match limits.max_primary_age_months {
            Some(months) => self.line(
                "limits.max_primary_age_months",
                "max_primary_age_months",
                &months.to_string(),
            ),
            None => self.lines.push(
                "# max_primary_age_months: none; carriers' figures of any age, flagged Q41 outside their reference period # from default"
                    .to_owned(),
            ),
        }
        self.noted(
            "limits.memory",
            "memory",
            &quoted(&limits.memory.text()),
            &format!("{} bytes", limits.memory_bytes),
        );
        self.table("limits.codes");
        for (code, limit) in &limits.codes {
            let value = match limit {
                CodeLimit::Rows(rows) => rows.to_string(),
                CodeLimit::Share(share) => quoted(&share.text()),
            };
            self.line(&format!("limits.codes.{code}"), code, &value);
        }
    }

    fn duplicates(&mut self) {
        self.table("duplicates");
        match &self.plan.later_file {
            Some(rule) => {
                let rule = quoted(rule.text());
                self.line("duplicates.later_file_wins", "later_file_wins", &rule);
            }
            None => self.lines.push(
                "# later_file_wins: none; records of one movement that differ at one recorded_at are in conflict (R009)"
                    .to_owned(),
            ),
        }
    }

    fn mapping(&mut self, mapping: &Mapping) {
        self.table("columns");
        for (ours, theirs) in &mapping.columns {
            self.line(&format!("columns.{ours}"), ours, &quoted(theirs));
        }
        for file in &self.plan.value_files {
            let entries = mapping
                .values
                .get(&file.column)
                .map_or(0, |codes| codes.len());
            self.table(&format!("values.{}", file.column));
            let note = format!("opened as {}, {entries} values", file.file.path.display());
            self.noted(
                &format!("values.{}.file", file.column),
                "file",
                &quoted(&file.file.written),
                &note,
            );
        }
        self.table("formats");
        let formats = Formats::of(mapping);
        self.line("formats.encoding", "encoding", &quoted(&formats.encoding));
        self.line(
            "formats.delimiter",
            "delimiter",
            &quoted(&formats.delimiter),
        );
        self.line("formats.decimal", "decimal", &quoted(&formats.decimal));
        self.line(
            "formats.thousands",
            "thousands",
            &quoted(&formats.thousands),
        );
        self.line("formats.timestamp", "timestamp", &list(&formats.timestamp));
        for (column, patterns) in formats.timestamp_by_column.iter() {
            let name = format!("timestamp_by_column.{column}");
            self.line(&format!("formats.{name}"), &name, &list(patterns));
        }
        match formats.zone {
            Some(zone) => self.line("formats.zone", "zone", &quoted(&zone)),
            None => self.lines.push(
                "# zone: none; a text timestamp must state its own, a Parquet timestamp is UTC"
                    .to_owned(),
            ),
        }
        self.line(
            "formats.excess_decimals",
            "excess_decimals",
            &quoted(&formats.excess_decimals),
        );
        self.line(
            "formats.exponents",
            "exponents",
            &quoted(&formats.exponents),
        );
        self.line(
            "formats.mass_unit",
            "mass_unit",
            &quoted(&formats.mass_unit),
        );
        self.line(
            "formats.distance_unit",
            "distance_unit",
            &quoted(&formats.distance_unit),
        );
        self.table("csv");
        match mapping.head_row {
            Some(row) => self.line("csv.head_row", "head_row", &row.to_string()),
            None => self.lines.push(
                "# head_row: none; the first line that is not blank holds the column names"
                    .to_owned(),
            ),
        }
        self.line(
            "csv.skip_footer",
            "skip_footer",
            &mapping.skip_footer.to_string(),
        );
        self.table("xlsx");
        let form = &mapping.xlsx;
        match &form.sheet {
            Some(sheet) => self.line("xlsx.sheet", "sheet", &quoted(sheet)),
            None => self
                .lines
                .push("# sheet: none; the only sheet that has the columns".to_owned()),
        }
        for (key, row) in [("head_row", form.head_row), ("first_row", form.first_row)] {
            if let Some(row) = row {
                self.line(&format!("xlsx.{key}"), key, &row.to_string());
            }
        }
        let footer = form.skip_footer.to_string();
        self.line("xlsx.skip_footer", "skip_footer", &footer);
        self.table("constants");
        for (column, value) in &mapping.constants {
            self.line(&format!("constants.{column}"), column, &quoted(value));
        }
        if !mapping.carried.is_empty() {
            self.table("carry");
        }
        for Carried { name, theirs } in &mapping.carried {
            self.line(&format!("carry.{name}"), name, &quoted(theirs));
        }
    }

    /// What only the command line can say; as comments, because a run file has no such keys.
    fn invocation(&mut self) {
        let plan = self.plan;
        self.lines
            .push("\n# said on the command line only".to_owned());
        let keep = plan.keep.map_or("all".to_owned(), |n| n.to_string());
        for (key, value) in [
            ("threads", plan.threads.to_string()),
            ("keep", keep),
            ("allow-missing-files", plan.allow_missing_files.to_string()),
            ("allow-empty", plan.allow_empty.to_string()),
            ("dry-run", plan.dry_run.to_string()),
            ("rebuild", plan.rebuild.to_string()),
            ("quiet", plan.quiet.to_string()),
            ("progress", plan.progress.code().to_owned()),
            ("log", plan.log.code().to_owned()),
        ] {
            self.line(key, &format!("# {key}"), &value);
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list<T: AsRef<str>>(texts: &[T]) -> String {
    format!(
        "[{}]",
        texts
            .iter()
            .map(|t| quoted(t.as_ref()))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// `[formats]` in words.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Formats<'a> {
    encoding: Cow<'a, str>,
    delimiter: String,
    decimal: String,
    thousands: String,
    timestamp: Cow<'a, [String]>,
    timestamp_by_column: Cow<'a, BTreeMap<String, Vec<String>>>,
    zone: Option<Cow<'a, str>>,
    excess_decimals: Cow<'a, str>,
    // What is as it was before there was such a key is left out, so that such runs keep their ids.
    #[serde(skip_serializing_if = "is_reject", default = "reject")]
    exponents: Cow<'a, str>,
    mass_unit: Cow<'a, str>,
    #[serde(skip_serializing_if = "is_kilometre", default = "kilometre")]
    distance_unit: Cow<'a, str>,
}

fn is_kilometre(word: &str) -> bool {
    word == DistanceUnit::Kilometre.code()
}

fn kilometre() -> Cow<'static, str> {
    DistanceUnit::Kilometre.code().into()
}

const REJECT: &str = "reject";

fn is_reject(word: &str) -> bool {
    word == REJECT
}

const fn reject() -> Cow<'static, str> {
    Cow::Borrowed(REJECT)
}

/// `[csv]`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Csv {
    #[serde(skip_serializing_if = "Option::is_none")]
    head_row: Option<u64>,
    skip_footer: u64,
}

impl Csv {
    /// The table, unless all of it is as if it was not there.
    fn of(mapping: &Mapping) -> Option<Csv> {
        let (head_row, skip_footer) = (mapping.head_row, mapping.skip_footer);
        (head_row.is_some() || skip_footer > 0).then_some(Csv {
            head_row,
            skip_footer,
        })
    }
}

/// `[xlsx]`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Xlsx<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sheet: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_row: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_row: Option<u32>,
    skip_footer: u32,
}

impl Xlsx<'_> {
    /// The table, unless nothing of it is said.
    fn of(mapping: &Mapping) -> Option<Xlsx<'_>> {
        let form = &mapping.xlsx;
        (*form != SheetForm::default()).then_some(Xlsx {
            sheet: form.sheet.as_deref().map(Cow::Borrowed),
            head_row: form.head_row,
            first_row: form.first_row,
            skip_footer: form.skip_footer,
        })
    }
}

impl Formats<'_> {
    fn of(mapping: &Mapping) -> Formats<'_> {
        Formats {
            encoding: mapping.encoding.name().into(),
            delimiter: (mapping.delimiter as char).to_string(),
            decimal: (mapping.decimal as char).to_string(),
            thousands: mapping.thousands.map_or(String::new(), String::from),
            timestamp: Cow::Borrowed(&mapping.timestamp),
            timestamp_by_column: Cow::Borrowed(&mapping.timestamp_by_column),
            // Every zone comes from the built-in database, so it has a name, except UTC itself.
            zone: mapping
                .zone
                .as_ref()
                .map(|zone| zone.iana_name().unwrap_or("UTC").into()),
            excess_decimals: if mapping.reject_excess_decimals {
                "reject"
            } else {
                "round"
            }
            .into(),
            exponents: if mapping.reads_exponents {
                "read"
            } else {
                REJECT
            }
            .into(),
            mass_unit: match mapping.mass_unit {
                MassUnit::Kg => "kg",
                MassUnit::Tonne => "t",
                MassUnit::Pound => "lb",
            }
            .into(),
            distance_unit: mapping.distance_unit.code().into(),
        }
    }
}

/// Everything of a plan that can change a figure or decide whether one is published; field order is part of the run id.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Canonical<'a> {
    movements: Vec<Cow<'a, str>>,
    // Left out when empty, so that runs from before there was such a key keep their ids.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    exclude: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    later_file_wins: Option<Cow<'a, str>>,
    factors: Cow<'a, str>,
    profile: Cow<'a, str>,
    reference: Cow<'a, str>,
    locations: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    distances: Vec<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    passages: Vec<Cow<'a, str>>,
    max_reject_share_ppm: u32,
    min_rows: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    reject_limits: BTreeMap<Cow<'a, str>, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_change: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_estimated_share_ppm: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_primary_age_months: Option<u32>,
    columns: Cow<'a, BTreeMap<String, String>>,
    values: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    formats: Formats<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csv: Option<Csv>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    xlsx: Option<Xlsx<'a>>,
    constants: Cow<'a, BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    carry: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encodings: Option<Cow<'a, str>>,
    allow_missing_files: bool,
    allow_empty: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stretches: Vec<Cow<'a, str>>,
}

impl Canonical<'_> {
    fn text(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|e| unreachable!("texts and numbers always encode: {e}"))
    }
}

/// [`Plan::canonical_json`] from the plan that a manifest repeats, whose keys are in another order; none when it is that of another
/// version, with keys that this one does not know.
pub(crate) fn canonical_of_manifest(plan: &serde_json::Value) -> Option<String> {
    Some(Canonical::deserialize(plan).ok()?.text())
}

fn patterns(patterns: &[Pattern]) -> Vec<Cow<'_, str>> {
    let all = patterns.iter().map(|p| published(&p.written).into());
    all.collect()
}

impl Plan {
    /// The plan as one line of JSON in a fixed order: what the run id digests and the manifest repeats. Without output,
    /// threads, memory, `keep`, log, progress, `dry-run`, `rebuild`; paths as written relative to the run file, far ones by their last name; value files
    /// by name only, their digests are the caller's to add.
    pub fn canonical_json(&self) -> String {
        let canonical = Canonical {
            movements: patterns(&self.movements),
            exclude: patterns(&self.exclude),
            later_file_wins: self.later_file.as_ref().map(|rule| rule.text().into()),
            factors: published(&self.factors.written).into(),
            profile: (&self.profile).into(),
            reference: published(&self.reference.written).into(),
            locations: self
                .locations
                .iter()
                .map(|p| published(&p.written).into())
                .collect(),
            distances: (self.distances.iter())
                .map(|p| published(&p.written).into())
                .collect(),
            passages: (self.passages.iter())
                .map(|p| published(&p.written).into())
                .collect(),
            max_reject_share_ppm: self.limits.max_reject_share.0,
            min_rows: self.limits.min_rows,
            reject_limits: (self.limits.codes.iter())
                .map(|(code, limit)| (code.as_str().into(), limit.text()))
                .collect(),
            max_change: self.limits.max_change.map(Change::text),
            max_estimated_share_ppm: self.limits.max_estimated_share.map(|share| share.0),
            max_primary_age_months: self.limits.max_primary_age_months,
            columns: Cow::Borrowed(&self.mapping.columns),
            values: self
                .value_files
                .iter()
                .map(|v| (v.column.as_str().into(), published(&v.file.written).into()))
                .collect(),
            formats: Formats::of(&self.mapping),
            csv: Csv::of(&self.mapping),
            xlsx: Xlsx::of(&self.mapping),
            constants: Cow::Borrowed(&self.mapping.constants),
            carry: (self.mapping.carried.iter())
                .map(|carried| (carried.name.into(), (&carried.theirs).into()))
                .collect(),
            encodings: (self.encodings != Encodings::Default)
                .then(|| Cow::Borrowed(self.encodings.code())),
            allow_missing_files: self.allow_missing_files,
            allow_empty: self.allow_empty,
            stretches: self.stretches.iter().map(|id| id.as_str().into()).collect(),
        };
        canonical.text()
    }
}
