//! Checks a component before any of it is compiled.

mod expansion;
mod identity;
mod structure;
mod work;

use grimoire_domain::text;
use grimoire_ports::plugins::{CaseFile, PublicKey};

pub(crate) use identity::World;
pub use structure::{CASE_SECTION, MAX_CASE_BYTES};

use crate::options::Options;
use crate::rejection::Rejection;
use crate::signature;

/// The facts about a checked component.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) world: World,
    /// The version in its metadata.
    pub(crate) version: Option<String>,
    /// The key that signed it, if any did.
    pub(crate) signed_with: Option<PublicKey>,
    /// The golden cases that it carries.
    pub(crate) cases: Vec<CaseFile>,
    /// Names of its imports.
    pub(crate) imports: Vec<String>,
    /// Names of the instances that it exports.
    pub(crate) exports: Vec<String>,
}

/// Whether this host has compiled these very bytes before, after it had checked all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compiled {
    Yes,
    No,
}

/// Checks size, form, every rule of WebAssembly, counts, imports and exports, and the signature if there is one.
pub(crate) fn check(bytes: &[u8], options: &Options, compiled: Compiled) -> Result<Checked, Rejection> {
    let limit = options.max_component_bytes;
    if bytes.len() > limit {
        return Err(too_large(bytes.len() as u64, limit));
    }
    check_form(bytes)?;
    let outline = structure::read(bytes, options.memory_bytes_per_call, compiled)?;
    for import in &outline.imports {
        identity::check_import(import)?;
    }
    let world = identity::world(&outline.exports)?;
    identity::check_world(world, &outline.imports)?;
    let structure::Outline { imports, exports, version, cases, is_signed } = outline;
    let signed_with = signature::signed_with(bytes, is_signed)?;
    Ok(Checked { world, version, signed_with, cases, imports, exports })
}

/// The rejection of a file of this size.
pub(crate) fn too_large(bytes: u64, limit: usize) -> Rejection {
    Rejection::new(format!("the file has {bytes} bytes, a plugin may have at most {limit}"))
}

/// Recognises files that people mistake for a component.
fn check_form(bytes: &[u8]) -> Result<(), Rejection> {
    const WANTED: &str = "a plugin is a WebAssembly component";
    let message = match bytes {
        [] => format!("{WANTED}; the file is empty"),
        [b'\0', b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => return Ok(()),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            format!("{WANTED}; this is a core module: encode it with `wasm-tools component new`")
        }
        [b'\0', b'a', b's', b'm', version @ ..] if version.len() >= 4 => {
            format!("{WANTED} of layer 1, version 13; this has the version bytes {:02x?}", &version[..4])
        }
        [0x7f, b'E', b'L', b'F', ..] => {
            format!(
                "{WANTED}; this is compiled machine code (a `.cwasm` or ELF file), which is never accepted"
            )
        }
        short if b"\0asm\x0d\0\x01\0".starts_with(short) => format!("{WANTED}; the file is cut off"),
        other if other.iter().take(512).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
            format!("{WANTED} in its binary form; this is text")
        }
        _ => format!("{WANTED}; this is something else"),
    };
    Err(Rejection(message))
}

/// Makes a name from a component displayable.
fn shown(name: &str) -> String {
    text::one_line(name, 120)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(bytes: &[u8]) -> String {
        check(bytes, &Options::default(), Compiled::No).expect_err("refused").0
    }

    #[test]
    fn what_is_not_a_component_is_named() {
        assert!(rejection(b"").contains("empty"));
        assert!(rejection(b"\0asm\x01\0\0\0").contains("core module"));
        assert!(rejection(b"\x7fELF\x02\x01\x01").contains(".cwasm"));
        assert!(rejection(b"(component)").contains("text"));
        assert!(rejection(b"\0as").contains("cut off"));
        assert!(rejection(b"PK\x03\x04").contains("something else"));
        assert!(rejection(b"\0asm\x0a\0\x01\0").contains("[0a, 00, 01, 00]"));
    }

    #[test]
    fn the_size_cap_comes_first() {
        let options = Options { max_component_bytes: 10, ..Options::default() };
        let rejection = check(&[0; 11], &options, Compiled::No).expect_err("refused");
        assert_eq!(rejection.0, "the file has 11 bytes, a plugin may have at most 10");
    }
}
