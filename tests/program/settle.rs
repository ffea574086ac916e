//! `settle` through the built program: from charges to claims, orders, payments, corrections.

use crate::support::binary::green_corridor;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const PARTIES: &str = "party,name,kind,country,town,street,postcode,account,account_scheme,bic,fee_per_payment,fee_currency,tax_id,tax_currency
A,Shipper,company,CN,Chongqing,1 Road,400000,0001,ECNY-WALLET,AAAACNBJ,15.00,CNY,,CNY
B,Carrier,company,CN,Qinzhou,2 Road,535000,0002,CN-ACCOUNT,,15.00,CNY,,CNY
C,Nowhere,company,CN,,,,0003,CN-ACCOUNT,,,,,
";
const HEAD: &str = "charge_id,payer,payee,kind,class,scope,shipment_id,mode,basis,rate,amount,currency,tax_category,tax_rate,status\n";
const CHARGES: &str = "F1,A,B,FREIGHT,,element,BL1,,flat,,100.00,CNY,VAT,6,
F2,A,B,FREIGHT,,shipment,BL1,,t,10.005,,CNY,VAT,6,
O1,B,A,OTHER,,shipment,BL1,,flat,,50.00,CNY,,,
S1,A,B,CARBON,carrier_passthrough,element,BL1,sea,teu,12.34,,CNY,,,
D1,A,B,HANDLING,,shipment,BL1,,unit,7,,CNY,,,disputed
";

struct Place(TempDir);

impl Place {
    /// A run with one bill: 20 t and 2 TEU by rail and sea.
    fn new() -> Place {
        let place = Place(tempfile::tempdir().expect("a temporary folder"));
        place.run("20000");
        place.write("parties.csv", PARTIES);
        place.write("charges.csv", &format!("{HEAD}{CHARGES}"));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("a plain path").to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the file is written");
    }

    fn run(&self, kg: &str) {
        let head = "movement_id,shipment_id,sequence,mode,carrier,origin,destination,departed_at,cargo_mass_kg,teu\n";
        let rows = format!(
            "1,BL1,1,rail,R,CNCKG,CNQZH,2025-03-01T00:00:00Z,{kg},2\n2,BL1,2,sea,S,CNQZH,SGSIN,2025-03-05T00:00:00Z,{kg},2\n"
        );
        self.write("movements.csv", &format!("{head}{rows}"));
        let run_file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/run.toml");
        let (movements, out) = (self.text("movements.csv"), self.text("out"));
        green_corridor(["run", run_file, "--movements", &movements, "--out", &out]).expect(0);
    }

    fn settle(&self, more: &[&str], code: i32) -> String {
        let (out, charges, parties) = (
            self.text("out"),
            self.text("charges.csv"),
            self.text("parties.csv"),
        );
        let words = [
            "settle",
            &out,
            "--period",
            "2025-03",
            "--charges",
            &charges,
            "--parties",
            &parties,
        ];
        let said = green_corridor(words.iter().chain(more)).expect(code);
        format!("{}{}", said.stdout, said.stderr)
    }

    fn say(&self, verb: &str, more: &[&str], code: i32) -> String {
        let out = self.text("out");
        let said = green_corridor(["settle", verb, &out].iter().chain(more)).expect(code);
        format!("{}{}", said.stdout, said.stderr)
    }

    /// The folder of the latest settlement.
    fn latest(&self) -> PathBuf {
        let root = self.path("out/settlement");
        let current = fs::read_to_string(root.join("CURRENT")).expect("CURRENT is read");
        root.join(current.trim())
    }

    /// The rows of one of its tables, by column.
    fn table(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let text = fs::read_to_string(self.latest().join(name)).expect("the table is read");
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
        let heads: Vec<String> = lines.next().expect("a header").collect();
        lines
            .map(|cells| heads.iter().cloned().zip(cells).collect())
            .collect()
    }
}

fn bytes_below(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut list = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(&dir).expect("the folder is read") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => dirs.push(path),
                false => list.push((path.clone(), fs::read(&path).expect("the file is read"))),
            }
        }
    }
    list.sort();
    list
}

#[test]
fn charges_become_claims_orders_and_payments() {
    let place = Place::new();
    place.settle(&[], 0);
    let claims = place.table("claims.csv");
    let amounts: Vec<(&str, &str, &str)> = claims
        .iter()
        .map(|c| {
            (
                c["kind"].as_str(),
                c["amount"].as_str(),
                c["tax_minor"].as_str(),
            )
        })
        .collect();
    // 100.00 + 20 t x 10.005 = 300.10 and 6 % of it, 18.006; two TEU by sea at 12.34.
    let want = [
        ("CARBON", "24.68", "0"),
        ("FREIGHT", "300.10", "1801"),
        ("HANDLING", "7.00", "0"),
        ("OTHER", "50.00", "0"),
    ];
    assert_eq!(amounts, want);
    let orders = place.table("orders.csv");
    let moved: Vec<&str> = orders.iter().map(|o| o["amount"].as_str()).collect();
    assert_eq!(orders.len(), 2, "{moved:?}");
    assert!(moved.contains(&"342.79") && moved.contains(&"50.00"));

    // The same inputs, the same bytes; the order of rows and names of files are nothing.
    let before = bytes_below(&place.latest());
    assert!(place.settle(&[], 0).contains("there already"));
    fs::remove_dir_all(place.latest()).expect("the settlement is removed");
    place.settle(&[], 0);
    assert_eq!(before, bytes_below(&place.latest()));
    assert!(place.say("verify", &[], 0).contains("4 claims"));
    let theirs = place.latest().join("statements/B.csv");
    let theirs = theirs.to_str().expect("a plain path");
    assert!(
        place
            .say("verify", &["--against", theirs], 0)
            .contains("agree in 4 claims")
    );
    let other = fs::read_to_string(theirs)
        .expect("read")
        .replace(",30010,", ",30011,");
    place.write("theirs.csv", &other);
    let said = place.say("verify", &["--against", &place.text("theirs.csv")], 7);
    assert!(said.contains("has the amount 300.10"), "{said}");
    let other = other.replace(",300.10,", ",300.11,");
    place.write("theirs.csv", &other);
    let said = place.say("verify", &["--against", &place.text("theirs.csv")], 7);
    assert!(
        said.contains("FREIGHT") && said.contains("30010") && said.contains("30011"),
        "{said}"
    );
    assert!(place.say("show", &["A"], 0).contains("342.79"));

    // Orders: events first; what a killed call left out is written by the next, the same.
    assert!(place.say("order", &[], 2).contains("--value-date"));
    assert!(
        place
            .say("order", &["--value-date", "2020-01-01"], 2)
            .contains("past")
    );
    let date = ["--value-date", "2999-01-04"];
    assert!(place.say("order", &date, 0).contains("2 orders"));
    let written = bytes_below(&place.path("out/settlement/orders"));
    assert_eq!(written.len(), 2);
    fs::remove_file(&written[0].0).expect("a message is removed");
    assert!(place.say("order", &date, 0).contains("0 orders"));
    assert_eq!(written, bytes_below(&place.path("out/settlement/orders")));
    let all: String = written
        .iter()
        .map(|(_, b)| String::from_utf8_lossy(b).into_owned())
        .collect();
    assert!(
        all.contains("<InstdAmt Ccy=\"CNY\">342.79</InstdAmt>") && all.contains("<Cd>BOLD</Cd>")
    );

    let order = orders
        .iter()
        .find(|o| o["amount"] == "50.00")
        .expect("the order")["order_id"]
        .clone();
    // An empty value date was filled in, so that the issued order has an id of its own.
    assert!(!all.contains(&order));
    let id = |amount: &str| {
        let before = all.split(amount).next().expect("the amount stands there");
        let after = before.rsplit("<EndToEndId>").next().expect("an id");
        after[..32].to_owned()
    };
    let entry = |id: &str, amount: &str| {
        format!(
            "<Ntry><Amt Ccy=\"CNY\">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2999-01-04</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>{id}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
        )
    };
    let camt = format!(
        "<Document><BkToCstmrDbtCdtNtfctn><Ntfctn>{}{}{}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>",
        entry(&id("\">50.00<"), "50.00"),
        entry(&id("\">342.79<"), "300.00"),
        entry("nobody", "1.00"),
    );
    place.write("camt.xml", &camt);
    let said = place.say("pay", &["--camt", &place.text("camt.xml")], 0);
    assert!(
        said.contains("short") && said.contains("paid") && said.contains("nobody"),
        "{said}"
    );
    assert!(said.contains("1 claim paid"), "{said}");
    let state = fs::read(place.path("out/settlement/state.ndjson")).expect("the state is read");
    let said = place.say("pay", &["--camt", &place.text("camt.xml")], 0);
    assert!(said.contains("2 transactions known already"), "{said}");
    assert_eq!(
        state,
        fs::read(place.path("out/settlement/state.ndjson")).expect("read")
    );
}

#[test]
fn what_was_lost_or_changed_is_found_before_anything_is_ordered_again() {
    let place = Place::new();
    place.settle(&[], 0);
    let date = ["--value-date", "2999-01-04"];
    place.say("order", &date, 0);
    place.say("verify", &[], 0);
    let refused = |what: &str| {
        for said in [place.say("verify", &[], 7), place.say("order", &date, 7)] {
            assert!(said.contains(what), "{said}");
        }
    };
    let state = place.path("out/settlement/state.ndjson");
    let whole = fs::read_to_string(&state).expect("the state is read");
    let first = whole.split_inclusive('\n').next().expect("a line");
    fs::write(&state, first).expect("the state is cut");
    refused(".xml: ");
    fs::remove_file(&state).expect("the state is removed");
    refused("state.ndjson does not know this order");
    fs::write(&state, &whole).expect("the state is back");

    let (message, bytes) = bytes_below(&place.path("out/settlement/orders")).remove(0);
    let text = String::from_utf8(bytes).expect("UTF-8");
    fs::write(&message, text.replace("0001", "9999")).expect("the message is changed");
    refused("is not the message that was issued");
    fs::write(&message, &text).expect("the message is back");
    place.say("verify", &[], 0);

    let latest = place.latest();
    let aside = place.path("aside");
    fs::rename(&latest, &aside).expect("the settlement is taken away");
    let said = place.say("verify", &[], 7);
    assert!(
        said.contains("is not there, of which CURRENT speaks"),
        "{said}"
    );
    fs::rename(&aside, &latest).expect("the settlement is back");
    place.say("verify", &[], 0);

    // What would settle nothing, or tax nine times the amount, is no settlement.
    place.write("charges.csv", HEAD);
    assert!(place.settle(&[], 3).contains("no charge"));
    place.write(
        "charges.csv",
        &format!("{HEAD}{}", CHARGES.replace("VAT,6", "VAT,900")),
    );
    assert!(place.settle(&[], 4).contains("at most 100 per cent"));
}

#[test]
fn a_claim_cannot_be_ordered_twice_and_a_disputed_one_waits() {
    let place = Place::new();
    place.settle(&[], 0);
    let claims = place.table("claims.csv");
    let carbon = claims[0]["claim_id"].clone();
    place.say("dispute", &[&carbon, "--reason", "not what was agreed"], 0);
    let date = ["--value-date", "2999-01-04"];
    let said = place.say("order", &date, 0);
    assert!(
        said.contains("disputed") && said.contains("318.11"),
        "{said}"
    );
    place.say("dispute", &[&carbon, "--reopen"], 0);
    assert!(place.say("order", &date, 0).contains("24.68"));
    // The same obligations under other keys.
    let charges = CHARGES.replace("VAT,6", "VAT,9");
    place.write("charges.csv", &format!("{HEAD}{charges}"));
    place.settle(&[], 0);
    let said = place.say("order", &date, 4);
    assert!(said.contains("already_ordered"), "{said}");
    let freight = place.table("claims.csv")[1]["claim_id"].clone();
    let more = ["--value-date", "2999-01-04", "--allow-further", &freight];
    assert!(place.say("order", &more, 0).contains("327.11"));
    // A creditor without a town cannot be paid.
    place.write(
        "charges.csv",
        &format!("{HEAD}{}", CHARGES.replace(",B,", ",C,")),
    );
    place.settle(&[], 0);
    assert!(place.say("order", &date, 4).contains("no town and country"));
}

#[test]
fn what_is_refused_is_named_and_nothing_is_settled() {
    let place = Place::new();
    let bad = format!(
        "{HEAD}{CHARGES}X1,A,Z,FREIGHT,,shipment,BL1,,unit,1e3,,CNY,,,\nX2,A,B,OTHER,,shipment,BL2,,flat,,0.001,XXE,,,\n"
    );
    place.write("charges.csv", &bad);
    let said = place.settle(&[], 4);
    for part in [
        "charges.csv:7",
        "S010",
        "\"Z\"",
        "S004",
        "1e3",
        "charges.csv:8",
        "S007",
        "XXE",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!place.path("out/settlement/CURRENT").exists());
    let listed = fs::read_to_string(place.path("out/settlement/failed/2025-03/refused.csv"));
    assert!(listed.expect("the list is read").contains("S007"));
    place.settle(&["--allow-refused"], 0);
    // X2 is of B's OTHER charges of A; O1 is of A's of B and stays.
    assert_eq!(place.table("claims.csv").len(), 4);
    assert_eq!(place.table("refused.csv").len(), 3);
}

#[test]
fn a_restated_run_is_corrected_by_claims_that_cite() {
    let place = Place::new();
    place.settle(&[], 0);
    let first = place
        .latest()
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let freight = place.table("claims.csv")[1]["claim_id"].clone();
    place.run("21000");
    let out = place.text("out");
    let correct = |previous: &str, code| {
        let words = [
            "settle",
            &out,
            "--period",
            "2025-03",
            "--previous",
            previous,
        ];
        green_corridor(words).expect(code)
    };
    correct(&first, 0);
    // One tonne more at 10.005: 310.105, to even 310.10; a debit note of 10.00.
    let claims = place.table("claims.csv");
    assert_eq!(claims.len(), 1, "{claims:?}");
    let note = &claims[0];
    assert_eq!(
        (note["corrects"].as_str(), note["amount"].as_str()),
        (freight.as_str(), "10.00")
    );
    assert_eq!(
        (note["payer"].as_str(), note["tax_minor"].as_str()),
        ("A", "60")
    );
    let second = place
        .latest()
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    place.run("19000");
    assert_eq!(correct(&first, 2).stdout, "", "only the latest of a chain");
    correct(&second, 0);
    // 100.00 + 190.095, to even 290.10, after 310.10: a credit note of 20.00, from the carrier.
    let claims = place.table("claims.csv");
    let note = &claims[0];
    assert_eq!((claims.len(), note["amount"].as_str()), (1, "20.00"));
    assert_eq!((note["payer"].as_str(), note["payee"].as_str()), ("B", "A"));
    let lines = place.table("lines.csv");
    let sum: i64 = lines
        .iter()
        .map(|l| l["amount_minor"].parse::<i64>().expect("a number"))
        .sum();
    assert_eq!(sum, -2_000);
    assert!(place.say("verify", &[], 0).matches("hold").count() == 3);
}
