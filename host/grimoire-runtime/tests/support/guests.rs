//! Encodes the guests of `tests/guests/` as components of the current contract.

use std::fmt::Write as _;
use std::path::PathBuf;

use grimoire_runtime::PluginSource;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const TYPES: &str = include_str!("../../../../wit/types/types.wit");
const ANALYZER: &str = include_str!("../../../../wit/analyzer/analyzer.wit");
const MATCHER: &str = include_str!("../../../../wit/matcher/matcher.wit");
const EMBEDDER: &str = include_str!("../../../../wit/embedder/embedder.wit");
const WASI: &str = include_str!("../guests/wasi/imports.wit");

const LOG: &str = r#"(import "grimoire:types/log@0.1.0" "write" (func $log (param i32 i32 i32)))"#;
const NEW_HANDLE: &str = r#"
(import "[export]grimoire:analyzer/analyze@0.1.0" "[resource-new]scan" (func $new_handle (param i32) (result i32)))"#;

/// A folder of `tests/guests/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Analyzer,
    Matcher,
    Embedder,
    Wasi,
}

impl Group {
    pub(crate) const ALL: [Self; 4] = [Self::Analyzer, Self::Matcher, Self::Embedder, Self::Wasi];

    pub(crate) fn folder(self) -> PathBuf {
        let name = match self {
            Self::Analyzer => "analyzer",
            Self::Matcher => "matcher",
            Self::Embedder => "embedder",
            Self::Wasi => "wasi",
        };
        // From any crate of `host/`: the program's own tests run these guests too.
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../grimoire-runtime/tests/guests").join(name)
    }
}

/// A guest as a plugin, named like its file with hyphens for underscores.
pub(crate) fn guest(group: Group, name: &str) -> PluginSource {
    PluginSource::new(name.replace('_', "-"), component(group, name))
}

/// A guest as a component.
pub(crate) fn component(group: Group, name: &str) -> Vec<u8> {
    let path = group.folder().join(format!("{name}.wat"));
    let fields = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    encode(group, &fields, str::to_owned)
}

/// Encodes the fields of a core module as a component. `edit` may change the text of each package,
/// to create a component of another version or with other imports.
pub(crate) fn encode(group: Group, fields: &str, edit: impl Fn(&str) -> String) -> Vec<u8> {
    let text = edit(&complete(group, fields));
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut resolve = Resolve::default();
    for (name, package) in
        [("types", TYPES), ("analyzer", ANALYZER), ("matcher", MATCHER), ("embedder", EMBEDDER)]
    {
        resolve.push_str(name, &edit(package)).unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
    let world = match group {
        Group::Analyzer => "include grimoire:analyzer/analyzer@0.1.0;".to_owned(),
        Group::Matcher => "include grimoire:matcher/matcher@0.1.0;".to_owned(),
        Group::Embedder => "include grimoire:embedder/embedder@0.1.0;".to_owned(),
        Group::Wasi => imports(fields),
    };
    let package = format!("package grimoire:guest;\n{WASI}\nworld guest {{ {world} }}");
    let package = resolve.push_str("guest", &edit(&package)).unwrap_or_else(|error| panic!("{error:#}"));
    let world = resolve.select_world(&[package], Some("guest")).expect("the world");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
    let encoder = ComponentEncoder::default().validate(true).module(&module);
    encoder.and_then(|mut encoder| encoder.encode()).unwrap_or_else(|error| panic!("{error:#}"))
}

/// The matcher world with the WASI imports of the fields.
fn imports(fields: &str) -> String {
    let mut world = "include grimoire:matcher/matcher@0.1.0;".to_owned();
    let mut seen = Vec::new();
    for interface in fields.lines().filter_map(|line| line.strip_prefix("(import \"")?.split('"').next()) {
        if !seen.contains(&interface) {
            write!(world, " import {interface};").expect("text grows");
            seen.push(interface);
        }
    }
    world
}

/// The module with the parts that the fields leave to the prelude.
fn complete(group: Group, fields: &str) -> String {
    let (imports, prelude) = match group {
        Group::Analyzer => (NEW_HANDLE, include_str!("../guests/prelude/analyzer.wat")),
        Group::Embedder => ("", include_str!("../guests/prelude/embedder.wat")),
        Group::Matcher | Group::Wasi => ("", include_str!("../guests/prelude/matcher.wat")),
    };
    let mut module = format!("(module\n{LOG}{imports}\n{fields}\n");
    for part in prelude.split(";;> ").skip(1) {
        let (condition, text) = part.split_once('\n').expect("a condition on a line of its own");
        let wanted = match condition.strip_prefix("if ") {
            Some(definition) => fields.contains(&format!("({definition} ")),
            None => condition == "always" || !fields.contains(&format!("({condition} ")),
        };
        if wanted {
            module.push_str(text);
        }
    }
    module + ")"
}

/// Adds core modules to the component and instantiates them, as in a component of several parts.
pub(crate) fn with_modules(mut component: Vec<u8>, modules: &[&str]) -> Vec<u8> {
    for (index, text) in (core_modules(&component)..).zip(modules) {
        let module = wat::parse_str(text).expect("a module");
        section(&mut component, 1, &module);
        // One instance, made from a module, without arguments.
        let mut instance = vec![1, 0];
        unsigned(&mut instance, index);
        instance.push(0);
        section(&mut component, 2, &instance);
    }
    component
}

/// Appends a component and an instance of it.
pub(crate) fn with_component(mut component: Vec<u8>, text: &str) -> Vec<u8> {
    let index = parts(&component, |payload| matches!(payload, wasmparser::Payload::ComponentSection { .. }));
    let inner = wat::parse_str(text).expect("a component");
    section(&mut component, 4, &inner);
    // One instance, made from a component, without arguments.
    let mut instance = vec![1, 0];
    unsigned(&mut instance, index);
    instance.push(0);
    section(&mut component, 5, &instance);
    component
}

/// The text of components that each instantiate the next one, so many times, so deep.
pub(crate) fn nested(times: usize, depth: usize) -> String {
    let instances = "(instance (instantiate $c))".repeat(times);
    let fields = (0..depth).fold(String::new(), |inner, _| format!("(component $c {inner}) {instances}"));
    format!("(component {fields})")
}

fn core_modules(component: &[u8]) -> usize {
    parts(component, |payload| matches!(payload, wasmparser::Payload::ModuleSection { .. }))
}

/// The number of parts of a component that are not nested deeper.
fn parts(component: &[u8], is_part: impl Fn(&wasmparser::Payload<'_>) -> bool) -> usize {
    let mut depth = 0;
    let mut parts = 0;
    for payload in wasmparser::Parser::new(0).parse_all(component) {
        match payload.expect("a component") {
            wasmparser::Payload::Version { .. } => depth += 1,
            wasmparser::Payload::End(_) => depth -= 1,
            payload if depth == 1 && is_part(&payload) => parts += 1,
            _ => {}
        }
    }
    parts
}

/// Appends a section of the binary format.
pub(crate) fn section(component: &mut Vec<u8>, id: u8, content: &[u8]) {
    component.push(id);
    unsigned(component, content.len());
    component.extend_from_slice(content);
}

/// A number in the encoding of the binary format.
fn unsigned(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}
