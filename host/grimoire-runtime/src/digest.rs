//! SHA-256 digests, of components and of the engine.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest(pub(crate) [u8; 32]);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of a component together with its configuration.
    pub(crate) fn configured(self, settings: Option<&str>) -> Self {
        match settings {
            None => self,
            Some(settings) => Self::of(format!("{self}{settings}").as_bytes()),
        }
    }

    /// The digest of the data that a value feeds to a hasher, which is how the engine describes its configuration.
    pub(crate) fn of_hash(value: &impl Hash) -> Self {
        let mut hasher = DigestHasher(Sha256::new());
        value.hash(&mut hasher);
        Self(hasher.0.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

/// A hasher with a full SHA-256 result; the standard ones return 64 bits.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        u64::from_le_bytes(digest[..8].try_into().expect("eight bytes"))
    }
}
