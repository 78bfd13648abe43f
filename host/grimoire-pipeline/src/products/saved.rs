//! Products in a file, by the digests of what they were made from. A product found there is right whatever has
//! happened to the spellbook since; what is missing is made again.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

/// The first bytes of the file: its form and version.
const FORM: &[u8; 25] = b"grimoire products, form 1";
/// Length of a SHA-256 digest.
const DIGEST: usize = 32;

/// The first half of the SHA-256 of what a plugin got of a spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct InputDigest([u8; 16]);

impl InputDigest {
    pub(crate) fn of(input: &[u8]) -> Self {
        let digest: [u8; DIGEST] = Sha256::digest(input).into();
        let (half, _) = digest.split_first_chunk().expect("half of it");
        Self(*half)
    }
}

/// The content of a file: its form, the digest of the products' form, the products, and the SHA-256 of all that.
pub(super) fn write<'p>(form: &str, products: impl Iterator<Item = (InputDigest, Cow<'p, [u8]>)>) -> Vec<u8> {
    let mut content = FORM.to_vec();
    content.extend_from_slice(&Sha256::digest(form));
    for (input, product) in products {
        content.extend_from_slice(&input.0);
        content.extend_from_slice(&(product.len() as u64).to_le_bytes());
        content.extend_from_slice(&product);
    }
    let checksum = Sha256::digest(&content);
    content.extend_from_slice(&checksum);
    content
}

/// The products of a file. The error says why they cannot be used.
pub(super) fn read<'c>(content: &'c [u8], form: &str) -> Result<Vec<(InputDigest, &'c [u8])>, &'static str> {
    let damaged = "it is damaged";
    let (content, checksum) = content.split_last_chunk::<DIGEST>().ok_or(damaged)?;
    let (of_file, rest) = content.split_first_chunk::<{ FORM.len() }>().ok_or(damaged)?;
    if of_file != FORM {
        return Err("it has another form than this version writes");
    }
    if Sha256::digest(content)[..] != checksum[..] {
        return Err(damaged);
    }
    let (of_products, mut rest) = rest.split_first_chunk::<DIGEST>().ok_or(damaged)?;
    if of_products[..] != Sha256::digest(form)[..] {
        return Err("another plugin made it");
    }
    let mut products = Vec::new();
    while !rest.is_empty() {
        let (input, after) = rest.split_first_chunk().ok_or(damaged)?;
        let (length, after) = after.split_first_chunk().ok_or(damaged)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| damaged)?;
        let (product, after) = after.split_at_checked(length).ok_or(damaged)?;
        products.push((InputDigest(*input), product));
        rest = after;
    }
    Ok(products)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (Vec<(InputDigest, &'static [u8])>, Vec<u8>) {
        let products = [("one", &b"tea"[..]), ("two", b"")]
            .map(|(text, bytes)| (InputDigest::of(text.as_bytes()), bytes));
        let content = write("a", products.iter().map(|(input, bytes)| (*input, Cow::Borrowed(*bytes))));
        (products.to_vec(), content)
    }

    #[test]
    fn what_was_written_is_read() {
        let (products, content) = file();
        assert_eq!(read(&content, "a"), Ok(products));
        assert_eq!(read(&write("a", std::iter::empty()), "a"), Ok(Vec::new()));
    }

    #[test]
    fn products_of_another_form_are_not_used() {
        assert_eq!(read(&file().1, "b"), Err("another plugin made it"));
    }

    #[test]
    fn no_damage_goes_unnoticed() {
        let (_, content) = file();
        for length in 0..content.len() {
            assert!(read(&content[..length], "a").is_err(), "cut to {length}");
        }
        for place in 0..content.len() {
            let mut damaged = content.clone();
            damaged[place] ^= 4;
            assert!(read(&damaged, "a").is_err(), "byte {place}");
        }
    }
}
