//! Walks a component once: validates every rule of the format and counts what makes compilation expensive.

use std::collections::BTreeMap;

use grimoire_ports::plugins::CaseFile;
use wasmparser::{
    ComponentExternalKind, ComponentTypeRef, ConstExpr, DataKind, ElementItems, ElementKind,
    FuncValidatorAllocations, Parser, Payload, ValidPayload, Validator,
};

use super::expansion::Expansion;
use super::work::{self, Cost};
use super::{Compiled, shown};
use crate::engine;
use crate::limits::{MAX_MEMORIES, MAX_TABLE_ELEMENTS, MAX_TABLES};
use crate::rejection::Rejection;
use crate::signature;

/// Maximum nesting depth of components and modules.
const MAX_DEPTH: usize = 16;
/// Maximum number of components and modules.
const MAX_PARTS: u64 = 256;
/// Maximum number of functions of all modules. A whole Python interpreter has a quarter of this.
const MAX_FUNCTIONS: u64 = 65_536;
/// Maximum size of one function in bytes, because compilation time is not linear in it.
const MAX_FUNCTION_BYTES: usize = 1 << 20;
/// Maximum of places times values of one function, and of all: see [`work`]. The largest function of the shipped
/// plugins has a fiftieth of this.
const MAX_FUNCTION_WORK: u64 = 4 << 20;
const MAX_WORK: u64 = 64 << 20;
/// Maximum of places in one function, and of the sum of their squares in all: see [`work::Cost`]. The largest functions of
/// the shipped plugins and of whole JavaScript and Python interpreters have a quarter of the first at most, and all of an
/// interpreter a quarter of the second.
const MAX_PLACES: u64 = 45_000;
const MAX_SQUARES: u64 = 2 << 30;
/// Maximum number of items in all other sections of one kind.
const MAX_ITEMS: u64 = 100_000;
/// Maximum number of values in the types of all core functions. For each different type the compiler generates code that
/// passes all of its values from and to the host, whether or not there is such a function.
const MAX_TYPE_VALUES: u64 = 512 << 10;
/// How much a type itself counts.
const TYPE: u64 = 8;
/// Maximum number of elements in all segments: twice a full table. 900,000 took 1.1 GiB and more than a minute.
const MAX_ELEMENTS: u64 = 131_072;
/// Maximum size of all constant expressions in bytes: those of globals, and of where segments begin. Compilers write a
/// few bytes for each; the engine keeps several hundred for each.
const MAX_CONSTANT_BYTES: u64 = 1 << 20;
const PAGE: u64 = 65_536;

/// Begins the name of a section that holds a file of golden cases, and is followed by the name of the file.
pub const CASE_SECTION: &str = "grimoire:case:";
/// Maximum size of the cases in a component in bytes.
pub const MAX_CASE_BYTES: usize = 256 << 10;

/// The result of the walk.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Names of the component's imports.
    pub(super) imports: Vec<String>,
    /// Names of its exported instances.
    pub(super) exports: Vec<String>,
    /// Its `version` metadata section.
    pub(super) version: Option<String>,
    /// The golden cases that it carries.
    pub(super) cases: Vec<CaseFile>,
    /// Whether it ends with a signature.
    pub(super) is_signed: bool,
}

/// Counts over the whole component, including nested parts.
#[derive(Debug, Default)]
struct Counts {
    parts: u64,
    functions: u64,
    work: u64,
    squares: u64,
    memories: u64,
    memory_bytes: u64,
    tables: u64,
    case_bytes: u64,
    type_values: u64,
    elements: u64,
    constant_bytes: u64,
    /// The number of other items by what they are.
    items: BTreeMap<&'static str, u64>,
}

/// Reads and validates a component. `memory_limit` is the memory of an instance in bytes; a
/// component that begins with more could never run. Of code that exists, the bodies of functions
/// are not read.
pub(super) fn read(bytes: &[u8], memory_limit: usize, compiled: Compiled) -> Result<Outline, Rejection> {
    let mut validator = Validator::new_with_features(engine::features());
    let mut allocations = FuncValidatorAllocations::default();
    let mut outline = Outline::default();
    let mut counts = Counts::default();
    let mut expansion = Expansion::default();
    let mut depth = 0_usize;
    let mut parser = Parser::new(0);
    parser.set_features(engine::features());
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(|error| invalid(&error))?;
        counts.add(&payload, memory_limit)?;
        match &payload {
            Payload::Version { .. } => {
                depth += 1;
                at_most("nested parts", depth as u64, MAX_DEPTH as u64)?;
            }
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section.clone() {
                    let import = import.map_err(|error| invalid(&error))?;
                    let name = import.name.name;
                    if !matches!(import.ty, ComponentTypeRef::Instance(_)) {
                        return Err(Rejection::new(format!(
                            "imports {}, which is no interface; a plugin may import interfaces only",
                            shown(name)
                        )));
                    }
                    outline.imports.push(name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section.clone() {
                    let export = export.map_err(|error| invalid(&error))?;
                    if export.kind == ComponentExternalKind::Instance {
                        outline.exports.push(export.name.name.to_owned());
                    }
                }
            }
            Payload::CustomSection(section) if depth == 1 && section.name() == signature::SECTION => {
                if section.range().end != bytes.len() {
                    return Err(Rejection::new(
                        "something was added after its signature: sign it again with `grimoire plugin sign`",
                    ));
                }
                outline.is_signed = true;
            }
            Payload::CustomSection(section) if depth == 1 && section.name().starts_with(CASE_SECTION) => {
                let name = shown(&section.name()[CASE_SECTION.len()..]);
                counts.case_bytes += section.data().len() as u64;
                at_most("bytes of cases", counts.case_bytes, MAX_CASE_BYTES as u64)?;
                let text = std::str::from_utf8(section.data())
                    .map_err(|_| Rejection::new(format!("its cases {name} are no text")))?;
                outline.cases.push(CaseFile { name, text: text.to_owned() });
            }
            Payload::CustomSection(section) if depth == 1 && section.name() == "version" => {
                outline.version = std::str::from_utf8(section.data()).ok().map(shown);
            }
            _ => {}
        }
        if let ValidPayload::Func(function, body) =
            validator.payload(&payload).map_err(|error| invalid(&error))?
            && compiled == Compiled::No
        {
            let mut function = function.into_validator(std::mem::take(&mut allocations));
            let most = Cost { work: MAX_FUNCTION_WORK, places: MAX_PLACES };
            let cost = work::validate(&mut function, &body, most).map_err(|error| invalid(&error))?;
            counts.add_function(function.index(), cost)?;
            allocations = function.into_allocations();
        }
        expansion.add(&payload, validator.types(0))?;
    }
    Ok(outline)
}

impl Counts {
    fn add_function(&mut self, index: u32, cost: Cost) -> Result<(), Rejection> {
        let Cost { work, places } = cost;
        if places > MAX_PLACES {
            return Err(Rejection::new(format!(
                "function {index} of a module has more than {MAX_PLACES} branches and blocks (a loop counts as 8, a call \
                 through a table as 4): split it, or compile it with less inlining"
            )));
        }
        at_most("branches times values in one function", work, MAX_FUNCTION_WORK)?;
        self.work = self.work.saturating_add(work);
        at_most("branches times values in all functions", self.work, MAX_WORK)?;
        self.squares += places * places;
        if self.squares > MAX_SQUARES {
            return Err(Rejection::new(format!(
                "has too many functions of thousands of branches and blocks (their squares add up to more than \
                 {MAX_SQUARES} with function {index} of a module): split the largest, or compile it with less inlining"
            )));
        }
        Ok(())
    }

    fn add(&mut self, payload: &Payload<'_>, memory_limit: usize) -> Result<(), Rejection> {
        match payload {
            Payload::Version { .. } => {
                self.parts += 1;
                at_most("modules and components", self.parts, MAX_PARTS)
            }
            Payload::CodeSectionStart { count, .. } => {
                self.functions += u64::from(*count);
                at_most("functions", self.functions, MAX_FUNCTIONS)
            }
            Payload::CodeSectionEntry(body) => {
                let length = body.range().len();
                at_most("bytes in one function", length as u64, MAX_FUNCTION_BYTES as u64)
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let memory = memory.map_err(|error| invalid(&error))?;
                    self.memories += 1;
                    self.memory_bytes = self.memory_bytes.saturating_add(memory.initial.saturating_mul(PAGE));
                }
                at_most("memories", self.memories, u64::from(MAX_MEMORIES))?;
                at_most("bytes of initial memory", self.memory_bytes, memory_limit as u64)
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    let table = table.map_err(|error| invalid(&error))?;
                    self.tables += 1;
                    at_most("initial table elements", table.ty.initial, MAX_TABLE_ELEMENTS as u64)?;
                }
                at_most("tables", self.tables, u64::from(MAX_TABLES))
            }
            Payload::TypeSection(section) => {
                for function in section.clone().into_iter_err_on_gc_types() {
                    let function = function.map_err(|error| invalid(&error))?;
                    let values = function.params().len() + function.results().len();
                    self.type_values += TYPE + values as u64;
                    at_most("values in the types of functions", self.type_values, MAX_TYPE_VALUES)?;
                }
                self.items("types", section.count())
            }
            Payload::ImportSection(section) => self.items("imports of a module", section.count()),
            Payload::FunctionSection(section) => self.items("declared functions", section.count()),
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    self.constant(&global.map_err(|error| invalid(&error))?.init_expr)?;
                }
                self.items("globals", section.count())
            }
            Payload::ExportSection(section) => self.items("exports of a module", section.count()),
            Payload::ElementSection(section) => {
                for segment in section.clone() {
                    let segment = segment.map_err(|error| invalid(&error))?;
                    if let ElementKind::Active { offset_expr, .. } = &segment.kind {
                        self.constant(offset_expr)?;
                    }
                    match segment.items {
                        ElementItems::Functions(functions) => self.elements += u64::from(functions.count()),
                        ElementItems::Expressions(_, expressions) => {
                            self.elements += u64::from(expressions.count());
                            self.constant_bytes += expressions.range().len() as u64;
                        }
                    }
                    at_most("elements of segments", self.elements, MAX_ELEMENTS)?;
                }
                at_most("bytes of constant expressions", self.constant_bytes, MAX_CONSTANT_BYTES)?;
                self.items("element segments", section.count())
            }
            Payload::DataSection(section) => {
                for segment in section.clone() {
                    if let DataKind::Active { offset_expr, .. } =
                        segment.map_err(|error| invalid(&error))?.kind
                    {
                        self.constant(&offset_expr)?;
                    }
                }
                self.items("data segments", section.count())
            }
            Payload::ComponentTypeSection(section) => self.items("component types", section.count()),
            Payload::CoreTypeSection(section) => self.items("core types", section.count()),
            Payload::ComponentAliasSection(section) => self.items("aliases", section.count()),
            Payload::ComponentImportSection(section) => self.items("imports", section.count()),
            Payload::ComponentExportSection(section) => self.items("exports", section.count()),
            _ => Ok(()),
        }
    }

    fn constant(&mut self, expression: &ConstExpr<'_>) -> Result<(), Rejection> {
        self.constant_bytes += expression.get_binary_reader().bytes_remaining() as u64;
        at_most("bytes of constant expressions", self.constant_bytes, MAX_CONSTANT_BYTES)
    }

    fn items(&mut self, what: &'static str, count: u32) -> Result<(), Rejection> {
        let all = self.items.entry(what).or_default();
        *all += u64::from(count);
        at_most(what, *all, MAX_ITEMS)
    }
}

pub(super) fn at_most(what: &str, count: u64, limit: u64) -> Result<(), Rejection> {
    if count <= limit {
        return Ok(());
    }
    Err(Rejection::new(format!("has {count} {what}; a plugin may have at most {limit}")))
}

pub(super) fn invalid(error: &wasmparser::BinaryReaderError) -> Rejection {
    let place = error.offset();
    let message = crate::problem::engine_words(error.message());
    if message.contains("unexpected end") {
        return Rejection::new(format!("the file is cut off: {message} at byte {place}"));
    }
    Rejection::new(format!("is not a valid component: {message} at byte {place}"))
}
