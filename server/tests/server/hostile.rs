//! Requests that mean no good: paths, filters, headers, bodies, tokens of others, slow and broken ones. Each is refused or passed over;
//! none ends in a fault of the server, in a panic, or in a byte of another client.
//!
//! The long form: `GREEN_CORRIDOR_HOSTILE=20000 cargo test --release -p green-corridor-server hostile`.

use crate::http::{Answer, Connection, plain};
use crate::started::{Client, Started, add_client, sample, start};
use base64::Engine as _;
use std::io::Write;
use std::net::TcpStream;

/// Requests of the short form.
const SHORT: u64 = 2000;

/// A generator of numbers (SplitMix64): the same ones each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        let at = usize::try_from(self.below(list.len() as u64)).expect("a place");
        list[at]
    }
}

/// What may stand in a path or a query anywhere.
const PIECES: &[&str] = &[
    "%00",
    "%2e%2e",
    "..",
    "%2F",
    "%5c",
    "%",
    "%zz",
    "%ff",
    "%c0%af",
    "'",
    "\"",
    "<script>",
    "%0d%0ax:y",
    ";",
    "\\",
    "~",
    "*",
    "$",
    "|",
    "{}",
    "[]",
    "%F0%9F%9A%A2",
    "%E2%80%AE",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "-1",
    "0",
    "18446744073709551616",
    "1e309",
    "NaN",
    "null",
    "..%2f..%2fetc%2fpasswd",
    "file:///etc/passwd",
    "http://127.0.0.1/",
    "${jndi:x}",
    "{{7*7}}",
    "' or '1'='1",
    "CURRENT",
    "runs",
    "export",
];

const PATHS: &[&str] = &[
    "/2/footprints",
    "/3/footprints",
    "/2/ileap/tad",
    "/2/events",
    "/3/events",
    "/auth/token",
    "/.well-known/openid-configuration",
    "/health",
    "/metrics",
    "/",
    "//",
    "/2",
    "/2/footprints/",
    "/3/footprints/4759957a-f725-5c8d-9595-3f61566720fa",
    "/../export/ileap",
    "/runs",
    "*",
    "/compare.json",
    "/compare.html",
    "/compare.csv",
    "/places.json",
    "/runs/c9d595ab8f661641103b",
    "/runs/c9d595ab8f661641103b/shipment",
    "/runs/c9d595ab8f661641103b/files/manifest.json",
    "/runs/c9d595ab8f661641103b/corridors",
    "/runs/c9d595ab8f661641103b/corridor",
    "/runs/c9d595ab8f661641103b/slice",
    "/runs/c9d595ab8f661641103b/tables/corridors.csv",
    "/runs/c9d595ab8f661641103b/exports/ileap/summary.json",
    "/scenario.toml",
    "/assets/planner.js",
    "/login",
    "/logout",
];

const PARAMETERS: &[&str] = &[
    "limit",
    "offset",
    "list",
    "$filter",
    "productId",
    "companyId",
    "geography",
    "classification",
    "status",
    "validOn",
    "validAfter",
    "validBefore",
    "mode",
    "consignmentIds",
    "$top",
    "x-own",
    "",
    "__proto__",
    "from=CNCKG&to",
    "from=CNCKG&to=SGSIN&hvo=1&grid",
    "from=CNCKG&to=SGSIN&load_mode=road&load",
    "boxes",
    "box_share",
    "arrive_by",
    "lang",
    "next",
    "column",
    "from",
    "via",
    "avoid",
    "modes",
    "depart",
    "cargo_kg",
    "max_days",
    "carbon_price=1&currency",
    "options",
    "q",
    "id",
];

const FILTERS: &[&str] = &[
    "created",
    "updated",
    "pcf/geographyCountry",
    "productCategoryCpc",
    "productIds/any",
    "companyIds/any",
    "eq",
    "ne",
    "lt",
    "ge",
    "and",
    "or",
    "not",
    "(",
    ")",
    "((((((((",
    "'",
    "''",
    "'2025-01-01T00:00:00Z'",
    "'9999-99-99T00:00:00Z'",
    "x:",
    "x",
    ":",
    "null",
    "contains(",
    ",",
];

const METHODS: &[&str] = &[
    "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE",
    "CONNECT", "get", "X", "PRI",
];

struct Hostile<'s> {
    server: &'s Started,
    chance: Chance,
    /// Tokens: of a client that sees nothing, and what only looks like one.
    tokens: Vec<String>,
}

impl Hostile<'_> {
    fn path(&mut self) -> String {
        let mut path = self.chance.of(PATHS).to_owned();
        for _ in 0..self.chance.below(3) {
            let piece = self.chance.of(PIECES);
            match self.chance.below(3) {
                0 => path = format!("{path}/{piece}"),
                1 => path += piece,
                _ => path.insert_str(0, &format!("/{piece}")),
            }
        }
        path
    }

    fn filter(&mut self) -> String {
        let count = self.chance.below(12);
        (0..count)
            .map(|_| self.chance.of(FILTERS))
            .collect::<Vec<_>>()
            .join("+")
    }

    fn query(&mut self) -> String {
        let count = match self.chance.below(40) {
            0 => 300,
            n => n % 5,
        };
        let one = |hostile: &mut Self| {
            let key = hostile.chance.of(PARAMETERS);
            let value = match (key, hostile.chance.below(3)) {
                ("$filter", 0 | 1) => hostile.filter(),
                (_, 0) => "1".to_owned(),
                _ => hostile.chance.of(PIECES).to_owned(),
            };
            format!("{key}={value}")
        };
        (0..count).map(|_| one(self)).collect::<Vec<_>>().join("&")
    }

    fn authorization(&mut self) -> String {
        let at = usize::try_from(self.chance.below(self.tokens.len() as u64)).expect("a place");
        let mut token = self.tokens[at].clone();
        match self.chance.below(6) {
            0 => token = token.chars().take(40).collect(),
            1 => token.push('A'),
            2 => token = token.to_uppercase(),
            _ => (),
        }
        let scheme = self
            .chance
            .of(&["Bearer", "bearer", "Basic", "Bearer Bearer", "", "Digest"]);
        format!("authorization: {scheme} {token}\r\n")
    }

    fn headers(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..self.chance.below(3) {
            text += &self.authorization();
        }
        for _ in 0..self.chance.below(4) {
            let long = format!(
                "x-long: {}\r\n",
                "a".repeat(usize::try_from(self.chance.below(20_000)).expect("a length"))
            );
            text += match self.chance.below(12) {
                0 => "x-forwarded-proto: https\r\n",
                1 => "x-forwarded-host: evil.example\r\n",
                2 => "content-type: application/cloudevents+json\r\n",
                3 => "content-type: text/html\r\n",
                4 => "range: bytes=0-1\r\n",
                5 => "accept: \u{1}\r\n",
                6 => "x-\u{e9}: y\r\n",
                7 => "transfer-encoding: chunked\r\n",
                8 => "content-length: 5\r\n",
                9 => "expect: 100-continue\r\n",
                10 => "upgrade: h2c\r\nconnection: upgrade\r\n",
                _ => long.as_str(),
            };
        }
        text
    }

    fn body(&mut self) -> Vec<u8> {
        let deep = "[".repeat(5000);
        let long = "x".repeat(70_000);
        let text = match self.chance.below(9) {
            0 => deep.as_str(),
            1 => {
                r#"{"type":"org.wbcsd.pathfinder.ProductFootprintRequest.Created.v1","specversion":"1.0","id":"1","source":"https://127.0.0.1/","data":{"pf":{"productIds":["*"]}}}"#
            }
            2 => r#"{"type":1}"#,
            3 => "grant_type=client_credentials&client_id=%00&client_secret=%ff",
            4 => "\u{0}\u{1}\u{2}",
            5 => r#"{"type":"x","type":"y"}"#,
            6 => long.as_str(),
            7 => "{\"data\":{\"pf\":",
            _ => "",
        };
        text.as_bytes().to_vec()
    }

    fn request(&mut self) -> Vec<u8> {
        let (method, path, query) = (self.chance.of(METHODS), self.path(), self.query());
        let mark = if query.is_empty() { "" } else { "?" };
        let version = match self.chance.below(30) {
            0 => "HTTP/1.0",
            1 => "HTTP/9.9",
            2 => "",
            _ => "HTTP/1.1",
        };
        let host = match self.chance.below(20) {
            0 => String::new(),
            1 => "host: a b\r\n".to_owned(),
            2 => "host: evil.example\r\nhost: other.example\r\n".to_owned(),
            3 => format!("host: {}\r\n", "h".repeat(300)),
            _ => format!("host: {}\r\n", self.server.at),
        };
        let (headers, body) = (self.headers(), self.body());
        let length = match self.chance.below(10) {
            0 => String::new(),
            1 => "content-length: 99999999999\r\n".to_owned(),
            2 => "content-length: -1\r\n".to_owned(),
            _ => format!("content-length: {}\r\n", body.len()),
        };
        let head = format!("{method} {path}{mark}{query} {version}\r\n{host}{headers}{length}\r\n");
        let mut bytes = [head.as_bytes(), &body].concat();
        // A few are cut or have bytes changed anywhere.
        match self.chance.below(12) {
            0 => bytes.truncate(bytes.len() / 2),
            1 => {
                let at = usize::try_from(self.chance.below(bytes.len() as u64)).expect("a place");
                bytes[at] = u8::try_from(self.chance.below(256)).expect("a byte");
            }
            _ => (),
        }
        bytes
    }
}

/// What an answer to a stranger may be.
#[track_caller]
fn is_harmless(answer: &Answer, bytes: &[u8]) {
    let asked = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
    let text = answer.text();
    assert!(answer.status < 500, "{} to {asked}", answer.status);
    // A client that may see nothing sees nothing.
    assert!(
        !text.contains("SAMPLE-") && !text.contains("Example Line"),
        "{asked}: {text}"
    );
    assert!(
        !text.contains("/tmp") && !text.contains("clients.toml"),
        "{asked}: {text}"
    );
    let head = format!("{:?}", answer.headers);
    assert!(!head.contains("SAMPLE-"), "{asked}: {head}");
    if !answer.body.is_empty() && answer.header("content-type") == Some("application/json") {
        assert!(
            serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok(),
            "{asked}: {text}"
        );
    }
}

fn server() -> (Started, Client, Client) {
    let folder = tempfile::tempdir().expect("a folder");
    let nothing = add_client(folder.path(), "nothing", &["--shipments", "NONE"]);
    let all = add_client(folder.path(), "all", &["--all"]);
    (start(sample(), folder, &[]), nothing, all)
}

/// That the server is as it was.
fn is_well(server: &Started, client: &Client) {
    let metrics = server.ask("GET", "/metrics", &[], b"").text();
    assert!(
        metrics.contains("green_corridor_serve_panics_total 0"),
        "{metrics}"
    );
    assert!(!metrics.contains("status=\"5"), "{metrics}");
    let token = server.token(client);
    assert_eq!(
        server.get("/2/footprints?limit=3", &token).json()["data"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
}

#[test]
fn requests_of_all_kinds_are_refused_or_passed_over() {
    let (server, nothing, all) = server();
    let count = std::env::var("GREEN_CORRIDOR_HOSTILE")
        .ok()
        .and_then(|n| n.parse().ok());
    let count = count.unwrap_or(SHORT);
    let own = server.token(&nothing);
    let (body, tag) = own.split_once('.').expect("two parts");
    let forged = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode("9999999999:all");
    let tokens = vec![
        own.clone(),
        format!("{forged}.{tag}"),
        format!("{body}."),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGwifQ.".to_owned(),
        "x".repeat(9000),
        "\u{fc}".to_owned(),
    ];
    let mut hostile = Hostile {
        server: &server,
        chance: Chance(7),
        tokens,
    };
    let mut connection: Option<Connection> = None;
    let (mut answered, mut ok) = (0, 0);
    for number in 0..count {
        let bytes = hostile.request();
        // One whose body does not come is ended by the client, which waits for nobody.
        let is_whole = is_whole(&bytes);
        let mut used = connection.take().unwrap_or_else(|| server.connect());
        if !is_whole {
            used.only_send(&bytes);
            continue;
        }
        let Some(answer) = used.send(&bytes) else {
            continue;
        };
        is_harmless(&answer, &bytes);
        answered += 1;
        ok += u64::from(answer.status < 300);
        let ends = answer.status >= 400 || answer.header("connection").is_some() || number % 8 == 0;
        if !ends && bytes.starts_with(b"GET") {
            connection = Some(used);
        }
    }
    assert!(
        answered > count / 2 && ok > 0,
        "{answered} answered, {ok} of them well"
    );
    is_well(&server, &all);
}

/// Whether a head is there, and as much of a body as it promises.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&bytes[..at]).to_ascii_lowercase();
    let lengths: Vec<&str> = head
        .lines()
        .filter_map(|line| line.strip_prefix("content-length: "))
        .collect();
    let is_here = |length: &&str| {
        length
            .parse::<usize>()
            .is_ok_and(|n| n <= bytes.len() - at - 4)
    };
    lengths.iter().all(is_here) && !head.contains("chunked")
}

#[test]
fn limits_hold() {
    let (server, nothing, all) = server();
    let token = server.token(&nothing);
    let bearer = format!("Bearer {token}");
    // A body beyond the limit, told or not.
    let huge = vec![b'x'; (1 << 20) + 1];
    assert_eq!(
        server
            .ask("POST", "/2/events", &[("authorization", &bearer)], &huge)
            .status,
        413
    );
    let chunks = format!(
        "POST /2/events HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n\r\n",
        server.at
    );
    let chunk = [
        format!("{:x}\r\n", huge.len()).as_bytes(),
        &huge,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let answer = server.connect().send(&[chunks.as_bytes(), &chunk].concat());
    assert!(answer.is_none_or(|answer| answer.status == 413));
    // A head beyond the limit, and more headers than anybody needs.
    let long = [("x-long", "a".repeat(17 << 10))];
    let long: Vec<(&str, &str)> = long
        .iter()
        .map(|(key, value)| (*key, value.as_str()))
        .collect();
    assert_eq!(server.ask("GET", "/health", &long, b"").status, 431);
    let many: Vec<(&str, &str)> = vec![("x-many", "1"); 100];
    assert_eq!(server.ask("GET", "/health", &many, b"").status, 431);
    // A query, a filter and parameters beyond theirs.
    let get = |query: &str| server.get(&format!("/3/footprints?{query}"), &token).status;
    assert_eq!(get(&"a".repeat(9000)), 400);
    assert_eq!(get(&vec!["status=Active"; 65].join("&")), 400);
    assert_eq!(get(&vec!["status=Active"; 60].join("&")), 200);
    is_well(&server, &all);
}

/// Clients that hold connections open are no reason to answer others later.
#[test]
fn slow_ones_keep_nobody_waiting() {
    let (server, _, all) = server();
    let mut slow = Vec::new();
    for n in 0..200 {
        let mut stream = TcpStream::connect(server.at).expect("a connection");
        let beginning: &[u8] = match n % 4 {
            0 => b"",
            1 => b"GET /health HT",
            2 => &[0x16, 3, 1, 0],
            _ => b"POST /auth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\ngrant",
        };
        stream.write_all(beginning).expect("sent");
        slow.push(stream);
    }
    let begun = std::time::Instant::now();
    is_well(&server, &all);
    assert!(
        begun.elapsed() < std::time::Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    // One address does not get all connections there are. Those from above may be given up by now.
    for _ in 0..300 {
        slow.push(TcpStream::connect(server.at).expect("a connection"));
    }
    let told = || {
        let bytes = crate::http::request("GET", "/health", "127.0.0.1", &[], b"");
        plain(server.at).send(&bytes)
    };
    assert!(told().is_none());
    drop(slow);
    crate::started::eventually("room again", || told().is_some());
    let metrics = server.ask("GET", "/metrics", &[], b"").text();
    assert!(
        !metrics.contains("green_corridor_serve_refused_connections_total 0"),
        "{metrics}"
    );
}
