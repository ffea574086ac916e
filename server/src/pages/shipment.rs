//! The calculation sheet of a shipment.

use super::runs::{Run, id_of, no_run};
use super::said::refusal;
use super::texts::{Texts, fill};
use super::{Viewer, page};
use crate::answer::{Answer, error, json};
use crate::app::App;
use crate::front::Asked;
use axum::http::StatusCode;
use green_corridor::Engine;
use green_corridor::quantity::grouped;
use green_corridor::sheet::{Fact, Sheet};
use green_corridor::text::html;
use std::fmt::Write;

/// `GET /runs/{id}/shipment?id=`: the calculation sheet, as a page or with `format=json` as data.
pub(crate) fn shipment(app: &App, asked: &Asked, viewer: &Viewer) -> Answer {
    let Some(run) = Run::open(&app.out, id_of(asked)) else {
        return no_run();
    };
    let field = |name: &str| {
        let mut all = form_urlencoded::parse(asked.query.as_bytes());
        all.find(|(key, _)| key == name)
            .map(|(_, value)| value.trim().to_owned())
    };
    let wanted = field("id").unwrap_or_default();
    let sheet = match Engine::at(&app.out).explain(&wanted, Some(&run.id)) {
        Ok(sheet) => sheet,
        // The message names the folder of the run.
        Err(fault) if fault.kind() == green_corridor::ErrorKind::Usage => {
            return error(
                StatusCode::NOT_FOUND,
                "NotFound",
                "there is no such shipment in this run",
            );
        }
        Err(fault) => {
            let (status, what) = refusal(app, &fault);
            return error(status, "InternalError", &what);
        }
    };
    if field("format").as_deref() == Some("json") {
        return match serde_json::to_string_pretty(&sheet) {
            Ok(text) => json(StatusCode::OK, text + "\n"),
            Err(_) => error(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "internal fault",
            ),
        };
    }
    let texts = Texts::for_(asked);
    let title = fill(texts.say("sheet_heading"), &[("id", &sheet.shipment_id)]);
    let body = sheet_body(asked, texts, &sheet);
    page(asked, Some((app, viewer)), &title, &body)
}

fn sheet_body(asked: &Asked, texts: &Texts, sheet: &Sheet) -> String {
    let filled = |key: &str, name: &str, text: &str| html(&fill(texts.say(key), &[(name, text)]));
    let of = [("profile", &*sheet.profile), ("method", &*sheet.method)];
    let mut out = format!(
        "<h1>{}</h1><p><a href=\"{}/runs/{}\">{}</a>, {}</p><p class=\"quiet not-english\">{}</p>",
        filled("sheet_heading", "id", &sheet.shipment_id),
        html(asked.prefix()),
        html(&sheet.run_id),
        filled("run_title", "id", &sheet.run_id),
        html(&fill(texts.say("sheet_of"), &of)),
        html(texts.say("english_only"))
    );
    out += &facts(texts.say("sheet_facts"), &sheet.shipment);
    out += &facts(texts.say("sheet_sums"), &sheet.sums);
    for element in &sheet.elements {
        let place = match element.kind {
            "hub" => html(&element.origin),
            _ => format!("{} – {}", html(&element.origin), html(&element.destination)),
        };
        let _ = write!(
            out,
            "<h2>{} {} {place}: {} kg CO2e</h2><p class=\"quiet\">{} {}</p>",
            element.element,
            html(element.mode),
            grouped(&element.ghg_total_kg),
            html(&element.container_id),
            html(&element.operation)
        );
        out += &facts(texts.say("sheet_record"), &element.record);
        out += &facts(texts.say("sheet_inputs"), &element.inputs);
        let mut rows = String::new();
        for step in &element.steps {
            let _ = write!(
                rows,
                "<tr><th scope=\"row\" class=\"left\">{}</th><td class=\"left wrap\">{}</td><td>{}</td><td class=\"left wrap\">{}</td></tr>",
                html(step.name),
                html(&step.formula),
                html(&step.result),
                html(&step.rule)
            );
        }
        let _ = write!(
            out,
            "<div class=\"scroll\"><table><caption>{}</caption><tbody>{rows}</tbody></table></div>",
            filled("sheet_calculation", "id", &element.factor.id)
        );
        for flag in &element.flags {
            let _ = write!(
                out,
                "<p><b>{}</b> {}</p>",
                html(&flag.code),
                html(flag.title)
            );
        }
    }
    for row in &sheet.rejected {
        let _ = write!(
            out,
            "<p>{}</p>",
            filled(
                "sheet_rejected",
                "what",
                &format!("{} {}:{} {}", row.code, row.file, row.row, row.column)
            )
        );
    }
    out
}

fn facts(caption: &str, facts: &[Fact]) -> String {
    let mut rows = String::new();
    for fact in facts {
        let _ = write!(
            rows,
            "<tr><th scope=\"row\" class=\"left\">{}</th><td>{}</td><td class=\"left wrap\">{}</td></tr>",
            html(fact.name),
            html(&fact.value),
            html(&fact.how)
        );
    }
    format!(
        "<div class=\"scroll\"><table><caption>{}</caption><tbody>{rows}</tbody></table></div>",
        html(caption)
    )
}
