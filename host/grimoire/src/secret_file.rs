//! The webhook secret that is generated if none is configured, so that a first start needs no
//! configuration and still verifies every signature.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::SecretString;
use uuid::Uuid;

/// The path of the generated secret.
pub(crate) fn path(data_folder: &Path) -> PathBuf {
    data_folder.join("webhook-secret")
}

/// The generated secret, if there is one.
pub(crate) fn read(data_folder: &Path) -> anyhow::Result<Option<SecretString>> {
    let path = path(data_folder);
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(Some(SecretString::from(text.trim().to_owned()))),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Reads the generated secret; generates one if missing, readable by its owner only.
pub(crate) fn read_or_create(data_folder: &Path) -> anyhow::Result<SecretString> {
    if let Some(secret) = read(data_folder)? {
        return Ok(secret);
    }
    let path = path(data_folder);
    // Two version 4 UUIDs: 244 random bits from the operating system.
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    // A temporary file is for its owner only, and takes the place of a link instead of writing through it.
    tempfile::NamedTempFile::new_in(data_folder)
        .and_then(|mut file| {
            file.write_all(secret.as_bytes())?;
            Ok(file.persist(&path)?)
        })
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(SecretString::from(secret))
}
