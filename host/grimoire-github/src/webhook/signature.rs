//! `X-Hub-Signature-256`.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Returns true if `header` is `sha256=` and the 64 hexadecimal digits of the HMAC-SHA256 of `body` under one of
/// `secrets`. The time taken reveals neither which secret matched nor how much of a digest did.
pub(super) fn is_valid(secrets: &[SecretString], body: &[u8], header: &str) -> bool {
    let Some(digits) = header.strip_prefix("sha256=") else { return false };
    let mut digest = [0_u8; 32];
    // Also rejects any other length.
    if hex::decode_to_slice(digits, &mut digest).is_err() {
        return false;
    }
    secrets.iter().fold(false, |valid, secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes keys of every length");
        mac.update(body);
        // Not `||`: every secret is tried, even after a match.
        mac.verify_slice(&digest).is_ok() | valid
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use proptest::prelude::*;

    use super::*;

    fn sign(secret: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }

    #[test]
    fn the_documented_example_is_valid() {
        let secrets = ["It's a Secret to Everybody".into()];
        let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_valid(&secrets, b"Hello, World!", header));
        assert!(!is_valid(&secrets, b"Hello, World?", header));
    }

    #[test]
    fn only_the_exact_form_is_read() {
        let secrets = ["s".into()];
        let header = sign("s", b"x");
        let digits = &header["sha256=".len()..];
        let upper = format!("sha256={}", digits.to_uppercase());
        assert!(is_valid(&secrets, b"x", &header));
        assert!(is_valid(&secrets, b"x", &upper), "hexadecimal digits have no case");
        for malformed in [
            String::new(),
            digits.to_owned(),
            "sha256=".to_owned(),
            format!("sha1={digits}"),
            format!("SHA256={digits}"),
            format!(" {header}"),
            format!("{header} "),
            format!("{header}00"),
            format!("sha256={}", &digits[..62]),
            format!("sha256={}", &digits[..63]),
            format!("sha256=0x{}", &digits[2..]),
            format!("sha256={}", "é".repeat(32)),
        ] {
            assert!(!is_valid(&secrets, b"x", &malformed), "{malformed:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Property 1: a signature is valid if and only if it is the HMAC of that payload with a
        /// configured secret.
        #[test]
        fn a_signature_is_valid_only_for_its_own_body_and_secret(
            configured in proptest::collection::vec("[ -~]{1,80}", 1..4),
            pick: prop::sample::Index,
            stranger in "[ -~]{1,80}",
            body: Vec<u8>,
            other: Vec<u8>,
            bit in 0_usize..256,
        ) {
            let secrets: Vec<SecretString> = configured.iter().map(|s| s.as_str().into()).collect();
            let header = sign(&configured[pick.index(configured.len())], &body);
            prop_assert!(is_valid(&secrets, &body, &header));

            prop_assert_eq!(is_valid(&secrets, &other, &header), other == body);
            // HMAC pads short keys with zero bytes, which `[ -~]` excludes, so distinct text means a distinct key.
            prop_assert_eq!(
                is_valid(&secrets, &body, &sign(&stranger, &body)),
                configured.contains(&stranger)
            );

            let mut digest = hex::decode(&header["sha256=".len()..]).unwrap();
            digest[bit / 8] ^= 1 << (bit % 8);
            let altered = format!("sha256={}", hex::encode(digest));
            prop_assert!(!is_valid(&secrets, &body, &altered));
        }

        /// Property 1: text that is not a signature is rejected, whatever it looks like.
        #[test]
        fn arbitrary_text_is_refused(header in ".*", body: Vec<u8>) {
            prop_assert!(!is_valid(&["secret".into()], &body, &header));
        }
    }
}
