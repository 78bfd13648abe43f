//! Inspects a component without running or compiling any of it.

use grimoire_ports::plugins::PublicKey;

use crate::digest::Digest;
use crate::options::Options;
use crate::preflight::{self, Compiled};

/// A component that passed every check that comes before compiling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The world and version that it implements, such as `grimoire:matcher@0.1.0`.
    pub world: &'static str,
    /// The names of the interfaces that it imports.
    pub imports: Vec<String>,
    /// The names of the interfaces that it exports.
    pub exports: Vec<String>,
    /// Its SHA-256 in hexadecimal digits.
    pub digest: String,
    /// How many files of golden cases it carries.
    pub cases: usize,
    /// The key that signed it, if any did.
    pub signed_with: Option<PublicKey>,
}

/// Checks a component as loading does before anything is compiled: size, form, every rule of WebAssembly, counts,
/// imports and exports, and the signature if there is one.
///
/// # Errors
///
/// A description of what is required and what was found. It completes "NAME …".
pub fn inspect(component: &[u8], options: &Options) -> Result<Inspection, String> {
    let checked = preflight::check(component, options, Compiled::No).map_err(|rejection| rejection.0)?;
    Ok(Inspection {
        world: checked.world.package(),
        cases: checked.cases.len(),
        signed_with: checked.signed_with,
        imports: checked.imports,
        exports: checked.exports,
        digest: Digest::of(component).to_string(),
    })
}
