//! Runs embedders: a fresh instance for every call.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::text;
use grimoire_ports::plugins::PluginError;
use grimoire_ports::plugins::embedder::{
    Embedders, Embedding, MAX_TEXT_BYTES, MAX_TEXTS, Subject, VectorSpace,
};

use crate::breaker::Attempt;
use crate::call::{Allowance, Entry};
use crate::digest::Digest;
use crate::plugin::{Code, Plugin};
use crate::problem::Fault;
use crate::registry::Generation;
use crate::usage::{Usage, bytes_of_vectors};
use crate::validate::check_vectors;
use crate::worlds::embedder::v0_1::{Embedder, GuestResult};
use crate::worlds::shared::v0_1::failure_in;

/// The space of the vectors of a component with a configuration.
pub(crate) fn space(component: Digest, settings: Option<&str>, dimension: u32) -> VectorSpace {
    let digest = component.configured(settings).to_string();
    VectorSpace { digest, dimension: usize::try_from(dimension).unwrap_or(usize::MAX) }
}

#[async_trait]
impl Embedders for Generation {
    fn space(&self, embedder: &str) -> Option<VectorSpace> {
        match &self.plugins.get(embedder)?.code {
            Code::Embedder { space, .. } => Some(space.clone()),
            Code::Analyzer { .. } | Code::Matcher { .. } => None,
        }
    }

    async fn embed(
        &self,
        embedder: &str,
        subject: Subject,
        texts: Vec<String>,
    ) -> Result<Embedding, PluginError> {
        let started = Instant::now();
        let (plugin, code, dimension) =
            self.embedder(embedder).map_err(|fault| PluginError(fault.of(embedder)))?;
        let (attempt, (usage, outcome)) = match admit(&plugin, texts.len()) {
            Ok(attempt) => {
                let work = vectors(Arc::clone(&plugin), code, dimension, subject, texts);
                let done = self.resources.call_threads.spawn(work).await.unwrap_or_else(|error| {
                    tracing::error!(plugin = %plugin.name, %error, "the plugin's task ended without an answer");
                    turned_away(Fault::new(FailureReason::Failed, "the host could not finish the call"))
                });
                (Some(attempt), done)
            }
            Err(fault) => (None, turned_away(fault)),
        };
        let (vectors, fault) = match outcome {
            Ok(vectors) => (vectors, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        match plugin.ended(started, &usage, attempt, fault) {
            None => Ok(Embedding { vectors, plugin: plugin.identity.clone() }),
            Some(problem) => Err(PluginError(problem)),
        }
    }
}

/// The resources used by a call, and its result.
type Embedded = (Usage, Result<Vec<Vec<f32>>, Fault>);

fn turned_away(fault: Fault) -> Embedded {
    (Usage::default(), Err(fault))
}

/// Admits a call if the plugin can take it and is not resting.
fn admit(plugin: &Plugin, texts: usize) -> Result<Attempt, Fault> {
    let attempt = plugin.admit()?;
    if texts > MAX_TEXTS {
        let detail = format!("{texts} texts, at most {MAX_TEXTS} are embedded at once");
        return Err(Fault::new(FailureReason::Refused, detail));
    }
    Ok(attempt)
}

impl Generation {
    /// The embedder of this name, and the dimension of its vectors.
    fn embedder(&self, name: &str) -> Result<(Arc<Plugin>, Embedder, usize), Fault> {
        match self.plugins.get(name).map(|plugin| (plugin, &plugin.code)) {
            Some((plugin, Code::Embedder { code, space })) => {
                Ok((Arc::clone(plugin), code.clone(), space.dimension))
            }
            Some((_, Code::Analyzer { .. } | Code::Matcher { .. })) => {
                Err(Fault::new(FailureReason::Refused, "is chosen as the embedder and is none"))
            }
            None => Err(Fault::new(FailureReason::Refused, "is chosen as the embedder and is not loaded")),
        }
    }
}

/// One call on the plugins' threads, from the queue to the validated answer.
async fn vectors(
    plugin: Arc<Plugin>,
    embedder: Embedder,
    dimension: usize,
    subject: Subject,
    mut texts: Vec<String>,
) -> Embedded {
    let _turn = match plugin.turn().await {
        Ok(turn) => turn,
        Err(fault) => return turned_away(fault),
    };
    for text in &mut texts {
        text.truncate(text::cut(text, MAX_TEXT_BYTES).len());
    }
    let mut store = plugin.store();
    let budget = plugin.options().embedder_budget;
    let mut allowance = Allowance::new(budget.computing);
    let mut entry = Entry::arm(&mut store, budget, &allowance);
    let outcome = entry
        .wait(async {
            let instance = embedder.instantiate_configured(&mut store, plugin.settings.as_deref()).await?;
            instance.embed(&mut store, subject, &texts).await
        })
        .await;
    let returned = entry.settle(&mut store, &mut allowance, outcome);
    if let Ok(Ok(vectors)) = &returned {
        store.data_mut().returned(bytes_of_vectors(vectors));
    }
    let accepted = returned.and_then(|returned| accept(&plugin, returned, texts.len(), dimension));
    (store.data().usage(), accepted)
}

/// Validates what an embedder returned.
fn accept(
    plugin: &Plugin,
    returned: GuestResult,
    texts: usize,
    dimension: usize,
) -> Result<Vec<Vec<f32>>, Fault> {
    let vectors = returned.map_err(|failure| {
        let (fault, words) = failure_in(&failure);
        plugin.note(words);
        fault
    })?;
    check_vectors(&vectors, texts, dimension).map_err(Fault::invalid_output)?;
    Ok(vectors)
}
