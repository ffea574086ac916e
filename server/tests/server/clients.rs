//! The file of clients: how it is made, what is refused, and that a change of it counts while the server runs.

use crate::started::{PROGRAM, add_client, ended, eventually, sample, start};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn a_secret_is_shown_once_and_kept_as_a_hash() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(
        folder.path(),
        "acme",
        &["--shipments", "A-*", "--shipments", "B-1"],
    );
    let file = folder.path().join("clients.toml");
    let text = fs::read_to_string(&file).expect("the file");
    assert!(
        text.contains("$argon2id$") && !text.contains(&client.secret),
        "{text}"
    );
    assert_eq!(
        fs::metadata(&file)
            .expect("its rights")
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    // Comments of the operator stay.
    fs::write(&file, format!("# who may see what\n{text}")).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its rights");
    add_client(folder.path(), "other", &["--all"]);
    assert!(
        fs::read_to_string(&file)
            .expect("the file")
            .starts_with("# who may see what\n[client.\"acme\"]")
    );
    let path = file.to_str().expect("a plain path");
    let (code, said) = ended(&["clients", "add", "acme", "--file", path, "--all"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("is there already"), "{said}");
    let (code, said) = ended(&["clients", "add", "a b", "--file", path, "--all"]);
    assert_eq!(code, Some(2), "{said}");
    let (code, said) = ended(&["clients", "add", "nothing", "--file", path]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn a_file_that_others_may_read_or_that_is_wrong_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    add_client(folder.path(), "acme", &["--all"]);
    let file = folder.path().join("clients.toml");
    let good = fs::read_to_string(&file).expect("the file");
    let out = sample().to_str().expect("a plain path");
    let path = file.to_str().expect("a plain path");
    let refused = |text: &str, mode: u32, wanted: (i32, &str)| {
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("its rights");
        let (code, said) = ended(&[out, "--listen", "127.0.0.1:0", "--clients", path]);
        assert_eq!(code, Some(wanted.0), "{said}");
        assert!(said.contains(wanted.1), "{said}");
        assert!(!said.contains("$argon2id$"), "{said}");
    };
    refused(&good, 0o640, (2, "chmod 600"));
    refused(
        &good.replace("all = true", "al = true"),
        0o600,
        (2, "unknown field"),
    );
    let plain = "[client.acme]\nsecret = \"plain\"\nall = true\n";
    refused(plain, 0o600, (2, "expected an argon2id hash"));
    let lacking = format!("{good}shipments_file = \"none.csv\"\n");
    refused(&lacking, 0o600, (6, "none.csv"));
}

#[test]
fn a_change_counts_while_the_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().to_owned();
    let list = home.join("acme.csv");
    fs::write(&list, "shipment_id\nSAMPLE-0000000001\n").expect("written");
    let sees = ["--shipments-file", list.to_str().expect("a plain path")];
    let acme = add_client(&home, "acme", &sees);
    let server = start(sample(), folder, &[]);
    let token = server.token(&acme);
    let shipments = || {
        let all = server.all("/2/footprints", &token);
        all.iter()
            .filter(|d| d.pointer("/extensions/0/data/tces").is_some())
            .count()
    };
    assert_eq!(shipments(), 1);
    fs::write(
        &list,
        "shipment_id,note\nSAMPLE-0000000001,\nSAMPLE-0000000002,\"a, b\"\n",
    )
    .expect("written");
    eventually("a longer list", || shipments() == 2);
    // A client that is taken out is one no more, whatever token it has.
    let other = add_client(&home, "other", &["--all"]);
    eventually("a new client", || {
        server
            .token_asked("/auth/token", &other.id, &other.secret)
            .status
            == 200
    });
    let file = home.join("clients.toml");
    let text = fs::read_to_string(&file).expect("the file");
    let (_, rest) = text.split_once("[client.\"other\"]").expect("two clients");
    fs::write(&file, format!("[client.\"other\"]{rest}")).expect("written");
    eventually("a client less", || {
        server.get("/2/footprints", &token).status == 400
    });
    // What cannot be read changes nothing.
    fs::write(&file, "[client").expect("written");
    eventually("a line in the log", || {
        server.log().contains("clients stay as they were")
    });
    assert_eq!(
        server
            .token_asked("/auth/token", &other.id, &other.secret)
            .status,
        200
    );
}

#[test]
fn a_client_that_is_taken_out_gets_no_answers_any_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = add_client(folder.path(), "acme", &["--all"]);
    let file = folder.path().join("clients.toml");
    let text = fs::read_to_string(&file).expect("the file");
    // Nobody listens there, so that the answer waits to be sent again.
    let callback = "[client.acme.callback]\nhosts = [\"127.0.0.1:9\"]\nid = \"us\"\nsecret = \"ours\"\nloopback = true\n";
    fs::write(&file, format!("{text}{callback}")).expect("written");
    let server = start(sample(), folder, &[]);
    let token = server.token(&client);
    let event = serde_json::json!({
        "type": "org.wbcsd.pact.ProductFootprint.RequestCreatedEvent.3",
        "specversion": "1.0",
        "id": "1",
        "source": "http://127.0.0.1:9",
        "data": { "productId": ["urn:a"] },
    });
    assert_eq!(server.event("/3/events", &token, &event).status, 200);
    eventually("an answer that waits", || {
        server.log().contains("not delivered yet")
    });
    fs::write(&file, "").expect("written");
    eventually("an end of it", || {
        server.log().contains("not sent: the client is one no more")
    });
}

#[test]
fn nobody_is_asked_to_send_secrets_unencrypted() {
    let out = sample().to_str().expect("a plain path");
    let (code, said) = ended(&[out, "--listen", "0.0.0.0:0"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--tls-cert"), "{said}");
    let missing = Command::new(PROGRAM)
        .arg("no such folder")
        .output()
        .expect("the program starts");
    assert_eq!(missing.status.code(), Some(2));
}
