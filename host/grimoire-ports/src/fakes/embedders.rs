//! Embedders with scripted results.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use grimoire_domain::review::PluginProblem;

use super::identity;
use super::lock;
use crate::plugins::PluginError;
use crate::plugins::embedder::{Embedders, Embedding, Subject, VectorSpace};

type EmbedderScript = dyn Fn(Subject, &str) -> Result<Vec<f32>, PluginProblem> + Send + Sync;

/// An embedder, `scripted-embedder`, whose vectors are a function of the text; keeps the texts that it was given.
#[derive(Clone)]
pub struct ScriptedEmbedders {
    space: VectorSpace,
    script: Arc<EmbedderScript>,
    texts: Arc<Mutex<Vec<(Subject, String)>>>,
}

impl ScriptedEmbedders {
    /// The name under which sets have it.
    pub const NAME: &str = "scripted-embedder";

    /// An embedder of a space that returns the result of `script` for each text.
    pub fn new(
        space: &str,
        dimension: usize,
        script: impl Fn(Subject, &str) -> Result<Vec<f32>, PluginProblem> + Send + Sync + 'static,
    ) -> Self {
        let space = VectorSpace { digest: space.to_owned(), dimension };
        Self { space, script: Arc::new(script), texts: Arc::default() }
    }

    /// The texts since the last call, in order.
    pub fn take_texts(&self) -> Vec<(Subject, String)> {
        std::mem::take(&mut *lock(&self.texts))
    }
}

impl fmt::Debug for ScriptedEmbedders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptedEmbedders").field("space", &self.space).finish_non_exhaustive()
    }
}

#[async_trait]
impl Embedders for ScriptedEmbedders {
    fn space(&self, embedder: &str) -> Option<VectorSpace> {
        (embedder == Self::NAME).then(|| self.space.clone())
    }

    async fn embed(
        &self,
        _embedder: &str,
        subject: Subject,
        texts: Vec<String>,
    ) -> Result<Embedding, PluginError> {
        lock(&self.texts).extend(texts.iter().map(|text| (subject, text.clone())));
        let vectors: Result<_, _> = texts.iter().map(|text| (self.script)(subject, text)).collect();
        Ok(Embedding { vectors: vectors.map_err(PluginError)?, plugin: identity(Self::NAME) })
    }
}
