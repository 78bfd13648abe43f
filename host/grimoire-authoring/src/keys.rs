//! Keys that sign components, as files.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use grimoire_ports::plugins::PublicKey;
use grimoire_runtime::signature::{self, SecretKey};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use crate::component::{self, Description};
use crate::{file_error, invalid, read_text, write};

/// The prefix of key files, which makes them recognisable.
const BEGINNING: &str = "grimoire-plugin-secret-key:";

/// Generates a key and writes the secret half to a new file that only its owner can read. Returns the public half.
///
/// # Errors
///
/// `Conflict` if the file exists: an overwritten key would be lost.
pub fn generate(path: &Path) -> Result<PublicKey, PortError> {
    let mut failure = None;
    let seed = SecretBox::init_with_mut(|seed: &mut [u8; 32]| failure = getrandom::fill(seed).err());
    if let Some(error) = failure {
        return Err(PortError::internal("the system gives no random numbers", error.to_string()));
    }
    let text = SecretString::from(format!("{BEGINNING}{}\n", hex::encode(seed.expose_secret())));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => PortError::new(
            ErrorKind::Conflict,
            format!(
                "{} exists already, and a key that is overwritten is lost: name another file",
                path.display()
            ),
        ),
        _ => file_error(path, "written", error),
    })?;
    file.write_all(text.expose_secret().as_bytes()).map_err(|error| file_error(path, "written", error))?;
    Ok(SecretKey::new(seed).public())
}

/// Reads the key of a file that [`generate`] wrote.
///
/// # Errors
///
/// `NotFound` or `Forbidden` if the file cannot be read; `Invalid` if it is not a key.
pub fn read(path: &Path) -> Result<SecretKey, PortError> {
    let text = SecretString::from(read_text(path)?);
    let mut is_key = false;
    let seed = SecretBox::init_with_mut(|seed: &mut [u8; 32]| {
        let digits = text.expose_secret().trim_end().strip_prefix(BEGINNING);
        is_key = digits.is_some_and(|digits| hex::decode_to_slice(digits, seed).is_ok());
    });
    if is_key {
        return Ok(SecretKey::new(seed));
    }
    Err(invalid(format!("{} is no key: `grimoire plugin keygen` makes one", path.display())))
}

/// Checks and signs the component in a file. An existing signature is replaced.
///
/// # Errors
///
/// As for [`component::read`], and if the file cannot be written.
pub fn sign(path: &Path, key: &SecretKey) -> Result<Description, PortError> {
    let (bytes, _) = component::read(path)?;
    write(path, &signature::sign(&bytes, key))?;
    Ok(component::read(path)?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_for_its_owner_and_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("team.key");
        let public = generate(&path).expect("a key");
        assert_eq!(read(&path).expect("the key").public(), public);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let error = generate(&path).expect_err("it is there");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(read(&path).expect("the key").public(), public, "it is as it was");
        assert_ne!(generate(&folder.path().join("other.key")).expect("a key"), public);
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("team.key");
        for text in ["", "secret", &format!("{BEGINNING}abc"), &format!("{BEGINNING}{}", "0".repeat(66))] {
            std::fs::write(&path, text).expect("written");
            let error = read(&path).map(drop).expect_err("no key").to_string();
            assert!(error.ends_with("team.key is no key: `grimoire plugin keygen` makes one"), "{error}");
        }
    }
}
