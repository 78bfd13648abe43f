//! `grimoire:embedder@0.1.0`.

use grimoire_ports::plugins::PluginDescription;
use grimoire_ports::plugins::embedder::Subject;
use wasmtime::Store;

use crate::call::Call;
use crate::worlds::shared::v0_1::{identity_in, types};

mod bindings {
    #![allow(
        missing_docs,
        unsafe_code,
        unused_qualifications,
        unreachable_pub,
        clippy::all,
        clippy::pedantic
    )]
    wasmtime::component::bindgen!({
        path: "../../wit/embedder",
        world: "grimoire:embedder/embedder",
        with: {
            "grimoire:types/types@0.1.0": crate::worlds::shared::v0_1::types,
            "grimoire:types/log@0.1.0": crate::worlds::shared::v0_1::log,
        },
        exports: { default: async },
    });
}

use bindings::exports::grimoire::embedder::embed_texts;

/// The plugin's output before validation.
pub(crate) type GuestResult = Result<Vec<Vec<f32>>, types::Failure>;

component!(Embedder: bindings::EmbedderPre<Call>, bindings::Embedder, grimoire_embedder_embed_texts);

impl Instance {
    /// The embedder's description and the dimension of its vectors, before validation.
    pub(crate) async fn describe(
        &self,
        store: &mut Store<Call>,
    ) -> wasmtime::Result<(PluginDescription, u32)> {
        let said = self.0.grimoire_embedder_embed_texts().call_describe(store).await?;
        let embed_texts::Description { identity, dimension } = said;
        Ok((identity_in(identity), dimension))
    }

    /// Embeds the texts. The vectors are not yet validated.
    pub(crate) async fn embed(
        &self,
        store: &mut Store<Call>,
        subject: Subject,
        texts: &[String],
    ) -> wasmtime::Result<GuestResult> {
        let subject = match subject {
            Subject::Spell => embed_texts::Subject::Spell,
            Subject::Error => embed_texts::Subject::Error,
        };
        self.0.grimoire_embedder_embed_texts().call_embed(store, subject, texts).await
    }
}
