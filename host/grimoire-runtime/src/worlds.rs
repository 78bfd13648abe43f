//! The supported worlds: one folder each, with one module per version.

/// The parts of a version of a world that are the same in all of them: a linked component, and an instance of it.
macro_rules! component {
    ($name:ident: $linked:ty, $instance:ty, $interface:ident) => {
        /// A compiled component of this world, linked.
        #[derive(Clone)]
        pub(crate) struct $name($linked);

        impl $name {
            pub(crate) fn new(
                linked: wasmtime::component::InstancePre<crate::call::Call>,
            ) -> wasmtime::Result<Self> {
                <$linked>::new(linked).map(Self)
            }

            /// Creates a fresh instance.
            pub(crate) async fn instantiate(
                &self,
                store: &mut wasmtime::Store<crate::call::Call>,
            ) -> wasmtime::Result<Instance> {
                let started = std::time::Instant::now();
                let instance = self.0.instantiate_async(&mut *store).await?;
                store.data_mut().instantiated(started);
                Ok(Instance(instance))
            }

            /// Creates a fresh instance that has the operator's configuration, if there is one. Fails with
            /// [`ConfigurationRefused`](crate::problem::ConfigurationRefused) if it refuses that.
            pub(crate) async fn instantiate_configured(
                &self,
                store: &mut wasmtime::Store<crate::call::Call>,
                settings: Option<&str>,
            ) -> wasmtime::Result<Instance> {
                let instance = self.instantiate(store).await?;
                if let Some(settings) = settings {
                    let accepted = instance.configure(store, settings).await?;
                    accepted.map_err(|_| crate::problem::ConfigurationRefused)?;
                }
                Ok(instance)
            }
        }

        /// One instance, which lives for one call (for analyzers: one scan).
        pub(crate) struct Instance($instance);

        impl Instance {
            /// Passes the operator's configuration.
            pub(crate) async fn configure(
                &self,
                store: &mut wasmtime::Store<crate::call::Call>,
                settings: &str,
            ) -> wasmtime::Result<Result<(), String>> {
                self.0.$interface().call_configure(store, settings).await
            }
        }
    };
}

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
