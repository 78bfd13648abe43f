//! The supported worlds: one folder each, with one module per version.

pub(crate) mod analyzer;
pub(crate) mod embedder;
pub(crate) mod matcher;
pub(crate) mod shared;

use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

use crate::call::Call;

/// The imports that every plugin may use, of all worlds and versions.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Call>> {
    let mut linker = Linker::new(engine);
    shared::v0_1::log::add_to_linker::<Call, HasSelf<Call>>(&mut linker, |call| call)?;
    shared::v0_1::budget::add_to_linker::<Call, HasSelf<Call>>(&mut linker, |call| call)?;
    shared::v0_1::types::add_to_linker::<Call, HasSelf<Call>>(&mut linker, |call| call)?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    Ok(linker)
}
