//! Validates the code of a function, and estimates the cost of compiling it.

use wasmparser::{FuncValidator, FunctionBody, Operator, OperatorsReader, WasmModuleResources};

/// How much a value of a function's own signature counts.
const SIGNATURE: u64 = 8;
/// How much a loop counts among the places: where it begins, it is also checked how long the call may still take.
const LOOP: u64 = 8;
/// How much an access to a table counts among them: an element is made when it is first used.
const TABLE: u64 = 4;

/// What compiling a function costs, as far as its size does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// Places times values.
    pub(super) work: u64,
    /// Places where control flow parts or joins, by what they cost. The time to compile a function grows with the square
    /// of their number, even if it has no values.
    pub(super) places: u64,
}

/// The compiler tracks each value through every place where control flow joins or parts: in nested or successive
/// loops, each local used after them becomes a separate value in all of them, and whatever lies on the stack is alive
/// in all of them. A function of 56 KB made of loops and locals took 3.3 GiB and a minute. So places times values
/// bound memory and time.
///
/// A signature can make thousands of values out of two bytes: of the parameters and results of the function itself, of
/// each call, and of each block. These count where they are used. Those of the function itself also cost code of their
/// own, for callers from outside.
///
/// The validation ends early where the cost is above `most`, because the validator keeps what lies on the stack, too.
pub(super) fn validate(
    function: &mut FuncValidator<impl WasmModuleResources>,
    body: &FunctionBody<'_>,
    most: Cost,
) -> wasmparser::Result<Cost> {
    let (parameters, results) =
        Operator::Call { function_index: function.index() }.operator_arity(function).unwrap_or_default();
    let mut reader = body.get_binary_reader();
    function.read_locals(&mut reader)?;
    let locals = u64::from(function.len_locals());
    let mut operators = OperatorsReader::new(reader);
    let signature = SIGNATURE * (u64::from(parameters) + u64::from(results));
    let (mut uses, mut partings, mut passed) = (0_u64, 1_u64, locals + signature);
    let mut places = 0;
    while !operators.eof() && passed <= most.work && places <= most.places {
        let (operator, offset) = operators.read_with_offset()?;
        let parting = match &operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::Br { .. }
            | Operator::BrIf { .. } => 1,
            Operator::BrTable { targets } => u64::from(targets.len()) + 1,
            _ => 0,
        };
        let on_stack = u64::from(function.operand_stack_height());
        partings += parting;
        places += place(&operator);
        passed = passed.saturating_add(parting * on_stack);
        match &operator {
            Operator::LocalGet { .. } | Operator::LocalTee { .. } => uses += 1,
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::End => {
                let (taken, given) = operator.operator_arity(function).unwrap_or_default();
                passed = passed.saturating_add(u64::from(taken) + u64::from(given));
            }
            _ => {}
        }
        function.op(offset, &operator)?;
    }
    if operators.eof() {
        operators.finish()?;
    }
    let work = partings.saturating_mul(locals.min(uses) + 1).saturating_add(passed);
    Ok(Cost { work, places })
}

/// How much an instruction counts among the places. The targets of a table of branches cost little.
fn place(operator: &Operator<'_>) -> u64 {
    match operator {
        Operator::Loop { .. } => LOOP,
        Operator::CallIndirect { .. }
        | Operator::ReturnCallIndirect { .. }
        | Operator::TableGet { .. }
        | Operator::TableSet { .. } => TABLE,
        Operator::Block { .. }
        | Operator::If { .. }
        | Operator::Else
        | Operator::Br { .. }
        | Operator::BrIf { .. }
        | Operator::BrTable { .. } => 1,
        _ => 0,
    }
}
