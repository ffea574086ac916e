//! To whom pages are shown: this machine, those who log in, and nobody whom a stranger's page sends.

use crate::http::{self, Answer};
use crate::pages::{ask, get, local};
use crate::started::{PROGRAM, ended, sample};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn add_user(file: &Path, name: &str, password: &str) -> Option<i32> {
    let mut child = Command::new(PROGRAM)
        .args(["users", "add", name, "--file"])
        .arg(file)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("its input");
    // A program that refuses the name may end before it reads.
    let _ = input.write_all(format!("{password}\n").as_bytes());
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
        let back: String = form_urlencoded::byte_serialize(page.as_bytes()).collect();
        let wanted = match page {
            "/" => "/login".to_owned(),
            _ => format!("/login?next={back}"),
        };
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(&*wanted)),
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
    // Back to where one came from, and nowhere else.
    let asked = "/?from=CNCKG&to=SGSIN&via=CNQZH%2C+VNHPH";
    let question: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    let form = get(&server, &format!("/login?next={question}")).text();
    assert!(
        form.contains("name=\"next\" value=\"/?from=CNCKG&amp;to=SGSIN&amp;via=CNQZH%2C+VNHPH\""),
        "{form}"
    );
    for (next, wanted) in [
        (asked, asked),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\r\nset-cookie: x=y", "/"),
    ] {
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("csrf", &*token),
                ("name", "ann"),
                ("password", "correct horse battery"),
                ("next", next),
            ])
            .finish();
        let cookie = format!("green_corridor_login={bound}");
        let answer = ask(&server, "POST", "/login", &[("cookie", &cookie)], &body);
        assert_eq!(
            (answer.status, answer.header("location")),
            (303, Some(wanted)),
            "{next}"
        );
        assert_eq!(
            answer
                .header("set-cookie")
                .map(|words| words.contains("x=y")),
            Some(false)
        );
    }
    // A browser says whose page sent a form.
    for from in ["cross-site", "same-site", "x"] {
        let headers = [("cookie", header.as_str()), ("sec-fetch-site", from)];
        let body = format!("csrf={}", csrf(&page));
        assert_eq!(
            ask(&server, "POST", "/logout", &headers, &body).status,
            403,
            "{from}"
        );
        assert_eq!(
            ask(&server, "GET", "/runs", &headers, "").status,
            200,
            "{from}"
        );
    }
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

/// Programs that only look whether it is alive often speak HTTP/1.0, without a host.
#[test]
fn health_is_told_without_a_host() {
    let server = local(&[]);
    for (head, status) in [
        ("GET /health HTTP/1.0\r\n\r\n", 200),
        ("GET /health HTTP/1.0\r\nhost: \r\n\r\n", 400),
        ("GET /runs HTTP/1.0\r\n\r\n", 400),
    ] {
        let answer = http::plain(server.at).send(head.as_bytes());
        assert_eq!(answer.expect("an answer").status, status, "{head}");
    }
}
