//! The log of all tests in this process.

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    let text = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    // For all threads: with a subscriber of one thread, log statements that another thread reaches first would stay
    // disabled.
    let subscriber = tracing_subscriber::registry().with(text).with(Errors(log.clone()));
    tracing::subscriber::set_global_default(subscriber).expect("nothing else listens to the log");
    log
});

/// What was logged since the first call of [`log`].
#[derive(Clone, Default)]
pub(crate) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    errors: Arc<Mutex<Vec<String>>>,
}

/// Starts to listen, unless another test has started already.
pub(crate) fn log() -> &'static Log {
    &LOG
}

impl Log {
    /// Everything, on every level, as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().expect("no writer panics")).into_owned()
    }

    /// The events on the level of errors.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("no writer panics").clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Collects errors.
struct Errors(Log);

impl<S: Subscriber> Layer<S> for Errors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            let mut fields = Fields(event.metadata().target().to_owned());
            event.record(&mut fields);
            self.0.errors.lock().expect("no writer panics").push(fields.0);
        }
    }
}

/// The fields of an event as text.
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}
