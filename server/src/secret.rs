//! Secrets: made at random, kept as argon2id hashes, compared in constant time.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use green_corridor::{Error, Result};
use ring::rand::{SecureRandom, SystemRandom};

/// A hash that no secret has, checked for ids that there are not: the time of an answer does not tell which ids there are.
pub(crate) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Bytes of the system's random generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::Internal("the system gives no random bytes".to_owned()))?;
    Ok(bytes)
}

/// A secret that can stand in a form, a header and a file as it is.
pub(crate) fn new_secret() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// The salted hash of a secret, as text that names its parameters.
pub(crate) fn hashed(secret: &str) -> Result<String> {
    let salt = random::<16>()?;
    let hash: std::result::Result<PasswordHash, _> =
        Argon2::default().hash_password_with_salt(secret.as_bytes(), &salt);
    let hash = hash.map_err(|e| Error::Internal(format!("cannot hash a secret: {e}")))?;
    Ok(hash.to_string())
}

/// Whether a text is a hash that [`is_secret_of`] can check.
pub(crate) fn is_hash(text: &str) -> bool {
    PasswordHash::new(text)
        .is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some())
}

/// Whether a hash is that of a secret. Takes the time of one hash, whatever the answer.
pub(crate) fn is_secret_of(secret: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(secret.as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nobody_takes_as_long_as_another() {
        assert!(is_hash(NOBODY));
        let made = hashed("x").expect("a hash");
        let parameters = |hash: &str| hash.split('$').nth(3).map(str::to_owned);
        assert_eq!(parameters(NOBODY), parameters(&made));
    }

    #[test]
    fn a_secret_is_known_by_its_hash_alone() {
        let secret = new_secret().expect("random bytes");
        let (a, b) = (
            hashed(&secret).expect("a hash"),
            hashed(&secret).expect("a hash"),
        );
        assert!(a.starts_with("$argon2id$") && a != b, "{a} {b}");
        assert!(is_hash(&a) && !is_hash("$argon2id$") && !is_hash(&secret));
        assert!(is_secret_of(&secret, &a) && is_secret_of(&secret, &b));
        assert!(!is_secret_of(&format!("{secret}x"), &a) && !is_secret_of("", &a));
    }
}
