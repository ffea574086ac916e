//! The partner door beyond the cases of the suites: what a client sees and does not see, lists while exports change, ways in.

use crate::http;
use crate::started::{
    PROGRAM, add_client, certificate, eventually, export, next, publish, sample, start, started,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

fn ids(documents: &[Value]) -> BTreeSet<String> {
    documents
        .iter()
        .map(|d| d["id"].as_str().expect("an id").to_owned())
        .collect()
}

fn is_shipment(document: &Value) -> bool {
    document.pointer("/extensions/0/data/tces").is_some()
}

#[test]
fn a_client_sees_its_shipments_and_the_categories_that_they_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let acme = add_client(
        folder.path(),
        "acme",
        &[
            "--shipments",
            "SAMPLE-00000000*",
            "--shipments",
            "SAMPLE-0000000100",
        ],
    );
    let all = add_client(folder.path(), "all", &["--all"]);
    let none = add_client(folder.path(), "none", &["--shipments", "OTHER-*"]);
    let server = start(sample(), folder, &[]);
    let [acme, all, none] = [acme, all, none].map(|client| server.token(&client));
    for version in [2, 3] {
        let path = format!("/{version}/footprints");
        let (own, every) = (server.all(&path, &acme), server.all(&path, &all));
        let shipments: BTreeSet<&str> = (own.iter())
            .filter(|d| is_shipment(d))
            .filter_map(|d| d.pointer("/extensions/0/data/shipmentId")?.as_str())
            .collect();
        assert_eq!(shipments.len(), 100);
        assert!(shipments.iter().all(|id| *id <= "SAMPLE-0000000100"));
        let tces = own
            .iter()
            .filter_map(|d| d.pointer("/extensions/0/data/tces")?.as_array())
            .flatten();
        let named: BTreeSet<&str> = tces
            .filter_map(|tce| tce["tocId"].as_str().or(tce["hocId"].as_str()))
            .collect();
        let seen: BTreeSet<&str> = (own.iter())
            .filter(|d| !is_shipment(d))
            .filter_map(|d| {
                d.pointer("/extensions/0/data/tocId")
                    .or(d.pointer("/extensions/0/data/hocId"))?
                    .as_str()
            })
            .collect();
        assert_eq!(seen, named);
        // One by one too.
        let foreign = ids(&every)
            .difference(&ids(&own))
            .next()
            .expect("a foreign one")
            .clone();
        let answer = server.get(&format!("{path}/{foreign}"), &acme);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (403, &json!("AccessDenied"))
        );
        assert_eq!(server.get(&format!("{path}/{foreign}"), &all).status, 200);
        let mine = own[0]["id"].as_str().expect("an id");
        assert_eq!(server.get(&format!("{path}/{mine}"), &acme).status, 200);
        assert_eq!(server.get(&path, &none).json()["data"], json!([]));
        // A filter does not reach further than the list.
        let product = every
            .iter()
            .find(|d| d["id"] == json!(foreign))
            .expect("it")["productIds"][0]
            .clone();
        let product = product.as_str().expect("a URN");
        let query = match version {
            2 => format!("{path}?$filter=productIds/any(x:(x+eq+'{product}'))"),
            _ => format!("{path}?productId={product}"),
        };
        assert_eq!(server.get(&query, &acme).json()["data"], json!([]));
        assert_eq!(
            server.get(&query, &all).json()["data"][0]["id"],
            json!(foreign)
        );
    }
    let own = server.all("/2/ileap/tad", &acme);
    let shipments: BTreeSet<&str> = own
        .iter()
        .filter_map(|tad| tad["consignmentIds"][0].as_str())
        .collect();
    assert!(!own.is_empty() && shipments.iter().all(|id| *id <= "SAMPLE-0000000100"));
    assert_eq!(server.get("/2/ileap/tad", &none).json()["data"], json!([]));
    let foreign = server.get("/2/ileap/tad?consignmentIds=SAMPLE-0000000101", &acme);
    assert_eq!(foreign.json()["data"], json!([]));
}

#[test]
fn a_foreign_footprint_can_be_hidden() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = add_client(folder.path(), "all", &["--all"]);
    let acme = add_client(folder.path(), "acme", &["--shipments", "SAMPLE-0000000001"]);
    let server = start(sample(), folder, &["--hide-foreign"]);
    let [all, acme] = [all, acme].map(|client| server.token(&client));
    let every = server.all("/2/footprints", &all);
    let foreign = every.last().expect("one")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let hidden = server.get(&format!("/2/footprints/{foreign}"), &acme);
    let unknown = server.get("/2/footprints/00000000-0000-4000-8000-000000000000", &acme);
    assert_eq!((hidden.status, hidden.body), (404, unknown.body));
}

#[test]
fn what_cannot_be_answered_is_refused_with_its_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "acme", &["--all"]);
    let server = start(sample(), folder, &[]);
    let token = server.token(&client);
    for (path, status, code) in [
        ("/2/footprints?limit=0", 400, "BadRequest"),
        ("/3/footprints?limit=-1", 400, "BadRequest"),
        ("/2/ileap/tad?limit=1.5", 400, "BadRequest"),
        ("/2/footprints?offset=x", 400, "BadRequest"),
        ("/2/footprints?list=0123456789abcdef", 400, "BadRequest"),
        (
            "/2/footprints?$filter=comment+eq+'x'",
            400,
            "NotImplemented",
        ),
        ("/2/footprints?$top=3", 400, "NotImplemented"),
        (
            "/2/footprints?$filter=created+ge+yesterday",
            400,
            "BadRequest",
        ),
        ("/3/footprints?geografy=CN", 400, "NotImplemented"),
        ("/3/footprints?validOn=2025-01-01", 400, "BadRequest"),
        (
            "/3/footprints?validOn=2025-01-01T00:00:00Z&validon=2025-01-01T00:00:00Z",
            400,
            "BadRequest",
        ),
        ("/2/footprints/", 404, "NotFound"),
        ("/1/footprints", 404, "NotFound"),
        ("/2/ileap", 404, "NotFound"),
        (
            "/2/footprints/4759957AF7255C8D95953F61566720FA",
            404,
            "NoSuchFootprint",
        ),
    ] {
        let answer = server.get(path, &token);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{path}"
        );
    }
    assert_eq!(server.ask("DELETE", "/2/footprints", &[], b"").status, 405);
    // Filters that hold for none and for all.
    for (filter, is_empty) in [
        ("created+lt+'2000-01-01T00:00:00Z'", true),
        ("updated+ge+'2000-01-01T00:00:00Z'", true),
        (
            "productCategoryCpc+eq+'83117'+and+(pcf/geographyCountry+eq+'CN')",
            false,
        ),
        (
            "companyIds/any(x:(x+eq+'urn:lei:5493001KJTIIGC8Y1R12'))",
            false,
        ),
        (
            "pcf/referencePeriodStart+ge+'2025-03-01T00:00:00Z'+and+pcf/referencePeriodEnd+le+'2025-04-30T00:00:00Z'",
            false,
        ),
    ] {
        let page = server
            .get(&format!("/2/footprints?$filter={filter}"), &token)
            .json();
        assert_eq!(
            page["data"].as_array().expect("a list").is_empty(),
            is_empty,
            "{filter}"
        );
    }
    // The grants and events that are none.
    for (body, error) in [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials", "invalid_client"),
        (
            "grant_type=client_credentials&client_id=acme&client_secret=x",
            "invalid_client",
        ),
    ] {
        let answer = server.ask("POST", "/auth/token", &[], body.as_bytes());
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!(error)),
            "{body}"
        );
    }
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        client.id, client.secret
    );
    assert_eq!(
        server
            .ask("POST", "/auth/token", &[], body.as_bytes())
            .status,
        200
    );
    let good = json!({"type": "org.wbcsd.pathfinder.ProductFootprint.Published.v1", "specversion": "1.0", "id": "1", "source": "//x", "data": {}});
    assert_eq!(server.event("/2/events", &token, &good).status, 200);
    assert_eq!(server.event("/3/events", &token, &good).status, 400);
    for (key, value) in [
        ("type", json!("x")),
        ("specversion", json!("0.3")),
        ("id", json!(1)),
        ("source", json!("")),
        ("data", json!([])),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        let answer = server.event("/2/events", &token, &bad);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &json!("BadRequest")),
            "{key}"
        );
    }
    let bearer = format!("Bearer {token}");
    let plain = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    assert_eq!(
        server
            .ask("POST", "/2/events", &plain, good.to_string().as_bytes())
            .status,
        400
    );
    // Secrets and queries are in no line of the log.
    let log = server.log();
    for word in [&token, &client.secret, "geografy", "yesterday"] {
        assert!(!log.contains(word), "{word} in {log}");
    }
    assert!(log.contains("acme GET /3/footprints 400"), "{log}");
}

/// A run that is published in the middle of a list: the list goes on as it began, a new one has the new run.
#[test]
fn a_list_goes_on_while_another_run_is_published() {
    let out = tempfile::tempdir().expect("a folder");
    publish(out.path(), None);
    export(out.path());
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "acme", &["--all"]);
    let home = folder.path().to_owned();
    let server = start(out.path(), folder, &[]);
    let token = server.token(&client);
    let base = format!("https://{}", server.at);
    let first = server.get("/2/footprints?limit=1000", &token);
    let link = next(&first, &base).expect("a link");
    let second = server.get(&link, &token).body;
    // A part of the sample: the movements of the first shipments.
    let movements = fs::read_to_string(sample_movements()).expect("the sample");
    let fewer = home.join("fewer.csv");
    let lines: Vec<&str> = movements.lines().take(4001).collect();
    fs::write(&fewer, lines.join("\n") + "\n").expect("written");
    let run = publish(out.path(), Some(&fewer));
    export(out.path());
    eventually("the new run", || {
        server.log().contains(&format!("ileap: run {run}"))
    });
    let after = server.get("/2/footprints?limit=1", &token);
    let told = next(&after, &base).expect("a link");
    assert_ne!(told.rsplit("list=").next(), link.rsplit("list=").next());
    assert_eq!(server.get(&link, &token).body, second);
    // A document that the new run lacks is found as long as lists of the old one are.
    let page: Value = serde_json::from_slice(&second).expect("JSON");
    let old = page["data"]
        .as_array()
        .expect("a list")
        .last()
        .expect("one")["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(
        server.get(&format!("/2/footprints/{old}"), &token).status,
        200
    );
    assert!(server.all("/2/footprints", &token).len() < 2567);
    // A restart loses nothing of the newest list.
    let (before, client_file) = (server.get(&told, &token).body, home.join("clients.toml"));
    let kept = tempfile::tempdir().expect("a folder");
    fs::copy(client_file, kept.path().join("clients.toml")).expect("a copy");
    drop(server);
    let again = start(out.path(), kept, &[]);
    let token = again.token(&client);
    assert_eq!(again.get(&told, &token).body, before);
}

fn sample_movements() -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/movements");
    let found = fs::read_dir(folder).expect("a folder").flatten();
    let mut csv = found
        .map(|entry| entry.path())
        .filter(|path| path.extension() == Some("csv".as_ref()));
    csv.next().expect("movements")
}

#[test]
fn failures_are_answered_slower() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "acme", &["--all"]);
    let server = start(sample(), folder, &[]);
    let took = |id: &str, secret: &str| {
        let begun = Instant::now();
        let status = server.token_asked("/auth/token", id, secret).status;
        (status, begun.elapsed())
    };
    for _ in 0..5 {
        assert_eq!(took("acme", "wrong").0, 400);
    }
    let (status, time) = took("acme", "wrong");
    assert!(
        status == 400 && time >= Duration::from_millis(450),
        "{time:?}"
    );
    // Whoever knows the secret gets in all the same.
    assert_eq!(took(&client.id, &client.secret).0, 200);
}

/// Guesses all at once are no quicker than one after the other, and keep nobody out.
#[test]
fn guesses_side_by_side_are_slowed_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "acme", &["--all"]);
    let server = start(sample(), folder, &["--behind", "127.0.0.1"]);
    let guess = |from: &str, secret: &str| {
        let form = format!("grant_type=client_credentials&client_id=acme&client_secret={secret}");
        let headers = [("x-forwarded-proto", "https"), ("x-forwarded-for", from)];
        server.ask("POST", "/auth/token", &headers, form.as_bytes())
    };
    let begun = Instant::now();
    let checked = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..60 {
            scope.spawn(|| {
                let status = guess("203.0.113.7", "wrong").status;
                checked
                    .lock()
                    .expect("not poisoned")
                    .push((status, begun.elapsed()));
            });
        }
        // From elsewhere the right secret opens meanwhile.
        std::thread::sleep(Duration::from_millis(1500));
        let begun = Instant::now();
        assert_eq!(guess("203.0.113.8", &client.secret).status, 200);
        assert!(
            begun.elapsed() < Duration::from_secs(6),
            "{:?}",
            begun.elapsed()
        );
    });
    let checked = checked.into_inner().expect("not poisoned");
    let early =
        |(status, took): &&(u16, Duration)| *status == 400 && *took < Duration::from_millis(1200);
    // Three at once, then after 125, 250, 500, 1000 ms.
    assert!(checked.iter().filter(early).count() <= 7, "{checked:?}");
    assert!(
        checked.iter().filter(|(status, _)| *status == 429).count() >= 30,
        "{checked:?}"
    );
}

/// An average of its own shipments and of others' can be kept from a client.
#[test]
fn averages_with_others_are_kept_back_where_that_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let named = add_client(
        folder.path(),
        "named",
        &["--shipments", "SAMPLE-000000000*"],
    );
    let own = add_client(folder.path(), "own", &["--shipments", "SAMPLE-000000000*"]);
    let file = folder.path().join("clients.toml");
    let text = fs::read_to_string(&file).expect("the file");
    let (before, behind) = text.split_once("[client.\"own\"]\n").expect("a client");
    fs::write(
        &file,
        format!("{before}[client.\"own\"]\naverages = \"own\"\n{behind}"),
    )
    .expect("written");
    let server = start(sample(), folder, &[]);
    let seen = |client: &crate::started::Client| server.all("/2/footprints", &server.token(client));
    let (all, fewer) = (seen(&named), seen(&own));
    let shipments = |all: &[Value]| all.iter().filter(|document| is_shipment(document)).count();
    assert_eq!(shipments(&all), shipments(&fewer));
    assert!(ids(&fewer).is_subset(&ids(&all)) && fewer.len() < all.len());
    let category = |document: &&Value| {
        let data = &document["extensions"][0]["data"];
        let id = data["tocId"]
            .as_str()
            .or(data["hocId"].as_str())
            .expect("a category");
        [";primary", ";per-tonne", ";average"]
            .iter()
            .any(|end| id.ends_with(end))
    };
    let kept = ids(&fewer);
    let gone: Vec<&Value> = all
        .iter()
        .filter(|document| !kept.contains(document["id"].as_str().expect("an id")))
        .collect();
    assert!(!gone.is_empty() && gone.iter().all(category), "{gone:?}");
    let id = gone[0]["id"].as_str().expect("an id");
    assert_eq!(
        server
            .get(&format!("/2/footprints/{id}"), &server.token(&own))
            .status,
        403
    );
    assert_eq!(
        server
            .get(&format!("/2/footprints/{id}"), &server.token(&named))
            .status,
        200
    );
    assert!(
        server.log().contains("client named:")
            && server.log().contains("also of shipments of others")
    );
    assert!(!server.log().contains("client own: "), "{}", server.log());
}

#[test]
fn browsers_are_told_to_stay_with_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    add_client(folder.path(), "acme", &["--all"]);
    let server = start(sample(), folder, &[]);
    let health = server.ask("GET", "/health", &[], b"");
    assert_eq!(
        health.header("strict-transport-security"),
        Some("max-age=31536000")
    );
    let bytes = crate::http::request("GET", "/health", &server.at.to_string(), &[], b"");
    let plain = crate::http::plain(server.at)
        .send(&bytes)
        .expect("an answer");
    assert_eq!(plain.header("strict-transport-security"), None);
    // A form of a stranger's page is no client.
    let headers = [("sec-fetch-site", "cross-site")];
    assert_eq!(
        server
            .ask(
                "POST",
                "/auth/token",
                &headers,
                b"grant_type=client_credentials"
            )
            .status,
        403
    );
}

#[test]
fn a_proxy_is_believed_if_it_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "acme", &["--all"]);
    let (_, _, root) = certificate(folder.path(), "unused");
    let command = |behind: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .arg(sample())
            .args(["--listen", "127.0.0.1:0", "--clients"]);
        command.arg(folder.path().join("clients.toml")).args(behind);
        command
    };
    let log = || tempfile::tempdir().expect("a folder");
    let forwarded = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "pact.example"),
        ("x-forwarded-prefix", "/freight"),
        ("x-forwarded-for", "1.2.3.4, 203.0.113.7"),
    ];
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        client.id, client.secret
    );
    let ask = |at, method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let bytes = http::request(method, path, "127.0.0.1", headers, body.as_bytes());
        http::plain(at).send(&bytes).expect("an answer")
    };
    // From an address that nobody named, the headers are words.
    let plain = started(command(&[]), log(), root.clone());
    assert_eq!(
        ask(plain.at, "POST", "/auth/token", &forwarded, &body).status,
        403
    );
    let server = started(command(&["--behind", "127.0.0.1"]), log(), root);
    assert_eq!(
        ask(server.at, "POST", "/auth/token", &forwarded[1..], &body).status,
        403
    );
    assert_eq!(ask(server.at, "GET", "/health", &[], "").status, 200);
    assert_eq!(
        ask(server.at, "GET", "/metrics", &forwarded, "").status,
        403
    );
    let token =
        ask(server.at, "POST", "/auth/token", &forwarded, &body).json()["access_token"].clone();
    let bearer = format!("Bearer {}", token.as_str().expect("a token"));
    let with = [&forwarded[..], &[("authorization", bearer.as_str())]].concat();
    let page = ask(server.at, "GET", "/2/footprints?limit=1", &with, "");
    let link = page.header("link").expect("a link");
    assert!(
        link.starts_with("<https://pact.example/freight/2/footprints?limit=1&offset=1&list="),
        "{link}"
    );
    assert!(
        server
            .log()
            .contains("203.0.113.7 acme GET /2/footprints 200"),
        "{}",
        server.log()
    );
    for bad in [
        [("x-forwarded-proto", "https"), ("x-forwarded-host", "a b")],
        [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/a?b"),
        ],
    ] {
        assert_eq!(ask(server.at, "GET", "/health", &bad, "").status, 400);
    }
}

#[test]
fn it_stops_in_order_and_reads_its_certificate_again() {
    let folder = tempfile::tempdir().expect("a folder");
    add_client(folder.path(), "acme", &["--all"]);
    let home = folder.path().to_owned();
    let server = start(sample(), folder, &[]);
    let health = |root| {
        let bytes = http::request("GET", "/health", &server.at.to_string(), &[], b"");
        http::tls(server.at, &root)
            .send(&bytes)
            .map(|answer| answer.status)
    };
    assert_eq!(health(server.root.clone()), Some(200));
    let (_, _, new) = certificate(&home, "server");
    let pid = server.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-HUP", &pid])
            .status()
            .expect("kill")
            .success()
    );
    eventually("the new certificate", || health(new.clone()) == Some(200));
    assert_eq!(health(server.root.clone()), None);
    // One that is broken leaves the one that is there.
    fs::write(home.join("server.pem"), "none").expect("written");
    assert!(
        Command::new("kill")
            .args(["-HUP", &pid])
            .status()
            .expect("kill")
            .success()
    );
    eventually("a line in the log", || {
        server.log().contains("the certificate stays as it was")
    });
    assert_eq!(health(new), Some(200));
    assert_eq!(server.stop(), Some(0));
}

/// An export that is not whole, or not what its summary says, is not served; the one before is.
#[test]
fn what_is_not_a_finished_export_is_not_served() {
    let out = tempfile::tempdir().expect("a folder");
    let run = publish(out.path(), None);
    export(out.path());
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "acme", &["--all"]);
    let server = start(out.path(), folder, &[]);
    let token = server.token(&client);
    let count = || server.all("/3/footprints", &token).len();
    assert_eq!(count(), 2567);
    let of_run = out.path().join("export/pact-3").join(run);
    let shipments = of_run.join("shipments.json");
    let text = fs::read_to_string(&shipments).expect("the documents");
    let fewer: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("SAMPLE-0000000007\""))
        .collect();
    // As every writer here does: a new file in the place of the old one.
    let beside = of_run.join("beside");
    fs::write(&beside, fewer.join("\n")).expect("written");
    fs::rename(&beside, &shipments).expect("renamed");
    let summary = of_run.join("summary.json");
    let told = fs::read_to_string(&summary).expect("the summary");
    fs::write(&summary, told + "\n").expect("written");
    eventually("a line in the log", || {
        server
            .log()
            .contains("pact-3: not served: 2566 documents, the summary counts 2567")
    });
    assert_eq!(count(), 2567);
}
