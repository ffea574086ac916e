//! Pages: that they say what the engine says, to whom they are shown, and that nothing in them runs that should not.

use crate::http::{self, Answer};
use crate::started::{PROGRAM, Started, certificate, ended, sample, started};
use green_corridor::Engine;
use green_corridor::routing::{Objective, Question, Sources};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A server without TLS for this machine.
fn local(options: &[&str]) -> Started {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, _, root) = certificate(folder.path(), "unused");
    let mut command = Command::new(PROGRAM);
    command
        .arg(sample())
        .args(["--listen", "127.0.0.1:0"])
        .args(options);
    started(command, folder, root)
}

fn ask(server: &Started, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let bytes = http::request(
        method,
        path,
        &server.at.to_string(),
        headers,
        body.as_bytes(),
    );
    http::plain(server.at).send(&bytes).expect("an answer")
}

fn get(server: &Started, path: &str) -> Answer {
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
fn runs_are_shown_with_their_totals_and_files() {
    let server = local(&[]);
    let out = sample();
    let id = fs::read_to_string(out.join("CURRENT")).expect("the current run");
    let id = id.trim();
    let list = get(&server, "/runs").text();
    assert!(
        list.contains(id) && list.contains("15 570 056.442712594"),
        "{list}"
    );
    let run = get(&server, &format!("/runs/{id}")).text();
    assert!(
        run.contains("12 186 692.010194763") && run.contains("R001 8"),
        "{run}"
    );
    let sheet = get(
        &server,
        &format!("/runs/{id}/shipment?id=SAMPLE-0000000001"),
    )
    .text();
    assert!(sheet.contains("1817.289459532 kg CO2e"), "{sheet}");
    let data = get(
        &server,
        &format!("/runs/{id}/shipment?id=SAMPLE-0000000001&format=json"),
    )
    .json();
    let wanted = Engine::at(out)
        .explain("SAMPLE-0000000001", None)
        .expect("a sheet");
    assert_eq!(data, serde_json::to_value(&wanted).expect("JSON"));
    for file in ["corridors.parquet", "elements/part-00000.parquet"] {
        let served = get(&server, &format!("/runs/{id}/files/{file}"));
        let wanted = fs::read(out.join("runs").join(id).join(file)).expect("a table");
        assert!(served.body == wanted, "{file}");
    }
    for path in [
        "/runs/00000000000000000000".to_owned(),
        "/runs/..".to_owned(),
        format!("/runs/{id}/shipment?id=NONE"),
        format!("/runs/{id}/files/manifest.json"),
        format!("/runs/{id}/files/../../../CURRENT"),
        format!("/runs/{id}/files/%2e%2e/%2e%2e/CURRENT"),
        format!("/runs/{id}/files//etc/passwd"),
        "/assets/../pages.css".to_owned(),
    ] {
        let answer = get(&server, &path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            !answer.text().contains(out.to_str().expect("a plain path")),
            "{path}"
        );
    }
}

#[test]
fn the_report_is_that_of_the_command() {
    let server = local(&[]);
    let id = fs::read_to_string(sample().join("CURRENT")).expect("the current run");
    let answer = get(&server, &format!("/runs/{}/report.html", id.trim()));
    let report = Engine::at(sample()).report(None).expect("a report");
    assert!(answer.text() == green_corridor::runs::page(&report).expect("a page"));
    let book = get(&server, &format!("/runs/{}/report.xlsx", id.trim())).body;
    assert!(book == green_corridor::runs::workbook(&report).expect("a workbook"));
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

fn add_user(file: &Path, name: &str, password: &str) -> Option<i32> {
    let mut child = Command::new(PROGRAM)
        .args(["users", "add", name, "--file"])
        .arg(file)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("its input");
    input
        .write_all(format!("{password}\n").as_bytes())
        .expect("written");
    drop(input);
    child.wait().expect("it ends").code()
}

/// The value of a cookie that an answer sets, and all of its words.
fn cookie(answer: &Answer, name: &str) -> Option<(String, String)> {
    let all = answer.headers.iter().filter(|(key, _)| key == "set-cookie");
    let mut found = all.filter_map(|(_, value)| {
        Some((
            value
                .split(';')
                .next()?
                .strip_prefix(name)?
                .strip_prefix('=')?
                .to_owned(),
            value.clone(),
        ))
    });
    found.next()
}

fn csrf(answer: &Answer) -> String {
    let text = answer.text();
    let (_, rest) = text
        .split_once("name=\"csrf\" value=\"")
        .expect("a form with a token");
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn whoever_is_elsewhere_logs_in() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("users.toml");
    assert_eq!(add_user(&file, "ann", "short"), Some(2));
    assert_eq!(add_user(&file, "ann", "correct horse battery"), Some(0));
    assert_eq!(add_user(&file, "ann", "correct horse battery"), Some(2));
    assert!(
        !fs::read_to_string(&file)
            .expect("the file")
            .contains("horse")
    );
    let path = file.to_str().expect("a plain path");
    let server = local(&["--users", path]);
    for page in [
        "/",
        "/runs",
        "/compare.json?from=CNCKG&to=SGSIN",
        "/places.json?q=x",
    ] {
        let answer = get(&server, page);
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some("/login")),
            "{page}"
        );
        assert!(answer.body.is_empty());
    }
    let form = get(&server, "/login");
    let (bound, words) = cookie(&form, "green_corridor_login").expect("a cookie");
    assert!(
        words.contains("HttpOnly") && words.contains("SameSite=Strict"),
        "{words}"
    );
    let token = csrf(&form);
    let sent = |cookie: &str, token: &str, name: &str, password: &str| {
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("csrf", token), ("name", name), ("password", password)])
            .finish();
        let cookie = format!("other=1; green_corridor_login={cookie}");
        ask(&server, "POST", "/login", &[("cookie", &cookie)], &body)
    };
    // A form of another site has no token, or one of another cookie.
    assert_eq!(sent(&bound, "", "ann", "correct horse battery").status, 400);
    assert_eq!(
        sent("x", &token, "ann", "correct horse battery").status,
        400
    );
    assert_eq!(sent(&bound, &token, "ann", "wrong").status, 403);
    assert_eq!(
        sent(&bound, &token, "nobody", "correct horse battery").status,
        403
    );
    let welcome = sent(&bound, &token, "ann", "correct horse battery");
    assert_eq!(
        (welcome.status, welcome.header("location")),
        (303, Some("/"))
    );
    let (session, words) = cookie(&welcome, "green_corridor_session").expect("a session");
    assert!(
        words.contains("HttpOnly") && words.contains("SameSite=Strict"),
        "{words}"
    );
    let header = format!("green_corridor_session={session}");
    let with = [("cookie", header.as_str())];
    let page = ask(&server, "GET", "/runs", &with, "");
    assert_eq!(page.status, 200);
    assert!(page.text().contains(">ann<"));
    // Another password ends the session, and so does the removal of the user.
    let text = fs::read_to_string(&file).expect("the file");
    let others = home.path().join("others.toml");
    assert_eq!(add_user(&others, "ann", "another horse battery"), Some(0));
    for changed in [
        fs::read_to_string(&others).expect("the file"),
        String::new(),
    ] {
        let welcome = sent(&bound, &token, "ann", "correct horse battery");
        let (session, _) = cookie(&welcome, "green_corridor_session").expect("a session");
        let header = format!("green_corridor_session={session}");
        let with = [("cookie", header.as_str())];
        assert_eq!(ask(&server, "GET", "/runs", &with, "").status, 200);
        fs::write(&file, changed).expect("written");
        assert_eq!(ask(&server, "GET", "/runs", &with, "").status, 303);
        fs::write(&file, &text).expect("written");
        assert_eq!(ask(&server, "GET", "/runs", &with, "").status, 303);
    }
    // Logging out needs a form of this session, and ends it.
    assert_eq!(ask(&server, "POST", "/logout", &with, "csrf=x").status, 400);
    let body = format!("csrf={}", csrf(&page));
    assert_eq!(ask(&server, "POST", "/logout", &with, &body).status, 303);
    assert_eq!(ask(&server, "GET", "/runs", &with, "").status, 303);
    let log = server.log();
    assert!(!log.contains("horse") && !log.contains(&session), "{log}");
    // A file that others may read is refused.
    let rights = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&file, rights).expect("its rights");
    let out = sample().to_str().expect("a plain path");
    let (code, said) = ended(&[out, "--listen", "127.0.0.1:0", "--users", path]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn what_a_proxy_passes_on_is_not_this_machines_own() {
    let server = local(&[]);
    for page in ["/runs", "/metrics"] {
        assert_eq!(get(&server, page).status, 200, "{page}");
        for header in [
            "forwarded",
            "via",
            "x-real-ip",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-forwarded-server",
        ] {
            let answer = ask(&server, "GET", page, &[(header, "x")], "");
            assert_eq!(answer.status, 403, "{page} {header}");
        }
    }
    // A stranger's page whose host name points here.
    let rebound = http::request("GET", "/metrics", "evil.example", &[], b"");
    let answer = http::plain(server.at).send(&rebound);
    assert_eq!(answer.expect("an answer").status, 403);
}

#[test]
fn the_path_of_a_proxy_does_not_go_up() {
    let server = local(&["--behind", "127.0.0.1"]);
    let asked = |prefix: &str| {
        let headers = [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", prefix),
        ];
        ask(&server, "GET", "/health", &headers, "").status
    };
    assert_eq!(
        (asked("/a..b"), asked("/a/../b"), asked("/..")),
        (200, 400, 400)
    );
}
