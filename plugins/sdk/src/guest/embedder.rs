//! The world `grimoire:embedder/embedder`.

use super::bindings::embedder::exports::grimoire::embedder::embed_texts;
use super::{About, convert};
use crate::{Failure, Subject};
use std::marker::PhantomData;

/// Implemented by [`crate::export_embedder!`] with the plugin's function.
pub trait Embed {
    const DIMENSION: u32;

    fn check(_settings: &str) -> Result<(), String> {
        Err(crate::analyzer::NO_SETTINGS.to_owned())
    }

    fn embed(settings: Option<&str>, subject: Subject, texts: &[String]) -> Result<Vec<Vec<f32>>, Failure>;
}

/// The component of an embedding function.
pub struct Component<E, D>(PhantomData<(E, D)>);

impl<E: Embed, D: About> embed_texts::Guest for Component<E, D> {
    fn describe() -> embed_texts::Description {
        embed_texts::Description { identity: convert::identity::<D>(), dimension: E::DIMENSION }
    }

    fn configure(settings: String) -> Result<(), String> {
        E::check(&settings)?;
        super::keep_settings(settings)
    }

    fn embed(
        subject: embed_texts::Subject,
        texts: Vec<String>,
    ) -> Result<Vec<Vec<f32>>, embed_texts::Failure> {
        let subject = match subject {
            embed_texts::Subject::Spell => Subject::Spell,
            embed_texts::Subject::Error => Subject::Error,
        };
        E::embed(super::settings(), subject, &texts).map_err(convert::failure_out)
    }
}
