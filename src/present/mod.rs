//! Answers for people: the report of a run and the comparison of route options, as pages, workbooks and tables.

pub(crate) mod comparison;
pub(crate) mod form;
pub(crate) mod report;
pub(crate) mod scale;
pub(crate) mod table;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// What a page tells a browser to refuse: every request, every script but `script` (the whole content of its element, which the
/// digest stands for), another base for its links, and forms that are sent anywhere, whatever a text in the page says.
fn content_policy(script: &str) -> String {
    let digest = STANDARD.encode(Sha256::digest(script));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::content_policy;

    #[test]
    fn a_policy_admits_one_script() {
        let policy = content_policy("alert(1)");
        // As `printf 'alert(1)' | openssl dgst -sha256 -binary | base64` prints it.
        assert!(
            policy.contains("script-src 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=';"),
            "{policy}"
        );
        assert!(!policy.contains("script-src 'unsafe-inline'"), "{policy}");
    }
}
