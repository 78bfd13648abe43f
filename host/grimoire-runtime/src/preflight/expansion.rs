//! Counts what a component becomes when everything in it is instantiated.
//!
//! The compiler unrolls instantiations: components that each instantiate the next one eight times become 16 million
//! instances of 300 bytes. And for each function that crosses a component's border it generates code which converts
//! all values of its type, again in every instance.

use std::collections::HashMap;

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, Instance, Payload, PrimitiveValType,
};

use super::structure::{at_most, invalid};
use crate::limits::MAX_CORE_INSTANCES;
use crate::rejection::Rejection;

/// Maximum number of component instances.
const MAX_INSTANCES: u64 = 256;
/// Maximum number of definitions in all of them: aliases, types, imports, exports and arguments.
const MAX_DEFINITIONS: u64 = 100_000;
/// Maximum number of functions that cross a component's border. An interpreter with all of WASI has a few hundred.
const MAX_CANONICAL: u64 = 2_048;
/// Maximum number of values in the types of one such function, and of all. All of WASI has some thousand.
const MAX_FUNCTION_VALUES: u64 = 2_048;
const MAX_VALUES: u64 = 32_768;

/// How much a text or a list counts: their conversion is a loop with checks, not one instruction.
const LOOP: u64 = 8;

/// What one instance of a component consists of, with all that it instantiates in turn.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    instances: u64,
    core_instances: u64,
    definitions: u64,
    canonical: u64,
    values: u64,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.instances = self.instances.saturating_add(other.instances);
        self.core_instances = self.core_instances.saturating_add(other.core_instances);
        self.definitions = self.definitions.saturating_add(other.definitions);
        self.canonical = self.canonical.saturating_add(other.canonical);
        self.values = self.values.saturating_add(other.values);
    }

    fn check(&self) -> Result<(), Rejection> {
        at_most("component instances", self.instances, MAX_INSTANCES)?;
        // Instances made of exports only cost nothing, but are recognised late; encoders create about one for every
        // instance of a module.
        at_most("core instances", self.core_instances, u64::from(MAX_CORE_INSTANCES) * 8)?;
        at_most("definitions in its instances", self.definitions, MAX_DEFINITIONS)?;
        at_most("canonical functions", self.canonical, MAX_CANONICAL)?;
        at_most("values in the types of canonical functions", self.values, MAX_VALUES)
    }
}

/// A component that is being read.
#[derive(Debug, Default)]
struct Frame {
    size: Size,
    /// The sizes of the components in its index space; `None` for one that it is given.
    components: Vec<Option<Size>>,
}

/// Follows the sections of a component in order, after each was validated.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    /// The parts that are being read, outermost first. Modules have no frame.
    open: Vec<Option<Frame>>,
    /// The number of values in each type.
    values: HashMap<ComponentDefinedTypeId, u64>,
}

impl Expansion {
    /// Adds a section that is valid. `types` are those of the innermost open part.
    pub(super) fn add(
        &mut self,
        payload: &Payload<'_>,
        types: Option<TypesRef<'_>>,
    ) -> Result<(), Rejection> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.open.push((*encoding == Encoding::Component).then(Frame::default));
                return Ok(());
            }
            Payload::End(_) => {
                let ended = self.open.pop().flatten();
                if let (Some(ended), Some(Some(around))) = (ended, self.open.last_mut()) {
                    around.components.push(Some(ended.size));
                }
                return Ok(());
            }
            _ => {}
        }
        let mut added = Size::default();
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    added.core_instances += 1;
                    added.definitions += match instance.map_err(|error| invalid(&error))? {
                        Instance::Instantiate { args, .. } => args.len() as u64,
                        Instance::FromExports(exports) => exports.len() as u64,
                    };
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    added.instances += 1;
                    match instance.map_err(|error| invalid(&error))? {
                        ComponentInstance::Instantiate { component_index, args } => {
                            added.definitions += args.len() as u64;
                            added.add(self.component(0, component_index).ok_or_else(unknown_component)?);
                        }
                        ComponentInstance::FromExports(exports) => added.definitions += exports.len() as u64,
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    added.definitions += 1;
                    match alias.map_err(|error| invalid(&error))? {
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                            let size = self.component(count, index);
                            self.define(size);
                        }
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                            self.define(None);
                        }
                        _ => {}
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    added.definitions += 1;
                    if let ComponentTypeRef::Component(_) = import.map_err(|error| invalid(&error))?.ty {
                        self.define(None);
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    added.definitions += 1;
                    let export = export.map_err(|error| invalid(&error))?;
                    if export.kind == ComponentExternalKind::Component {
                        // An export is one more name in the index space.
                        let size = self.component(0, export.index);
                        self.define(size);
                    }
                }
            }
            Payload::ComponentTypeSection(section) => added.definitions += u64::from(section.count()),
            Payload::CoreTypeSection(section) => added.definitions += u64::from(section.count()),
            Payload::ComponentCanonicalSection(section) => {
                for function in section.clone() {
                    added.canonical += 1;
                    let id = match (function.map_err(|error| invalid(&error))?, types) {
                        (CanonicalFunction::Lift { type_index, .. }, Some(types)) => {
                            match types.component_any_type_at(type_index) {
                                ComponentAnyTypeId::Func(id) => Some(id),
                                _ => None,
                            }
                        }
                        (CanonicalFunction::Lower { func_index, .. }, Some(types)) => {
                            Some(types.component_function_at(func_index))
                        }
                        _ => None,
                    };
                    let Some((types, id)) = types.zip(id) else { continue };
                    let values = self.values_of_function(types, id);
                    at_most("values in the type of one function", values, MAX_FUNCTION_VALUES)?;
                    added.values = added.values.saturating_add(values);
                }
            }
            _ => {}
        }
        let Some(Some(frame)) = self.open.last_mut() else { return Ok(()) };
        frame.size.add(added);
        frame.size.check()
    }

    /// A component `outwards` from the innermost open one.
    fn component(&self, outwards: u32, index: u32) -> Option<Size> {
        let frame = self.open.iter().rev().nth(outwards as usize)?.as_ref()?;
        *frame.components.get(index as usize)?
    }

    /// Gives the next index of the innermost open component to a component of this size.
    fn define(&mut self, size: Option<Size>) {
        if let Some(Some(frame)) = self.open.last_mut() {
            frame.components.push(size);
        }
    }

    fn values_of_function(&mut self, types: TypesRef<'_>, id: ComponentFuncTypeId) -> u64 {
        let function = &types[id];
        let values = function.params.iter().map(|(_, value)| value).chain(&function.result);
        values.fold(1, |sum, value| self.values_of(types, *value).saturating_add(sum))
    }

    /// The number of values in a type. The validator bounds how deep types are nested.
    fn values_of(&mut self, types: TypesRef<'_>, value: ComponentValType) -> u64 {
        let id = match value {
            ComponentValType::Primitive(PrimitiveValType::String) => return LOOP,
            ComponentValType::Primitive(_) => return 1,
            ComponentValType::Type(id) => id,
        };
        if let Some(known) = self.values.get(&id) {
            return *known;
        }
        let mut sum = |values: &mut dyn Iterator<Item = ComponentValType>| {
            values.fold(0, |sum: u64, value| sum.saturating_add(self.values_of(types, value)))
        };
        let values = match &types[id] {
            ComponentDefinedType::Primitive(primitive) => {
                sum(&mut [ComponentValType::Primitive(*primitive)].into_iter())
            }
            ComponentDefinedType::Record(record) => sum(&mut record.fields.values().copied()),
            ComponentDefinedType::Tuple(tuple) => sum(&mut tuple.types.iter().copied()),
            ComponentDefinedType::Variant(variant) => {
                let payloads = sum(&mut variant.cases.values().filter_map(|case| case.ty));
                payloads.saturating_add(variant.cases.len() as u64)
            }
            ComponentDefinedType::Enum(names) | ComponentDefinedType::Flags(names) => names.len() as u64,
            ComponentDefinedType::Option { ty, .. } => sum(&mut [*ty].into_iter()).saturating_add(2),
            ComponentDefinedType::Result { ok, err, .. } => {
                sum(&mut ok.iter().chain(err).copied()).saturating_add(2)
            }
            ComponentDefinedType::List { element, .. } => {
                sum(&mut [*element].into_iter()).saturating_add(LOOP)
            }
            ComponentDefinedType::Map { key, value, .. } => {
                sum(&mut [*key, *value].into_iter()).saturating_add(LOOP)
            }
            ComponentDefinedType::FixedLengthList { element, length, .. } => {
                sum(&mut [*element].into_iter()).saturating_mul(u64::from(*length))
            }
            ComponentDefinedType::Own(_)
            | ComponentDefinedType::Borrow(_)
            | ComponentDefinedType::Future { .. }
            | ComponentDefinedType::Stream { .. } => 1,
        };
        self.values.insert(id, values);
        values
    }
}

fn unknown_component() -> Rejection {
    Rejection::new(
        "instantiates a component that it is given; a plugin may instantiate only those that it contains",
    )
}
