//! The SDK for Grimoire plugins: bindings, log cleaning, text tools.
//!
//! A plugin's logic uses the native values of [`value`] and is tested natively. The macros
//! [`export_analyzer!`], [`export_matcher!`] and [`export_embedder!`] add the component's exports, on WebAssembly only.
//!
//! An analyzer of logs implements [`LineAnalyzer`] and gets cleaned lines from a [`LineScan`]; [`TextAnalyzer`] gets a
//! whole text from a [`TextScan`], and [`Analyzer`] the bytes as they come.
#![deny(unsafe_code)]

mod analyzer;
pub mod budget;
#[cfg(not(target_arch = "wasm32"))]
pub mod cases;
pub mod embedder;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
pub mod json;
pub mod limits;
pub mod line;
pub mod log;
pub mod matcher;
pub mod recognise;
pub mod text;
pub mod value;
mod whole;

pub use analyzer::{
    Analyzer, Description, LineAnalyzer, TextAnalyzer, analyze_all, analyze_chunks, analyze_with,
};
pub use embedder::Subject;
pub use grimoire_log::{Steps, path};
pub use line::{Line, LineScan, Marker, Properties};
pub use matcher::{
    Candidate, CodeEvidence, Evidence, Form, LanguageEvidence, PatternEvidence, PatternHit, Reason, Spell,
    Verdict, Withheld,
};
pub use value::{
    Artifact, Confidence, Diagnostic, Facts, Failure, Frame, Kind, Location, Position, Role, Severity, Span,
    media_type,
};
pub use whole::TextScan;

/// Exports an [`Analyzer`] as the component's `grimoire:analyzer` interface.
///
/// Takes the type: `export_analyzer!(LineScan<MyAnalyzer>);`. The name, version and description are those of the
/// crate's `Cargo.toml`. Expands to nothing if the target is not WebAssembly, so that the same crate can be tested
/// natively.
#[macro_export]
macro_rules! export_analyzer {
    ($analyzer:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]
        mod component {
            use super::*;
            $crate::about_this_crate!();
            type Exported = $crate::guest::analyzer::Component<$analyzer, About>;
            $crate::guest::bindings::analyzer::export!(Exported with_types_in $crate::guest::bindings::analyzer);
        }
    };
}

/// Names the crate that it is used in.
#[doc(hidden)]
#[macro_export]
macro_rules! about_this_crate {
    () => {
        struct About;
        impl $crate::guest::About for About {
            const NAME: &'static str = env!("CARGO_PKG_NAME");
            const VERSION: &'static str = env!("CARGO_PKG_VERSION");
            const DESCRIPTION: &'static str = env!("CARGO_PKG_DESCRIPTION");
        }
    };
}

/// Exports a scoring function as the component's `grimoire:matcher` interface.
///
/// Takes the path of a `fn(&Diagnostic, &[Candidate]) -> Result<Vec<Verdict>, Failure>`. For settings, name a second
/// function `fn(&str) -> Result<Settings, String>`, which reads the operator's configuration, a JSON object; the first
/// one then takes an `Option<&Settings>` in front: `export_matcher!(crate::score, crate::settings);`.
///
/// A matcher whose time goes into reading spells may read each of them once: `export_matcher!(crate::score, prepare:
/// crate::prepare);` names a `fn(&Spell) -> Vec<u8>`, also after the settings, with an `Option<&Settings>` in front. The
/// host keeps what it returns with the spell, and passes that instead of its texts: `score` takes `&[Candidate<Form>]` then.
/// It must judge both forms of a spell alike. An empty result, or one longer than [`limits::PREPARED`], leaves the spell
/// as it is written.
///
/// The name, version and description are those of the crate's `Cargo.toml`. Expands to nothing if the target is not
/// WebAssembly.
#[macro_export]
macro_rules! export_matcher {
    (@component $($functions:tt)*) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]
        mod component {
            use super::*;
            $crate::about_this_crate!();
            struct Exported;
            impl $crate::guest::matcher::Score for Exported {
                $($functions)*
            }
            type Component = $crate::guest::matcher::Component<Exported, About>;
            $crate::guest::bindings::matcher::export!(Component with_types_in $crate::guest::bindings::matcher);
        }
    };
    ($score:path) => {
        $crate::export_matcher!(@component
            fn score(
                _settings: Option<&str>,
                error: &$crate::Diagnostic,
                candidates: Vec<$crate::Candidate<$crate::Form>>,
            ) -> Result<Vec<$crate::Verdict>, $crate::Failure> {
                $score(error, &$crate::guest::matcher::written(candidates)?)
            }
        );
    };
    ($score:path, prepare: $prepare:path) => {
        $crate::export_matcher!(@component
            const PREPARES: bool = true;

            fn prepare(
                _settings: Option<&str>,
                spells: &[$crate::Spell],
            ) -> Result<Vec<Vec<u8>>, $crate::Failure> {
                Ok(spells.iter().map($prepare).collect())
            }

            fn score(
                _settings: Option<&str>,
                error: &$crate::Diagnostic,
                candidates: Vec<$crate::Candidate<$crate::Form>>,
            ) -> Result<Vec<$crate::Verdict>, $crate::Failure> {
                $score(error, &candidates)
            }
        );
    };
    ($score:path, $settings:path) => {
        $crate::export_matcher!(@component
            fn check(settings: &str) -> Result<(), String> {
                $settings(settings).map(|_| ())
            }

            fn score(
                settings: Option<&str>,
                error: &$crate::Diagnostic,
                candidates: Vec<$crate::Candidate<$crate::Form>>,
            ) -> Result<Vec<$crate::Verdict>, $crate::Failure> {
                let settings = settings.map($settings).transpose().map_err($crate::Failure::Failed)?;
                $score(settings.as_ref(), error, &$crate::guest::matcher::written(candidates)?)
            }
        );
    };
    ($score:path, $settings:path, prepare: $prepare:path) => {
        $crate::export_matcher!(@component
            const PREPARES: bool = true;

            fn check(settings: &str) -> Result<(), String> {
                $settings(settings).map(|_| ())
            }

            fn prepare(
                settings: Option<&str>,
                spells: &[$crate::Spell],
            ) -> Result<Vec<Vec<u8>>, $crate::Failure> {
                let settings = settings.map($settings).transpose().map_err($crate::Failure::Failed)?;
                Ok(spells.iter().map(|spell| $prepare(settings.as_ref(), spell)).collect())
            }

            fn score(
                settings: Option<&str>,
                error: &$crate::Diagnostic,
                candidates: Vec<$crate::Candidate<$crate::Form>>,
            ) -> Result<Vec<$crate::Verdict>, $crate::Failure> {
                let settings = settings.map($settings).transpose().map_err($crate::Failure::Failed)?;
                $score(settings.as_ref(), error, &candidates)
            }
        );
    };
}

/// Exports an embedding function as the component's `grimoire:embedder` interface.
///
/// Takes the dimension of the vectors and the path of a
/// `fn(Subject, &[String]) -> Result<Vec<Vec<f32>>, Failure>`, which returns one vector of length 1 for each text; see
/// [`embedder::normalise`]. For settings, name a second function `fn(&str) -> Result<Settings, String>`, which reads the
/// operator's configuration, a JSON object; the first one then takes an `Option<&Settings>` in front:
/// `export_embedder!(DIMENSION, crate::embed, crate::settings);`.
///
/// The name, version and description are those of the crate's `Cargo.toml`. Expands to nothing if the target is not
/// WebAssembly.
#[macro_export]
macro_rules! export_embedder {
    (@component $dimension:expr, $($functions:tt)*) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, missing_docs, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]
        mod component {
            use super::*;
            $crate::about_this_crate!();
            struct Exported;
            impl $crate::guest::embedder::Embed for Exported {
                const DIMENSION: u32 = $dimension as u32;
                $($functions)*
            }
            type Component = $crate::guest::embedder::Component<Exported, About>;
            $crate::guest::bindings::embedder::export!(Component with_types_in $crate::guest::bindings::embedder);
        }
    };
    ($dimension:expr, $embed:path) => {
        $crate::export_embedder!(@component $dimension,
            fn embed(
                _settings: Option<&str>,
                subject: $crate::Subject,
                texts: &[String],
            ) -> Result<Vec<Vec<f32>>, $crate::Failure> {
                $embed(subject, texts)
            }
        );
    };
    ($dimension:expr, $embed:path, $settings:path) => {
        $crate::export_embedder!(@component $dimension,
            fn check(settings: &str) -> Result<(), String> {
                $settings(settings).map(|_| ())
            }

            fn embed(
                settings: Option<&str>,
                subject: $crate::Subject,
                texts: &[String],
            ) -> Result<Vec<Vec<f32>>, $crate::Failure> {
                let settings = settings.map($settings).transpose().map_err($crate::Failure::Failed)?;
                $embed(settings.as_ref(), subject, texts)
            }
        );
    };
}
