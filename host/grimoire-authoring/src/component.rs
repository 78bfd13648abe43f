//! Component files: reading and writing the metadata in them.

use std::path::Path;

use grimoire_domain::text;
use grimoire_ports::PortError;
use grimoire_ports::plugins::CaseFile;
use grimoire_runtime::{CASE_SECTION, Inspection, Options};
use wasmparser::{ComponentNameSectionReader, KnownCustom, Parser, Payload};

use crate::manifest::Manifest;
use crate::{file_error, invalid};

/// The custom section that holds the manifest.
pub const MANIFEST_SECTION: &str = "grimoire:plugin";

/// The properties of a component and the metadata in it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "a description has a description")]
pub struct Description {
    /// The result of the host's checks.
    pub found: Inspection,
    /// The size of the file in bytes.
    pub bytes: usize,
    /// The name in its metadata.
    pub name: Option<String>,
    /// The version in its metadata.
    pub version: Option<String>,
    /// The description in its metadata.
    pub description: Option<String>,
    /// The manifest that it was built with; `None` if another tool built it.
    pub manifest: Option<Manifest>,
    /// The number of core modules in it.
    pub modules: usize,
}

/// Reads a component's file and makes the checks that the service makes before it compiles a component.
///
/// # Errors
///
/// `NotFound`, or `Invalid` with what is wanted and what was found.
pub fn read(path: &Path) -> Result<(Vec<u8>, Description), PortError> {
    let bytes = read_bytes(path)?;
    let description = describe(&bytes).map_err(|why| invalid(format!("{}: {why}", path.display())))?;
    Ok((bytes, description))
}

/// Reads a component's file as the service does: only a regular file of a size that it takes.
///
/// # Errors
///
/// `NotFound`, or `Invalid` with what is wanted and what was found.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, PortError> {
    std::fs::metadata(path).map_err(|error| file_error(path, "read", error))?;
    grimoire_runtime::read_component(path, &Options::default())
        .map_err(|why| invalid(format!("{}: {why}", path.display())))
}

/// Checks a component and reads its metadata.
///
/// # Errors
///
/// A description of what is required and what was found. It completes "FILE: …".
pub fn describe(component: &[u8]) -> Result<Description, String> {
    let found = grimoire_runtime::inspect(component, &Options::default())?;
    let mut description = Description {
        found,
        bytes: component.len(),
        name: None,
        version: None,
        description: None,
        manifest: None,
        modules: 0,
    };
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| error.to_string())? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ModuleSection { .. } => description.modules += 1,
            Payload::CustomSection(section) if depth == 1 => {
                let text = || std::str::from_utf8(section.data()).ok();
                match section.name() {
                    "version" => description.version = text().map(one_line),
                    "description" => description.description = text().map(one_line),
                    MANIFEST_SECTION => {
                        let text = text().ok_or("its manifest is not text")?;
                        let manifest = Manifest::parse(text).map_err(|why| format!("its manifest: {why}"))?;
                        description.manifest = Some(manifest);
                    }
                    _ => {
                        if let KnownCustom::ComponentName(names) = section.as_known() {
                            description.name = name_in(names);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(description)
}

fn name_in(names: ComponentNameSectionReader<'_>) -> Option<String> {
    names.into_iter().flatten().find_map(|name| match name {
        wasmparser::ComponentName::Component { name, .. } => Some(one_line(name)),
        _ => None,
    })
}

/// Metadata as one line of displayable text: it may say anything, and is printed.
fn one_line(metadata: &str) -> String {
    const LONGEST: usize = 2_000;
    text::one_line(metadata, LONGEST)
}

/// Adds metadata to a component: the standard sections that all tools read, the whole manifest, and the golden cases.
pub fn label(component: &mut Vec<u8>, manifest: &Manifest, cases: &[CaseFile]) {
    let mut name = vec![0];
    let mut own = Vec::new();
    push_counted(&mut own, manifest.name.as_bytes());
    push_counted(&mut name, &own);
    push_section(component, "component-name", &name);
    push_section(component, "version", manifest.version.as_bytes());
    push_section(component, "description", manifest.description.as_bytes());
    push_section(component, MANIFEST_SECTION, manifest.text.as_bytes());
    for file in cases {
        push_section(component, &format!("{CASE_SECTION}{}", file.name), file.text.as_bytes());
    }
}

/// Appends a custom section.
fn push_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut content = Vec::new();
    push_counted(&mut content, name.as_bytes());
    content.extend_from_slice(data);
    component.push(0);
    push_counted(component, &content);
}

/// Bytes with their length in front, as WebAssembly encodes vectors and names.
fn push_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut length = bytes.len();
    while length >= 0x80 {
        let low = u8::try_from(length & 0x7f).unwrap_or_default();
        out.push(low | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or_default());
    out.extend_from_slice(bytes);
}
