//! Vectors in a file, by the digests of the texts that they were made from. A vector found there is right whatever has
//! happened to the spellbook since; what is missing is embedded again.

use std::collections::HashMap;

use grimoire_ports::plugins::embedder::VectorSpace;
use sha2::{Digest as _, Sha256};

/// The first bytes of the file: its form and version.
const FORM: &[u8; 24] = b"grimoire vectors, form 1";
/// Length of a SHA-256 digest.
const DIGEST: usize = 32;

/// The first half of the SHA-256 of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct TextDigest([u8; 16]);

impl TextDigest {
    pub(super) fn of(text: &str) -> Self {
        let digest: [u8; DIGEST] = Sha256::digest(text).into();
        let (half, _) = digest.split_first_chunk().expect("half of it");
        Self(*half)
    }
}

/// Vectors of one space by text.
pub(super) type Known = HashMap<TextDigest, Vec<f32>>;

/// The content of a file: the form, the space, the dimension, the vectors, and the SHA-256 of all that.
pub(super) fn write<'v>(
    space: &VectorSpace,
    vectors: impl Iterator<Item = (TextDigest, &'v [f32])>,
) -> Vec<u8> {
    let mut content = FORM.to_vec();
    content.extend_from_slice(&Sha256::digest(&space.digest));
    content.extend_from_slice(&(space.dimension as u64).to_le_bytes());
    for (text, vector) in vectors {
        content.extend_from_slice(&text.0);
        content.extend(vector.iter().flat_map(|component| component.to_le_bytes()));
    }
    let checksum = Sha256::digest(&content);
    content.extend_from_slice(&checksum);
    content
}

/// The vectors of a file. The error says why they cannot be used.
pub(super) fn read(content: &[u8], space: &VectorSpace) -> Result<Known, &'static str> {
    let damaged = "it is damaged";
    let (content, checksum) = content.split_last_chunk::<DIGEST>().ok_or(damaged)?;
    let (form, rest) = content.split_first_chunk::<24>().ok_or(damaged)?;
    if form != FORM {
        return Err("it has another form than this version writes");
    }
    if Sha256::digest(content)[..] != checksum[..] {
        return Err(damaged);
    }
    let (of, rest) = rest.split_first_chunk::<DIGEST>().ok_or(damaged)?;
    let (dimension, rest) = rest.split_first_chunk::<8>().ok_or(damaged)?;
    if of[..] != Sha256::digest(&space.digest)[..] || u64::from_le_bytes(*dimension) != space.dimension as u64
    {
        return Err("another embedder made it");
    }
    let row = size_of::<TextDigest>() + space.dimension * size_of::<f32>();
    let rows = rest.chunks_exact(row);
    if !rows.remainder().is_empty() {
        return Err(damaged);
    }
    let known = rows.filter_map(|row| {
        let (text, vector) = row.split_first_chunk()?;
        let (components, _) = vector.as_chunks::<4>();
        Some((TextDigest(*text), components.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()))
    });
    Ok(known.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(digest: &str, dimension: usize) -> VectorSpace {
        VectorSpace { digest: digest.to_owned(), dimension }
    }

    fn file() -> (Known, Vec<u8>) {
        let known: Known = [("one", vec![0.6, -0.8]), ("two", vec![0.0, 0.0])]
            .map(|(text, vector)| (TextDigest::of(text), vector))
            .into();
        let content = write(&space("a", 2), known.iter().map(|(text, vector)| (*text, &vector[..])));
        (known, content)
    }

    #[test]
    fn what_was_written_is_read() {
        let (known, content) = file();
        assert_eq!(read(&content, &space("a", 2)), Ok(known));
        let empty = write(&space("a", 2), std::iter::empty());
        assert_eq!(read(&empty, &space("a", 2)), Ok(Known::new()));
    }

    #[test]
    fn vectors_of_another_space_are_not_used() {
        let (_, content) = file();
        assert_eq!(read(&content, &space("b", 2)), Err("another embedder made it"));
        assert_eq!(read(&content, &space("a", 4)), Err("another embedder made it"));
    }

    #[test]
    fn no_damage_goes_unnoticed() {
        let (_, content) = file();
        for length in 0..content.len() {
            assert!(read(&content[..length], &space("a", 2)).is_err(), "cut to {length}");
        }
        for place in 0..content.len() {
            let mut damaged = content.clone();
            damaged[place] ^= 4;
            assert!(read(&damaged, &space("a", 2)).is_err(), "byte {place}");
        }
    }
}
