//! The cases of the PACT conformance tool (2.0 to 2.3, and 3.0), from their specification: what each sends, and when it
//! passes. As the tool does, every later request is built from the first document of a list.

use crate::listener::{Listener, listen};
use crate::started::{Client, Started, add_client, certificate, next, sample, start};
use serde_json::{Value, json};
use std::io::Write;

/// A version of the suite against a server of its own.
struct Suite {
    server: Started,
    client: Client,
    token: String,
    listener: Listener,
    version: u8,
    /// Documents of the list, as it is first asked for.
    list: Vec<Value>,
}

fn suite(version: u8) -> Suite {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "partner", &["--all"]);
    let (path, key, _) = certificate(folder.path(), "listener");
    let listener = listen(&path, &key);
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(folder.path().join("clients.toml"))
        .expect("the file of clients");
    writeln!(
        file,
        "[client.partner.callback]\nhosts = [{:?}]\nid = \"us\"\nsecret = \"ours\"\nca = {path:?}\nloopback = true",
        listener.at.to_string()
    )
    .expect("written");
    let server = start(sample(), folder, &[]);
    let token = server.token(&client);
    let answer = server.get(&format!("/{version}/footprints"), &token);
    let list = answer.json()["data"].as_array().expect("a list").clone();
    Suite {
        server,
        client,
        token,
        listener,
        version,
        list,
    }
}

impl Suite {
    fn path(&self, rest: &str) -> String {
        format!("/{}/{rest}", self.version)
    }

    fn get(&self, rest: &str) -> crate::http::Answer {
        self.server.get(&self.path(rest), &self.token)
    }

    fn code(&self, answer: &crate::http::Answer) -> (u16, String) {
        (
            answer.status,
            answer.json()["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    }

    /// A filter that must let documents through, all of which are as `holds` says.
    #[track_caller]
    fn filtered(&self, query: &str, holds: impl Fn(&Value) -> bool) {
        let answer = self.get(&format!("footprints?{query}"));
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let page = answer.json();
        let found = page["data"].as_array().expect("a list");
        assert!(!found.is_empty(), "{query}");
        for document in found {
            assert!(holds(document), "{query}: {document}");
        }
    }

    fn type_of(&self, what: &str) -> String {
        match (self.version, what) {
            (2, "Published") => "org.wbcsd.pathfinder.ProductFootprint.Published.v1".to_owned(),
            (2, what) => format!("org.wbcsd.pathfinder.ProductFootprintRequest.{what}.v1"),
            (_, "Published") => "org.wbcsd.pact.ProductFootprint.PublishedEvent.3".to_owned(),
            (_, what) => format!("org.wbcsd.pact.ProductFootprint.Request{what}Event.3"),
        }
    }

    fn event(&self, what: &str, data: &Value) -> Value {
        json!({
            "type": self.type_of(what),
            "specversion": "1.0",
            "id": "848dcf00-2c18-400d-bcb8-11e45bbf7ebd",
            "source": format!("https://{}", self.listener.at),
            "time": "2026-01-01T00:00:00Z",
            "data": data,
        })
    }

    /// Cases 1 to 19, which both versions have.
    fn common_cases(&self) {
        // 1, 2: a token for the right credentials, none for others.
        let answer = self
            .server
            .token_asked("/auth/token", &self.client.id, &self.client.secret);
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["token_type"]),
            (200, &json!("bearer"))
        );
        assert!(
            body["expires_in"]
                .as_u64()
                .is_some_and(|n| (300..=3600).contains(&n))
        );
        assert!(
            answer
                .header("cache-control")
                .is_some_and(|value| value == "no-store")
        );
        let answer = self
            .server
            .token_asked("/auth/token", "random-user", "random-pass");
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_client"))
        );
        assert!(answer.json().get("access_token").is_none());
        // 3: a document by its id.
        let id = self.list[0]["id"].as_str().expect("an id");
        let answer = self.get(&format!("footprints/{id}"));
        assert_eq!(
            (answer.status, answer.json()["data"].clone()),
            (200, self.list[0].clone())
        );
        // 4: the list, the same each time, each document in form.
        let answer = self.get("footprints");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["data"], Value::from(self.list.clone()));
        for document in self.server.all(&self.path("footprints"), &self.token) {
            in_form(&document, self.version);
        }
        // 5: the link of a page of one, called twice.
        let answer = self.get("footprints?limit=1");
        let base = format!("https://{}", self.server.at);
        let link = next(&answer, &base).expect("a link");
        for _ in 0..2 {
            let page = self.server.get(&link, &self.token);
            assert_eq!(
                (page.status, page.json()["data"].clone()),
                (200, json!([self.list[1]]))
            );
        }
        // 6, 7, 16: a token that is none.
        let bad = (400, "BadRequest".to_owned());
        assert_eq!(
            self.code(
                &self
                    .server
                    .get(&self.path("footprints"), "very-invalid-token")
            ),
            bad
        );
        assert_eq!(
            self.code(
                &self
                    .server
                    .get(&self.path(&format!("footprints/{id}")), "x")
            ),
            bad
        );
        let published = self.event("Published", &json!({ "pfIds": ["urn:gtin:4712345060507"] }));
        assert_eq!(
            self.code(&self.server.event(&self.path("events"), "x", &published)),
            bad
        );
        // 8: an id that is none.
        let answer = self.get("footprints/random-string-as-id-1234");
        assert_eq!(self.code(&answer), (404, "NoSuchFootprint".to_owned()));
        // 9, 10, 11, 17: the same without TLS.
        for (method, path) in [
            ("POST", "/auth/token".to_owned()),
            ("GET", self.path("footprints")),
            ("GET", self.path(&format!("footprints/{id}"))),
            ("POST", self.path("events")),
        ] {
            let bearer = format!("Bearer {}", self.token);
            let headers = [("authorization", bearer.as_str())];
            let body: &[u8] = match method {
                "POST" => b"grant_type=client_credentials",
                _ => b"",
            };
            let bytes =
                crate::http::request(method, &path, &self.server.at.to_string(), &headers, body);
            let answer = crate::http::plain(self.server.at)
                .send(&bytes)
                .expect("an answer");
            assert_eq!(self.code(&answer), (403, "AccessDenied".to_owned()));
            let body = answer.json();
            assert!(body.get("data").is_none() && body.get("access_token").is_none());
        }
        // 12, 13: a request, and its answer.
        let product = self.list[0]["productIds"][0].clone();
        let asked = self.event(
            "Created",
            &json!({ "pf": { "productIds": [product] }, "comment": "please" }),
        );
        assert_eq!(
            self.server
                .event(&self.path("events"), &self.token, &asked)
                .status,
            200
        );
        let (path, event) = self.listener.event();
        assert_eq!(path, self.path("events"));
        assert_eq!(event["type"], self.type_of("Fulfilled"));
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["data"]["requestEventId"], asked["id"]);
        assert!(
            event["id"]
                .as_str()
                .is_some_and(|id| id.parse::<uuid::Uuid>().is_ok())
        );
        assert!(
            event["source"]
                .as_str()
                .is_some_and(|source| source.starts_with("//127.0.0.1:"))
        );
        let documents = event["data"]["pfs"].as_array().expect("documents");
        assert_eq!(documents[..], self.list[..1]);
        // The same again, as one sends it who missed the answer: the next event is that of the next request.
        assert_eq!(
            self.server
                .event(&self.path("events"), &self.token, &asked)
                .status,
            200
        );
        // 14: a request that cannot be fulfilled.
        let asked = self.event(
            "Created",
            &json!({ "pf": { "productIds": ["urn:pact:null"] } }),
        );
        assert_eq!(
            self.server
                .event(&self.path("events"), &self.token, &asked)
                .status,
            200
        );
        let (_, event) = self.listener.event();
        assert_eq!(event["type"], self.type_of("Rejected"));
        assert_eq!(event["data"]["error"]["code"], "NoSuchFootprint");
        assert_eq!(event["data"]["requestEventId"], asked["id"]);
        // 15: news of a footprint.
        let answer = self
            .server
            .event(&self.path("events"), &self.token, &published);
        assert_eq!(
            (answer.status, answer.header("content-length")),
            (200, Some("0"))
        );
        assert!(answer.body.is_empty());
        // 18, 19: the token endpoint of the OpenID document.
        let answer = self
            .server
            .ask("GET", "/.well-known/openid-configuration", &[], b"");
        assert_eq!(answer.status, 200);
        let endpoint = answer.json()["token_endpoint"]
            .as_str()
            .expect("an endpoint")
            .to_owned();
        let path = endpoint
            .strip_prefix(&base)
            .expect("an absolute address of this host");
        assert_eq!(
            self.server
                .token_asked(path, &self.client.id, &self.client.secret)
                .status,
            200
        );
        assert_eq!(
            self.server
                .token_asked(path, "random-user", "random-pass")
                .status,
            400
        );
    }
}

/// Whether a document has what its version requires, each in its form.
#[track_caller]
fn in_form(document: &Value, version: u8) {
    let required: &[&str] = match version {
        2 => &[
            "id",
            "specVersion",
            "version",
            "created",
            "status",
            "comment",
            "companyName",
            "companyIds",
            "productDescription",
            "productIds",
            "productCategoryCpc",
            "productNameCompany",
            "pcf",
        ],
        _ => &[
            "id",
            "specVersion",
            "created",
            "status",
            "companyName",
            "companyIds",
            "productDescription",
            "productIds",
            "productNameCompany",
            "pcf",
        ],
    };
    let of_pcf: &[&str] = match version {
        2 => &[
            "declaredUnit",
            "unitaryProductAmount",
            "referencePeriodStart",
            "referencePeriodEnd",
            "pCfExcludingBiogenic",
            "fossilGhgEmissions",
            "fossilCarbonContent",
            "biogenicCarbonContent",
            "characterizationFactors",
            "ipccCharacterizationFactorsSources",
            "crossSectoralStandardsUsed",
            "boundaryProcessesDescription",
            "exemptedEmissionsPercent",
            "exemptedEmissionsDescription",
            "packagingEmissionsIncluded",
        ],
        _ => &[
            "declaredUnitOfMeasurement",
            "declaredUnitAmount",
            "productMassPerDeclaredUnit",
            "referencePeriodStart",
            "referencePeriodEnd",
            "pcfExcludingBiogenicUptake",
            "pcfIncludingBiogenicUptake",
            "fossilGhgEmissions",
            "fossilCarbonContent",
            "ipccCharacterizationFactors",
            "crossSectoralStandards",
            "exemptedEmissionsPercent",
        ],
    };
    for name in required {
        assert!(
            document.get(name).is_some_and(|value| !value.is_null()),
            "{name}: {document}"
        );
    }
    for name in of_pcf {
        assert!(
            document["pcf"]
                .get(name)
                .is_some_and(|value| !value.is_null()),
            "pcf.{name}: {document}"
        );
    }
    assert!(
        document["id"]
            .as_str()
            .is_some_and(|id| id.parse::<uuid::Uuid>().is_ok())
    );
    assert!(
        document["specVersion"]
            .as_str()
            .is_some_and(|v| v.starts_with(&format!("{version}.")))
    );
    for name in ["companyIds", "productIds"] {
        let urns = document[name].as_array().expect("a list");
        assert!(!urns.is_empty());
        assert!(
            urns.iter()
                .all(|urn| urn.as_str().is_some_and(|urn| urn.starts_with("urn:")))
        );
    }
    for at in [
        &document["created"],
        &document["pcf"]["referencePeriodStart"],
        &document["pcf"]["referencePeriodEnd"],
    ] {
        assert!(
            at.as_str()
                .is_some_and(|at| at.ends_with('Z') && instant(at) > 0),
            "{at}"
        );
    }
}

fn instant(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>()
        .expect("a time")
        .as_microsecond()
}

fn text<'v>(document: &'v Value, pointer: &str) -> &'v str {
    document
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// 2.0 to 2.3 differ in the fields that a document may have besides; the documents are of 2.3.
#[test]
fn pact_2() {
    let suite = suite(2);
    suite.common_cases();
    // 20: the filter by time of creation.
    let created = text(&suite.list[0], "/created").to_owned();
    suite.filtered(&format!("$filter=created+ge+'{created}'"), |d| {
        instant(text(d, "/created")) >= instant(&created)
    });
}

#[test]
fn pact_3() {
    let suite = suite(3);
    suite.common_cases();
    let first = &suite.list[0];
    // 20: product id, as it stands in the document.
    let product = text(first, "/productIds/0").to_owned();
    suite.filtered(&format!("productId={product}"), |d| {
        d["productIds"]
            .as_array()
            .is_some_and(|ids| ids.contains(&json!(product)))
    });
    // 21: company id.
    let company = text(first, "/companyIds/0").to_owned();
    suite.filtered(&format!("companyId={company}"), |d| {
        text(d, "/companyIds/0") == company
    });
    // 22: country.
    let country = text(first, "/pcf/geographyCountry").to_owned();
    assert_eq!(country.len(), 2, "the first document has no country");
    suite.filtered(&format!("geography={country}"), |d| {
        text(d, "/pcf/geographyCountry") == country
    });
    // 23: classification.
    let class = text(first, "/productClassifications/0").to_owned();
    suite.filtered(&format!("classification={class}"), |d| {
        text(d, "/productClassifications/0") == class
    });
    // 24 to 26: validity.
    let (from, to) = (
        instant(text(first, "/validityPeriodStart")),
        instant(text(first, "/validityPeriodEnd")),
    );
    let at = |micros: i64| {
        jiff::Timestamp::from_microsecond(micros)
            .expect("a time")
            .to_string()
    };
    let day = 86_400_000_000;
    let starts = |d: &Value| instant(text(d, "/validityPeriodStart"));
    let ends = |d: &Value| instant(text(d, "/validityPeriodEnd"));
    suite.filtered(&format!("validOn={}", at(from + day)), |d| {
        starts(d) <= from + day && from + day <= ends(d)
    });
    suite.filtered(&format!("validAfter={}", at(from - day)), |d| {
        starts(d) > from - day
    });
    suite.filtered(&format!("validBefore={}", at(to + day)), |d| {
        ends(d) < to + day
    });
    // 27, 28: status; names and values without case.
    suite.filtered("status=Active", |d| d["status"] == "Active");
    suite.filtered("STATUS=active", |d| d["status"] == "Active");
    // 29: values of one name are alternatives, unknown ones match nothing.
    suite.filtered("status=Active&status=sdf9sdf&status=kjh3kjh", |d| {
        d["status"] == "Active"
    });
    assert_eq!(
        suite.get("footprints?status=sdf9sdf").json()["data"],
        json!([])
    );
    let none = suite.get(&format!(
        "footprints?status=Active&productId={product}&companyId=urn:x"
    ));
    assert_eq!(none.json()["data"], json!([]));
}
