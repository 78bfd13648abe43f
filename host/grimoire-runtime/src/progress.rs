//! Progress of loading plugins.

use std::sync::{Mutex, PoisonError};

/// The plugin being loaded, if any.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Option<Loading>>);

#[derive(Debug)]
struct Loading {
    done: usize,
    total: usize,
    plugin: String,
}

impl Progress {
    /// Reports that the next plugin is being loaded, after `done` of `total`.
    pub(crate) fn begin(&self, plugin: &str, done: usize, total: usize) {
        self.set(Some(Loading { done, total, plugin: plugin.to_owned() }));
    }

    /// Reports that loading has ended.
    pub(crate) fn end(&self) {
        self.set(None);
    }

    /// The sentence for operators.
    pub(crate) fn notice(&self) -> Option<String> {
        let loading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Loading { done, total, plugin } = loading.as_ref()?;
        Some(format!("plugins are being prepared: {done} of {total} are done, {plugin} is under way"))
    }

    fn set(&self, loading: Option<Loading>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = loading;
    }
}
