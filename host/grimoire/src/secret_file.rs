//! The webhook secret that is generated if none is configured, so that a first start needs no
//! configuration and still verifies every signature.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::SecretString;
use uuid::Uuid;

/// The path of the generated secret.
pub(crate) fn path(data_folder: &Path) -> PathBuf {
    data_folder.join("webhook-secret")
}

/// Maximum size of the file in bytes.
const LARGEST: u64 = 4 << 10;

/// The generated secret, if there is one.
pub(crate) fn read(data_folder: &Path) -> anyhow::Result<Option<SecretString>> {
    let path = path(data_folder);
    let text = match std::fs::metadata(&path).and_then(|metadata| read_secret(&path, &metadata)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("{} cannot be the webhook secret", path.display()));
        }
    };
    let secret = text.trim();
    Ok((!secret.is_empty()).then(|| SecretString::from(secret.to_owned())))
}

/// The folder may have come with an archive or a checkout, so the file may be anything.
fn read_secret(path: &Path, metadata: &Metadata) -> io::Result<String> {
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(io::Error::other("it is no small file"));
    }
    if is_open_to_others(metadata) {
        return Err(io::Error::other(
            "others can read it, so they may know the secret: delete it, and the next start makes another one",
        ));
    }
    let mut text = String::new();
    File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(unix)]
fn is_open_to_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

/// Without such permissions, a user's folders are private by inheritance.
#[cfg(not(unix))]
fn is_open_to_others(_metadata: &Metadata) -> bool {
    false
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
