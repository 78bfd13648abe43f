//! The loader of Erlang's runtime: the advice is in the line below. Its place lies in the sources of Erlang itself.
//!
//! ```text
//! 09:00:00.000 [error] beam/beam_load.c(551): Error loading module 'Elixir.Kettle':
//!   please re-compile this module with an Erlang/OTP 27 compiler
//! ```

use crate::panel::{Draft, Reader, Seen};
use grimoire_plugin_sdk::{Diagnostic, Kind::Configuration, text::Needle};

/// Reads modules that cannot be loaded.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    open: Option<Draft>,
}

impl Reader for Loader {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        static SOURCE: Needle = Needle::new("beam_load.c(");
        if let Some(mut draft) = self.open.take() {
            let advice = line.start.starts_with("please re-compile ");
            if advice {
                draft.take(line);
                draft.go_on(line.start);
            }
            out.push(draft.done());
            if advice {
                return;
            }
        }
        let Some((_, rest)) = SOURCE.split_among(line.characters, line.start) else { return };
        let Some((_, message)) = rest.split_once("): ") else { return };
        if message.starts_with("Error loading ") {
            let mut draft = Draft::new("erlang", Configuration, line);
            "badfile".clone_into(&mut draft.found.error_type);
            draft.say(message);
            self.open = Some(draft);
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(Draft::since)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take().map(Draft::done));
    }
}
