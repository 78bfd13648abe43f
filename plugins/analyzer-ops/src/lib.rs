//! Finds what tools of operations report.
//!
//! | family | tools |
//! | --- | --- |
//! | infrastructure as code | Terraform, OpenTofu, Packer, TFLint; Ansible |
//!
//! Each recogniser is a small state machine over lines, or a table of sentences, in a module of its own. Every
//! recogniser sees every line; a block of several lines wins over what single lines of it say.
#![deny(unsafe_code)]

mod ansible;
mod ansible_result;
mod apt;
mod docker;
mod docker_sentences;
mod helm;
mod kinds;
mod kube;
mod output;
mod packages;
mod sentences;
mod sink;
mod terraform;
mod text;

use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use sink::{Blocks, Recogniser, Sink};
use text::Text;

/// Makes one recogniser of several.
macro_rules! recognisers {
    ($($name:ident: $type:ty,)*) => {
        #[derive(Debug, Default)]
        struct Recognisers {
            $($name: $type,)*
        }

        impl Recogniser for Recognisers {
            fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
                $(self.$name.line(line, sink);)*
            }

            fn finish(&mut self, sink: &mut Sink) {
                $(self.$name.finish(sink);)*
            }

            fn since(&self) -> Option<u64> {
                [$(self.$name.since(),)*].into_iter().flatten().min()
            }
        }
    };
}

recognisers! {
    terraform: terraform::Terraform,
    ansible: ansible::Ansible,
    docker: docker::Docker,
    helm_schema: Blocks<helm::Schema>,
    kube_invalid: Blocks<kube::Invalid>,
    apt: apt::Apt,
    packages: Blocks<packages::Reasons>,
}

/// What single lines say: the first that knows a line has it.
const SINGLES: [fn(&Text<'_>) -> Option<Diagnostic>; 4] =
    [helm::read, kube::read, docker_sentences::read, packages::read];

/// The analyzer: see the crate's documentation.
#[derive(Debug, Default)]
pub struct Ops {
    recognisers: Recognisers,
    sink: Sink,
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Ops>;

export_analyzer!(Scan);

impl LineAnalyzer for Ops {
    /// A result of Ansible holds what a command printed, on one line.
    const LINE_LIMIT: usize = 64 * 1024;

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed || line.marker == Some(Marker::Debug) {
            return;
        }
        let text = Text::new(line);
        self.recognisers.line(&text, &mut self.sink);
        if let Some(found) = SINGLES.iter().find_map(|read| read(&text)) {
            self.sink.single(found);
        }
        if !self.sink.is_idle() {
            self.sink.settle(self.recognisers.since(), out);
        }
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.recognisers.finish(&mut self.sink);
        self.sink.settle(None, out);
    }
}
