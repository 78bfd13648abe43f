//! Signatures of components.
//!
//! A signature is the last section of a component and has a fixed length, so the signed content is simply every byte
//! before it. It travels inside the component, so there is no second file to lose. Other tools ignore unknown custom
//! sections, and therefore this one.

use grimoire_ports::plugins::PublicKey;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use secrecy::{ExposeSecret as _, SecretBox};

use crate::digest::Digest;
use crate::rejection::Rejection;

/// The name of the section.
pub(crate) const SECTION: &str = "grimoire:signature";
/// The bytes before the key and the signature: the id of custom sections, the section's length, its name with its
/// length.
const HEAD: &[u8] = b"\0\x73\x12grimoire:signature";
const KEY: usize = 32;
const SIGNATURE: usize = 64;
/// The length of the whole section.
const LENGTH: usize = HEAD.len() + KEY + SIGNATURE;
/// Domain separation: prefixed to the digest, so that a signature made for another purpose never fits a component.
const CONTEXT: &[u8] = b"grimoire plugin signature 1\n";

/// The secret half of a key that signs components. Wiped from memory when dropped.
pub struct SecretKey(SecretBox<[u8; 32]>);

impl SecretKey {
    /// The key of 32 secret bytes.
    pub fn new(seed: SecretBox<[u8; 32]>) -> Self {
        Self(seed)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; KEY];
        key.copy_from_slice(self.pair().public_key().as_ref());
        PublicKey(key)
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(self.0.expose_secret()).expect("a seed has 32 bytes")
    }
}

/// Signs a component. An existing signature is replaced.
pub fn sign(component: &[u8], key: &SecretKey) -> Vec<u8> {
    let content = content(component);
    let signature = key.pair().sign(&message(content));
    [content, HEAD, &key.public().0, signature.as_ref()].concat()
}

/// A component without its signature.
fn content(component: &[u8]) -> &[u8] {
    split(component).map_or(component, |(content, _, _)| content)
}

/// Splits a component into signed content, key and signature; `None` if it does not end with a signature.
fn split(component: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (content, section) = component.split_at(component.len().checked_sub(LENGTH)?);
    let (key, signature) = section.strip_prefix(HEAD)?.split_at(KEY);
    Some((content, key, signature))
}

/// Verifies the signature of a component and returns its key; `None` if the component is unsigned. `is_signed` says
/// whether the structure check found a signature section. A section of another form, or a wrong signature, is rejected.
pub(crate) fn signed_with(component: &[u8], is_signed: bool) -> Result<Option<PublicKey>, Rejection> {
    let (content, key, signature) = match (split(component), is_signed) {
        (Some(parts), true) => parts,
        (None, false) => return Ok(None),
        _ => {
            return Err(Rejection(
                "its signature section is malformed: sign it with `grimoire plugin sign`".to_owned(),
            ));
        }
    };
    let verified = UnparsedPublicKey::new(&ED25519, key).verify(&message(content), signature);
    verified.map_err(|_| {
        Rejection("its signature is wrong: it was changed after it was signed, or damaged".to_owned())
    })?;
    let mut public = [0; KEY];
    public.copy_from_slice(key);
    Ok(Some(PublicKey(public)))
}

fn message(content: &[u8]) -> Vec<u8> {
    [CONTEXT, &Digest::of(content).0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::new(SecretBox::new(Box::new([byte; 32])))
    }

    #[test]
    fn what_was_signed_names_its_key_and_may_be_signed_again() {
        let once = sign(b"content", &key(1));
        assert_eq!(once.len(), 7 + LENGTH);
        assert_eq!(signed_with(&once, true), Ok(Some(key(1).public())));
        let again = sign(&once, &key(2));
        assert_eq!(again.len(), once.len(), "a new signature takes the place of the old one");
        assert_eq!(signed_with(&again, true), Ok(Some(key(2).public())));
        assert_eq!(signed_with(b"content", false), Ok(None));
    }

    #[test]
    fn every_changed_byte_is_found() {
        let signed = sign(b"content", &key(1));
        for place in 0..signed.len() {
            let mut changed = signed.clone();
            changed[place] ^= 1;
            assert!(signed_with(&changed, true).is_err(), "byte {place}");
        }
    }

    /// The first test of RFC 8032: the algorithm is the one that other tools have.
    #[test]
    fn keys_are_those_of_the_standard() {
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let mut bytes = [0; 32];
        hex::decode_to_slice(seed, &mut bytes).expect("hexadecimal digits");
        assert_eq!(
            SecretKey::new(SecretBox::new(Box::new(bytes))).public().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }
}
