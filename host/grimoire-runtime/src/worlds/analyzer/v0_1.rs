//! `grimoire:analyzer@0.1.0`.

use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::text;
use grimoire_ports::plugins::PluginDescription;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::call::Call;
use crate::worlds::shared::v0_1::{diagnostic_in, identity_in, types};

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
        path: "../../wit/analyzer",
        world: "grimoire:analyzer/analyzer",
        with: {
            "grimoire:types/types@0.1.0": crate::worlds::shared::v0_1::types,
            "grimoire:types/log@0.1.0": crate::worlds::shared::v0_1::log,
            "grimoire:types/budget@0.1.0": crate::worlds::shared::v0_1::budget,
        },
        exports: { default: async },
    });
}

use bindings::exports::grimoire::analyzer::analyze;

/// Maximum length in bytes of an artifact's name as passed to a plugin.
const NAME_BYTES: usize = 1_024;

/// The plugin's output before validation.
pub(crate) type GuestResult = Result<Vec<Diagnostic>, types::Failure>;

component!(Analyzer: bindings::AnalyzerPre<Call>, bindings::Analyzer, grimoire_analyzer_analyze);

impl Instance {
    /// The analyzer's description and its probes, before validation.
    pub(crate) async fn describe(
        &self,
        store: &mut Store<Call>,
    ) -> wasmtime::Result<(PluginDescription, Vec<String>)> {
        let said = self.0.grimoire_analyzer_analyze().call_describe(store).await?;
        let analyze::Description { identity, tools, accepts, probes } = said;
        Ok((PluginDescription { tools, accepts, ..identity_in(identity) }, probes))
    }

    /// Starts the scan, unless the analyzer cannot read the artifact.
    pub(crate) async fn open(
        &self,
        store: &mut Store<Call>,
        artifact: &Artifact,
        media_type: &str,
    ) -> wasmtime::Result<Result<Scan, types::Failure>> {
        let artifact = analyze::Artifact {
            media_type: media_type.to_owned(),
            name: text::cut(&artifact.name, NAME_BYTES).to_owned(),
            size: artifact.size,
        };
        let opened = self.0.grimoire_analyzer_analyze().scan().call_open(store, &artifact).await?;
        Ok(opened.map(Scan))
    }

    /// Passes the next bytes.
    pub(crate) async fn feed(
        &self,
        store: &mut Store<Call>,
        scan: Scan,
        chunk: &[u8],
    ) -> wasmtime::Result<GuestResult> {
        let returned = self.0.grimoire_analyzer_analyze().scan().call_feed(store, scan.0, chunk).await?;
        Ok(returned.map(diagnostics_in))
    }

    /// Ends the artifact.
    pub(crate) async fn finish(&self, store: &mut Store<Call>, scan: Scan) -> wasmtime::Result<GuestResult> {
        let returned = self.0.grimoire_analyzer_analyze().scan().call_finish(store, scan.0).await?;
        Ok(returned.map(diagnostics_in))
    }
}

/// The guest's handle of its scan.
#[derive(Clone, Copy)]
pub(crate) struct Scan(ResourceAny);

fn diagnostics_in(diagnostics: Vec<types::Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.into_iter().map(diagnostic_in).collect()
}
