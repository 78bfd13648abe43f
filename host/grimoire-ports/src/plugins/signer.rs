//! Signers of components.

use std::fmt;
use std::str::FromStr;

/// The public half of a key that signs components: 32 bytes, 64 hexadecimal digits as text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// A text is no public key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a public key has 64 hexadecimal digits")]
pub struct InvalidPublicKey;

impl FromStr for PublicKey {
    type Err = InvalidPublicKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidPublicKey)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({self})")
    }
}

/// A key whose components an operator trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// The operator's name for it.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// The signer of a loaded component. A component with a wrong signature is never loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// Shipped as part of the program.
    Program,
    /// The key of this name, which is in the trust list.
    Trusted(String),
    /// A key that is not in the trust list.
    Unknown(PublicKey),
    /// Not signed.
    Nobody,
}

impl Signer {
    /// The signer for a verified key; `None` for an unsigned component.
    pub fn of(key: Option<PublicKey>, trusted: &[TrustedKey]) -> Self {
        let Some(key) = key else { return Self::Nobody };
        let known = trusted.iter().find(|trusted| trusted.key == key);
        known.map_or(Self::Unknown(key), |trusted| Self::Trusted(trusted.name.clone()))
    }

    /// The stable word: `shipped`, `trusted`, `unknown` or `unsigned`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Program => "shipped",
            Self::Trusted(_) => "trusted",
            Self::Unknown(_) => "unknown",
            Self::Nobody => "unsigned",
        }
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program => formatter.write_str("shipped with the program"),
            Self::Trusted(name) => write!(formatter, "signed by {name}"),
            Self::Unknown(key) => write!(formatter, "signed by an unknown key, {key}"),
            Self::Nobody => formatter.write_str("unsigned"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_from_its_text() {
        let text = "0f".repeat(32);
        let key: PublicKey = text.parse().expect("a key");
        assert_eq!((key, key.to_string()), (PublicKey([15; 32]), text));
        for wrong in ["", "0f", &"0g".repeat(32), &"0f".repeat(33)] {
            assert_eq!(wrong.parse::<PublicKey>(), Err(InvalidPublicKey), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_known_by_the_name_in_the_trust_list() {
        let trusted = [TrustedKey { name: "ana".to_owned(), key: PublicKey([1; 32]) }];
        let signer = |key| Signer::of(key, &trusted).to_string();
        assert_eq!(signer(Some(PublicKey([1; 32]))), "signed by ana");
        assert!(signer(Some(PublicKey([2; 32]))).starts_with("signed by an unknown key, 0202"));
        assert_eq!(signer(None), "unsigned");
    }
}
