//! Bearer tokens: signed with a key that only this process has, so that nothing is stored and a restart ends them all.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use green_corridor::Result;
use ring::hmac;

/// Longest token that is looked at.
const MOST: usize = 512;

/// Signs tokens and reads them again.
pub(crate) struct Tokens {
    key: hmac::Key,
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Not one of ours.
    Unknown,
    /// One of ours, too old.
    Expired,
}

impl Tokens {
    pub(crate) fn new() -> Result<Tokens> {
        let bytes = crate::secret::random::<32>()?;
        Ok(Tokens {
            key: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
        })
    }

    /// A token for `id` until `expires` (seconds of the epoch). `proof` is what the client proved itself by: with another secret the token ends.
    pub(crate) fn sign(&self, id: &str, proof: &str, expires: u64) -> String {
        let body = URL_SAFE_NO_PAD.encode(format!("{expires}:{id}"));
        let tag = hmac::sign(&self.key, signed(&body, proof).as_bytes());
        format!("{body}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Whose token it is; `proof_of` tells what a client proves itself by.
    pub(crate) fn read(
        &self,
        token: &str,
        now: u64,
        proof_of: impl FnOnce(&str) -> Option<String>,
    ) -> std::result::Result<String, Bad> {
        if token.len() > MOST {
            return Err(Bad::Unknown);
        }
        let (body, tag) = token.split_once('.').ok_or(Bad::Unknown)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| Bad::Unknown)?;
        let text = URL_SAFE_NO_PAD.decode(body).map_err(|_| Bad::Unknown)?;
        let text = String::from_utf8(text).map_err(|_| Bad::Unknown)?;
        let (expires, id) = text.split_once(':').ok_or(Bad::Unknown)?;
        let proof = proof_of(id).ok_or(Bad::Unknown)?;
        hmac::verify(&self.key, signed(body, &proof).as_bytes(), &tag).map_err(|_| Bad::Unknown)?;
        match expires.parse::<u64>() {
            Ok(expires) if now < expires => Ok(id.to_owned()),
            _ => Err(Bad::Expired),
        }
    }
}

fn signed(body: &str, proof: &str) -> String {
    format!("{body}\n{proof}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_clients_until_it_expires() {
        let tokens = Tokens::new().expect("random bytes");
        let token = tokens.sign("acme", "hash", 100);
        let read = |token: &str, now, proof: &str| {
            tokens.read(token, now, |id| (id == "acme").then(|| proof.to_owned()))
        };
        assert_eq!(read(&token, 99, "hash"), Ok("acme".to_owned()));
        assert_eq!(read(&token, 100, "hash"), Err(Bad::Expired));
        // Another secret, another process, another client, another time.
        assert_eq!(read(&token, 99, "new hash"), Err(Bad::Unknown));
        let others = Tokens::new().expect("random bytes");
        assert_eq!(
            others.read(&token, 99, |_| Some("hash".to_owned())),
            Err(Bad::Unknown)
        );
        let longer = URL_SAFE_NO_PAD.encode("999:acme");
        let (_, tag) = token.split_once('.').expect("two parts");
        for forged in [
            format!("{longer}.{tag}"),
            token.replace('.', ""),
            "..".to_owned(),
            "a".repeat(600),
        ] {
            assert_eq!(read(&forged, 99, "hash"), Err(Bad::Unknown), "{forged}");
        }
        assert_eq!(
            read(&tokens.sign("other", "hash", 100), 1, "hash"),
            Err(Bad::Unknown)
        );
    }
}
