//! Pages: that they say what the engine says, to whom they are shown, and that nothing in them runs that should not.

use crate::http::{self, Answer};
use crate::started::{PROGRAM, Started, certificate, sample, started};
use green_corridor::Engine;
use green_corridor::routing::{Objective, Question, Sources};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// A server without TLS for this machine.
pub(crate) fn local(options: &[&str]) -> Started {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, _, root) = certificate(folder.path(), "unused");
    let mut command = Command::new(PROGRAM);
    command
        .arg(sample())
        .args(["--listen", "127.0.0.1:0"])
        .args(options);
    started(command, folder, root)
}

pub(crate) fn ask(
    server: &Started,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let bytes = http::request(
        method,
        path,
        &server.at.to_string(),
        headers,
        body.as_bytes(),
    );
    http::plain(server.at).send(&bytes).expect("an answer")
}

pub(crate) fn get(server: &Started, path: &str) -> Answer {
    ask(server, "GET", path, &[], "")
}

/// The planner answers as the code behind `compare` does, to the last byte: what there is to a figure is there too.
#[test]
fn the_planner_says_what_compare_says() {
    let server = local(&[]);
    let sources = Sources {
        profile: "open".to_owned(),
        ..Sources::default()
    };
    let routes = Engine::compare(sources, &|_| ()).expect("routes");
    let question = |change: &dyn Fn(&mut Question)| {
        let mut question = Question {
            container: "45G1".to_owned(),
            depart: Some("2026-06-01".to_owned()),
            options: 10,
            ..Question::default()
        };
        change(&mut question);
        question
    };
    let text = |text: &str| Some(text.to_owned());
    let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    for (query, places, question) in [
        ("", ("CNCKG", "SGSIN"), question(&|_| ())),
        (
            "&cargo_kg=12000.5",
            ("CNCKG", "SGSIN"),
            question(&|q| q.cargo_kg = text("12000.5")),
        ),
        (
            "&container=45R1&refrigerated=1",
            ("CNCKG", "SGSIN"),
            question(&|q| {
                q.container = "45R1".to_owned();
                q.refrigerated = true;
            }),
        ),
        (
            "&via=VNHPH",
            ("CNCKG", "SGSIN"),
            question(&|q| q.via = list("VNHPH")),
        ),
        (
            "&avoid=air,malacca",
            ("CNSHA", "NLRTM"),
            question(&|q| q.avoid = list("air,malacca")),
        ),
        (
            "&modes=road,sea&max_days=30",
            ("CNCKG", "SGSIN"),
            question(&|q| {
                q.modes = list("road,sea");
                q.max_days = text("30");
            }),
        ),
        (
            "&carbon_price=100&currency=USD&objective=cost&options=3",
            ("CNCKG", "SGSIN"),
            question(&|q| {
                q.carbon_price = text("100");
                q.currency = text("USD");
                q.objective = Objective::Cost;
                q.options = 3;
            }),
        ),
        (
            "&objective=days",
            ("Singapore", "Chongqing"),
            question(&|q| q.objective = Objective::Days),
        ),
        (
            "&boxes=3&arrive_by=2026-08-01",
            ("CNCKG", "SGSIN"),
            question(&|q| {
                q.boxes = text("3");
                q.arrive_by = text("2026-08-01");
            }),
        ),
        (
            "&box_share=0.25&cargo_kg=3000",
            ("CNCKG", "SGSIN"),
            question(&|q| {
                q.box_share = text("0.25");
                q.cargo_kg = text("3000");
            }),
        ),
    ] {
        let (from, to) = places;
        let query = format!("from={from}&to={to}&depart=2026-06-01{query}");
        let found = routes.compare(&question, places, true).expect("options");
        let wanted = found.json(true).expect("JSON") + "\n";
        let sheet: Value = serde_json::from_str(&wanted).expect("JSON");
        assert!(
            !sheet["options"].as_array().expect("options").is_empty(),
            "{query}"
        );
        assert_eq!(
            get(&server, &format!("/compare.json?{query}")).text(),
            wanted,
            "{query}"
        );
        let csv = found.csv_header() + &found.csv_rows();
        assert_eq!(
            get(&server, &format!("/compare.csv?{query}")).text(),
            csv,
            "{query}"
        );
        assert_eq!(
            get(&server, &format!("/compare.html?{query}")).text(),
            found.page(),
            "{query}"
        );
    }
}

/// A what-if answers as the command does under the file that the planner gives away for it.
#[test]
fn a_what_if_says_what_compare_says_under_its_file() {
    let server = local(&[]);
    let sources = Sources {
        profile: "open".to_owned(),
        ..Sources::default()
    };
    let routes = Engine::compare(sources, &|_| ()).expect("routes");
    let question = Question {
        container: "45G1".to_owned(),
        depart: Some("2026-06-01".to_owned()),
        options: 10,
        ..Question::default()
    };
    let places = ("CNCKG", "SGSIN");
    let plain = routes.compare(&question, places, false).expect("options");
    let plain = plain.json(true).expect("JSON");
    let home = tempfile::tempdir().expect("a folder");
    for change in [
        "hvo=1",
        "methanol=1",
        "grid=350",
        "grid=0",
        "load=110&load_mode=road",
        "load=85&load_mode=sea",
        "hvo=1&methanol=1&grid=350&load=120&load_mode=rail",
    ] {
        let query = format!("from=CNCKG&to=SGSIN&depart=2026-06-01&{change}");
        let file = get(&server, &format!("/scenario.toml?{query}"));
        assert_eq!(file.status, 200, "{change}: {}", file.text());
        let path = home.path().join("what-if.toml");
        fs::write(&path, file.body).expect("written");
        let changes = routes.changes(&path).expect("a scenario");
        let found = routes
            .compare_under(&changes, &question, places, true)
            .expect("options");
        let wanted = found.json(true).expect("JSON") + "\n";
        assert_ne!(plain, wanted);
        // The second time from the world that was kept.
        for _ in 0..2 {
            assert_eq!(
                get(&server, &format!("/compare.json?{query}")).text(),
                wanted,
                "{change}"
            );
        }
        assert_eq!(
            get(&server, &format!("/compare.html?{query}")).text(),
            found.page(),
            "{change}"
        );
    }
    let none = get(&server, "/scenario.toml?from=CNCKG&to=SGSIN");
    assert_eq!(none.status, 404);
}

#[test]
fn a_question_that_cannot_be_answered_is_refused_in_words() {
    let server = local(&[]);
    for (query, said) in [
        ("from=CNCKG", "expected from and to"),
        ("from=XXXXX&to=SGSIN", "unknown place"),
        ("from=SGSIN&to=SGSIN", "expected two places"),
        ("from=CNCKG&to=SGSIN&cargo_kg=x", "expected kilograms"),
        ("from=CNCKG&to=SGSIN&carbon_price=3", "expected a currency"),
        ("from=CNCKG&to=SGSIN&shipments=3", "there is no field"),
        ("from=%3Cscript%3E&to=SGSIN", "unknown place"),
    ] {
        let json = get(&server, &format!("/compare.json?{query}"));
        assert_eq!(json.status, 400, "{query}");
        let message = json.json()["message"]
            .as_str()
            .expect("a message")
            .to_owned();
        assert!(message.contains(said), "{query}: {message}");
        let page = get(&server, &format!("/compare.html?{query}"));
        assert_eq!(page.status, 400, "{query}");
        assert!(
            page.text().contains("data-refused") && !page.text().contains("<script>"),
            "{query}"
        );
    }
    // For people no word of a terminal, in their language.
    let page = |query: &str, headers: &[(&str, &str)]| {
        ask(
            &server,
            "GET",
            &format!("/compare.html?from=CNCKG&to=SGSIN&{query}"),
            headers,
            "",
        )
        .text()
    };
    for query in [
        "cargo_kg=x",
        "boxes=0",
        "box_share=2",
        "boxes=2&box_share=0.5",
        "depart=x",
        "arrive_by=x",
        "max_days=0",
        "avoid=xx",
        "modes=camel",
        "via=nowhere",
        "cargo_kg=900000&boxes=1",
        "max_days=0.1",
        "container=x",
        "carbon_price=x&currency=USD",
        "hvo=1&arrive_by=2026-08-01",
    ] {
        let said = page(query, &[]);
        assert!(said.contains("data-refused"), "{query}: {said}");
        assert!(
            !said.contains("--") && !said.contains('`'),
            "{query}: {said}"
        );
    }
    assert!(page("cargo_kg=x", &[]).contains("Kilograms x: expected"));
    assert!(
        page("cargo_kg=x", &[("accept-language", "zh-CN,zh;q=0.9")]).contains("千克 x: expected")
    );
    for (path, headers) in [
        (
            "/nothing",
            [("accept", "text/html,*/*"), ("accept-language", "en")],
        ),
        (
            "/runs/00000000000000000000",
            [("accept", "text/html"), ("accept-language", "zh")],
        ),
        (
            "/logout",
            [("accept", "text/html"), ("accept-language", "de, zh-CN")],
        ),
    ] {
        let answer = ask(&server, "GET", path, &headers, "");
        assert!(answer.status == 404 || answer.status == 405, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
        let text = answer.text();
        assert!(
            text.contains("<h1>") && !text.contains("\"code\""),
            "{path}: {text}"
        );
        assert_eq!(
            text.contains("lang=\"zh-Hans\""),
            headers[1].1.contains("zh"),
            "{path}"
        );
        // Programs read JSON as before.
        let plain = ask(&server, "GET", path, &[("accept", "*/*")], "");
        assert!(plain.json()["code"].is_string());
    }
    let haiphong = get(&server, "/places.json?q=Haiphong").json();
    assert_eq!(
        (&haiphong[0]["code"], &haiphong[0]["name"]),
        (&"VNHPH".into(), &"Hai Phong".into())
    );
    let places = get(&server, "/places.json?q=singap").json();
    assert_eq!(places[0]["code"], "SGSIN");
    assert_eq!(
        get(&server, "/places.json?q=").json(),
        serde_json::json!([])
    );
}

#[test]
fn no_script_runs_but_those_of_the_pages() {
    let server = local(&[]);
    for path in [
        "/",
        "/runs",
        "/compare.html?from=CNCKG&to=SGSIN",
        "/compare.html?from=x&to=y",
    ] {
        let answer = get(&server, path);
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        let scripts = policy
            .split(';')
            .find(|part| part.trim().starts_with("script-src"))
            .unwrap_or_default();
        assert!(
            !scripts.contains("unsafe") && !scripts.contains('*'),
            "{path}: {scripts}"
        );
        assert!(policy.contains("frame-ancestors"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        if !path.contains("compare") {
            assert!(
                !answer.text().contains("<script>") && !answer.text().contains("style="),
                "{path}"
            );
        }
    }
}

#[test]
fn pages_without_a_login_are_this_machines_own() {
    let server = local(&[]);
    for (headers, status) in [
        (&[][..], 200),
        (&[("x-forwarded-for", "1.2.3.4")], 403),
        (&[("x-forwarded-proto", "https")], 403),
    ] {
        assert_eq!(
            ask(&server, "GET", "/", headers, "").status,
            status,
            "{headers:?}"
        );
    }
    // A page of a stranger whose name points here has its own name in the header.
    let bytes = http::request("GET", "/", "evil.example", &[], b"");
    assert_eq!(
        http::plain(server.at)
            .send(&bytes)
            .expect("an answer")
            .status,
        403
    );
    let proxied = local(&["--behind", "127.0.0.1"]);
    assert_eq!(
        ask(&proxied, "GET", "/", &[("x-forwarded-proto", "https")], "").status,
        403
    );
    // The door is not opened without TLS, nor without clients.
    assert_eq!(get(&server, "/2/footprints").status, 404);
}
