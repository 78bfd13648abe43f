//! Estimates the cost of compiling a function from its code.

use wasmparser::{BlockType, FuncValidator, FunctionBody, Operator, WasmModuleResources};

/// The compiler tracks each value through every place where control flow joins: in nested or successive loops,
/// each local used after them becomes a separate value in all of them. A function of 56 KB made of loops and
/// locals took 3.3 GiB and a minute. So places times values bound memory and time.
///
/// `validator` knows the function's type, but has not read its code yet.
pub(super) fn of_function(
    body: &FunctionBody<'_>,
    validator: &FuncValidator<impl WasmModuleResources>,
) -> wasmparser::Result<u64> {
    let mut locals = u64::from(validator.len_locals());
    for group in body.get_locals_reader()? {
        locals += u64::from(group?.0);
    }
    let (mut uses, mut places, mut widest) = (0_u64, 1_u64, 0_u64);
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::LocalGet { .. } | Operator::LocalTee { .. } => uses += 1,
            Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                places += 1;
                widest = widest.max(arity(blockty, validator.resources()));
            }
            Operator::Else | Operator::Br { .. } | Operator::BrIf { .. } => places += 1,
            Operator::BrTable { targets } => places += u64::from(targets.len()) + 1,
            _ => {}
        }
    }
    // Parameters of a block are passed on every edge to it.
    let values = locals.min(uses).saturating_add(widest).saturating_add(1);
    Ok(places.saturating_mul(values))
}

/// Number of parameters and results of a block.
fn arity(block: BlockType, resources: &impl WasmModuleResources) -> u64 {
    match block {
        BlockType::Empty => 0,
        BlockType::Type(_) => 1,
        BlockType::FuncType(index) => {
            resources.sub_type_at(index).map_or(0, |kind| match &kind.composite_type.inner {
                wasmparser::CompositeInnerType::Func(function) => {
                    (function.params().len() + function.results().len()) as u64
                }
                _ => 0,
            })
        }
    }
}
