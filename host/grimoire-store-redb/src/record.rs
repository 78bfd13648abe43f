//! The bytes of the rows: records with a version byte, separate from the domain types, so that either
//! can change.

pub(crate) mod delivery;
pub(crate) mod job;
pub(crate) mod job_v2;
pub(crate) mod plugin;
pub(crate) mod publication;
pub(crate) mod review;
pub(crate) mod spell;

use grimoire_ports::PortError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A version byte, then JSON.
pub(crate) fn encode(version: u8, record: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![version];
    append_json(&mut bytes, record);
    bytes
}

/// Appends JSON.
fn append_json(bytes: &mut Vec<u8>, record: &impl Serialize) {
    serde_json::to_writer(bytes, record).expect("records have string keys only, and memory does not fail");
}

/// Decodes a record that [`encode`] wrote with `version`, the only version of its kind.
pub(crate) fn decode<T: DeserializeOwned>(version: u8, name: &str, bytes: &[u8]) -> Result<T, PortError> {
    let json = content(version, name, bytes)?;
    serde_json::from_slice(json).map_err(|error| unreadable(name, error))
}

/// The bytes after the version byte.
fn content<'b>(version: u8, name: &str, bytes: &'b [u8]) -> Result<&'b [u8], PortError> {
    match bytes.split_first() {
        Some((found, content)) if *found == version => Ok(content),
        Some((found, _)) => Err(unreadable(name, format!("record version {found} is not known"))),
        None => Err(unreadable(name, "the record is empty")),
    }
}

/// Splits off a part that is preceded by its length in four bytes.
fn split_part<'b>(name: &str, bytes: &'b [u8]) -> Result<(&'b [u8], &'b [u8]), PortError> {
    let parts = bytes
        .split_first_chunk::<4>()
        .and_then(|(length, rest)| rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?));
    parts.ok_or_else(|| unreadable(name, "the record is cut short"))
}

/// Appends a part, preceded by its length.
fn append_part(bytes: &mut Vec<u8>, append: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    append(bytes);
    let length = u32::try_from(bytes.len() - start - 4).expect("parts are far below 4 GiB");
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// A 64-bit hash (FNV-1a), part of the file format.
pub(crate) fn fnv_1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn unreadable(name: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortError {
    PortError::internal(format!("{name} cannot be read from the store"), source)
}
