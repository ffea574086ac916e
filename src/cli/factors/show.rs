//! `factors show`: one factor with its figures, source, edition and licence.

use super::list::operation;
use super::text::plain;
use super::{Library, factors_of};
use crate::cli::Console;
use green_corridor::Result;
use green_corridor::factor::{EmissionFactor, FactorSet, QUANTITY_SCALE, conversion, factor_of};
use green_corridor::quantity::{NANO_SCALE, NO_END, SHARE_SCALE, date_text, short_decimal_text};
use std::fmt::Write as _;
use std::process::ExitCode;

/// Arguments of `factors show`.
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// Full name, source/edition:factor_id
    #[arg(value_name = "FACTOR")]
    pub factor: String,
    /// Which library and profile.
    #[command(flatten)]
    pub library: Library,
}

/// Prints the factor.
pub(super) fn show(args: &Show, console: &Console) -> Result<ExitCode> {
    let set = factors_of(&args.library)?;
    let factor = factor_of(&set, &args.factor)?;
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
    let own =
        f.id.strip_suffix(&*energy.id)
            .map_or(&*f.id, |id| id.trim_end_matches('@'));
    let quantity = format!(
        "{} {}/{}",
        short_decimal_text(composed.quantity.into(), QUANTITY_SCALE),
        composed.unit.code(),
        f.per.code()
    );
    let _ = write!(out, "\nproduct, rounded half to even at 9 decimals\n");
    lines(
        &mut out,
        &[
            (
                "operation",
                product(
                    f,
                    energy,
                    &quantity,
                    energy.intensity.operation,
                    f.intensity.operation,
                ),
            ),
            (
                "provision",
                product(
                    f,
                    energy,
                    &quantity,
                    energy.intensity.provision,
                    f.intensity.provision,
                ),
            ),
        ],
    );
    let _ = write!(out, "\nenergy use: {}\n", plain(own));
    lines(
        &mut out,
        &[
            ("region", composed.row_region.to_string()),
            ("energy", quantity),
        ],
    );
    lines(&mut out, &provenance(set, f));
    let _ = write!(out, "\nenergy carrier: {}\n", plain(&energy.id));
    lines(&mut out, &scope(set, energy));
    lines(&mut out, &provenance(set, energy));
    out
}

/// What the factor applies to, and its figures.
fn scope(set: &FactorSet, f: &EmissionFactor) -> Vec<(&'static str, String)> {
    let grams = |mantissa: i64| {
        format!(
            "{} g CO2e/{}",
            short_decimal_text(mantissa.into(), NANO_SCALE),
            f.per.code()
        )
    };
    let share = |mantissa: Option<i64>| {
        mantissa.map_or(String::new(), |m| short_decimal_text(m.into(), SHARE_SCALE))
    };
    let or = |text: &str, other: &str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text.to_owned()
        }
    };
    let until = if f.valid_to == NO_END {
        "until further notice".into()
    } else {
        format!("until before {}", date_text(f.valid_to))
    };
    let mut fields = vec![
        ("operation", operation(set, f).to_owned()),
        ("energy_carrier", or(&f.energy_carrier, "not stated")),
    ];
    fields.push(("region", f.region.to_string()));
    if f.operation.is_some() {
        fields.push(("carrier", or(&f.carrier, "any")));
    }
    fields.extend([
        ("temperature", f.temperature.code().to_owned()),
        ("operation_g", grams(f.intensity.operation)),
        ("provision_g", grams(f.intensity.provision)),
        ("distance_basis", f.distance_basis.code().to_owned()),
        ("basis_note", f.basis_note.to_string()),
        ("load_factor", share(f.load_factor)),
        ("empty_share", share(f.empty_share)),
        (
            "validity",
            format!("from {} {until}", date_text(f.valid_from)),
        ),
        (
            "data_category",
            if f.operation.is_some() {
                f.data_category.code().to_owned()
            } else {
                String::new()
            },
        ),
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
        (
            "redistributable",
            if source.redistributable { "yes" } else { "no" }.to_owned(),
        ),
        ("gwp_set", f.gwp_set.code().to_owned()),
        ("source_ref", f.source_ref.to_string()),
        ("note", f.note.to_string()),
        ("row", format!("{}:{}", f.file, f.line)),
    ]
}

/// The product that made one intensity of a composed factor.
fn product(
    f: &EmissionFactor,
    energy: &EmissionFactor,
    quantity: &str,
    per_energy: i64,
    made: i64,
) -> String {
    let unit = f.composed.as_ref().map(|c| c.unit);
    let factor = match unit.and_then(|u| conversion(u, energy.per)) {
        Some((n, d)) if n != d => format!(
            " x {n}/{d} {}/{}",
            energy.per.code(),
            unit.map_or("", |u| u.code())
        ),
        _ => String::new(),
    };
    let (each, result) = (
        short_decimal_text(per_energy.into(), NANO_SCALE),
        short_decimal_text(made.into(), NANO_SCALE),
    );
    format!(
        "{quantity}{factor} x {each} g CO2e/{} = {result} g CO2e/{}",
        energy.per.code(),
        f.per.code()
    )
}

/// Adds the fields that are not empty, indented and aligned.
fn lines(out: &mut String, fields: &[(&str, String)]) {
    for (name, text) in fields.iter().filter(|(_, text)| !text.is_empty()) {
        let _ = writeln!(out, "  {name:<15}  {}", plain(text));
    }
}
