//! The world `grimoire:analyzer/analyzer`.

use super::bindings::analyzer::exports::grimoire::analyzer::analyze;
use super::{About, convert};
use crate::{Analyzer, Artifact, Description, Diagnostic};
use std::{cell::RefCell, marker::PhantomData};

/// The component of an [`Analyzer`].
pub struct Component<A, D>(PhantomData<(A, D)>);

/// One scan.
pub struct Scan<A>(RefCell<A>);

impl<A: Analyzer + 'static, D: About> analyze::Guest for Component<A, D> {
    type Scan = Scan<A>;

    fn describe() -> analyze::Description {
        super::begin();
        let Description { tools, accepts, probes } = A::describe(super::settings());
        analyze::Description { identity: convert::identity::<D>(), tools, accepts, probes }
    }

    fn configure(settings: String) -> Result<(), String> {
        super::begin();
        A::check(&settings)?;
        super::keep_settings(settings)
    }
}

impl<A: Analyzer + 'static> analyze::GuestScan for Scan<A> {
    fn open(artifact: analyze::Artifact) -> Result<analyze::Scan, analyze::Failure> {
        super::begin();
        let analyze::Artifact { media_type, name, size } = artifact;
        let artifact = Artifact { media_type, name, size };
        let analyzer = A::start(&artifact, super::settings()).map_err(convert::failure_out)?;
        Ok(analyze::Scan::new(Self(RefCell::new(analyzer))))
    }

    fn feed(&self, chunk: Vec<u8>) -> Result<Vec<analyze::Diagnostic>, analyze::Failure> {
        self.with(|analyzer, out| analyzer.feed(&chunk, out))
    }

    fn finish(&self) -> Result<Vec<analyze::Diagnostic>, analyze::Failure> {
        self.with(|analyzer, out| analyzer.finish(out))
    }
}

impl<A: Analyzer> Scan<A> {
    fn with(
        &self,
        call: impl FnOnce(&mut A, &mut Vec<Diagnostic>) -> Result<(), crate::Failure>,
    ) -> Result<Vec<analyze::Diagnostic>, analyze::Failure> {
        let mut out = Vec::new();
        call(&mut self.0.borrow_mut(), &mut out).map_err(convert::failure_out)?;
        Ok(out.into_iter().map(convert::diagnostic_out).collect())
    }
}
