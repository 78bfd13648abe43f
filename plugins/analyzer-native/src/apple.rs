//! Apple's linker and loader, which list symbols below a headline.
//!
//! ```text
//! Undefined symbols for architecture arm64:
//!   "_boil", referenced from:
//!       _main in main.o
//! ld: symbol(s) not found for architecture arm64
//! ```

use crate::{inbox::Inbox, names, view::View};
use grimoire_plugin_sdk::{Diagnostic, Kind, Location, Severity, Span, text::Context};

/// Maximum number of symbols reported from one list.
const SYMBOLS: usize = 50;
/// Maximum number of objects kept per symbol.
const OBJECTS: usize = 8;

/// Reads the lists.
#[derive(Debug, Default)]
pub(crate) struct Apple {
    list: Option<List>,
}

/// A list being read.
#[derive(Debug)]
struct List {
    headline: String,
    span: Span,
    symbol: Option<Symbol>,
    count: usize,
}

/// A symbol and the objects that use it.
#[derive(Debug)]
struct Symbol {
    text: String,
    object: Option<String>,
    context: Context,
    span: Span,
}

impl Apple {
    pub(crate) fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) {
        let text = view.text;
        if let Some(list) = &mut self.list {
            if list.line(view, inbox) {
                return;
            }
            self.finish(inbox);
        }
        if !text.ends_with([':', 'd', 'n']) {
            return;
        }
        let plain = text.strip_prefix("ld: ").unwrap_or(text);
        let undefined = plain.starts_with("Undefined symbols") && plain.ends_with(':');
        let duplicate = plain.starts_with("duplicate symbol ") && plain.ends_with(" in:");
        if undefined || duplicate {
            let mut list = List {
                headline: plain.trim_end_matches(':').to_owned(),
                span: view.span,
                symbol: None,
                count: 0,
            };
            if duplicate {
                let mut context = Context::default();
                context.push(plain);
                let symbol = plain.trim_end_matches(" in:").to_owned();
                list.symbol = Some(Symbol { text: symbol, object: None, context, span: view.span });
            }
            self.list = Some(list);
        }
    }

    pub(crate) fn finish(&mut self, inbox: &mut Inbox) {
        if let Some(mut list) = self.list.take() {
            list.close(inbox);
        }
    }
}

impl List {
    fn line(&mut self, view: &View<'_>, inbox: &mut Inbox) -> bool {
        if view.is_blank() || view.indent == 0 && !view.text.starts_with('"') {
            return false;
        }
        if let Some(name) = view.text.strip_suffix(", referenced from:") {
            self.close(inbox);
            self.count += 1;
            if self.count > SYMBOLS {
                return true;
            }
            let mut context = Context::default();
            context.push(&self.headline);
            context.push(view.text);
            // The headline belongs to the first symbol.
            let span = if self.count == 1 { self.span.to(view.span) } else { view.span };
            self.symbol = Some(Symbol { text: name.to_owned(), object: None, context, span });
            return true;
        }
        let Some(symbol) = &mut self.symbol else { return true };
        if symbol.context.lines() < OBJECTS {
            symbol.context.push(view.text);
        }
        if symbol.object.is_none() {
            let object = view.text.rsplit_once(" in ").map_or(view.text, |(_, object)| object);
            symbol.object = Some(object.split('(').next().unwrap_or(object).to_owned());
        }
        symbol.span = symbol.span.to(view.span);
        true
    }

    fn close(&mut self, inbox: &mut Inbox) {
        let Some(mut symbol) = self.symbol.take() else { return };
        let message = if symbol.text.starts_with("duplicate symbol") {
            symbol.text
        } else {
            format!("{}: {}", self.headline, symbol.text)
        };
        let object = symbol.object.filter(|object| !object.contains(' ') && !names::is_system(object));
        inbox.push(Diagnostic {
            tool: "ld".to_owned(),
            error_type: "link".to_owned(),
            message,
            severity: Severity::Error,
            kind: Kind::Compile,
            location: object.filter(|object| object.contains('.')).map(|object| Location::file(&object)),
            context: symbol.context.take(),
            span: symbol.span,
            ..Diagnostic::default()
        });
    }
}
