//! Promises about installed plugins.

use grimoire_domain::installed_plugin::{InstalledPlugin, PluginAction, PluginReceipt, PluginVersion};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;

use super::samples::at;
use super::{Subject, kind_of};
use crate::store::{PluginChange, PluginStore};

fn version(letter: char, seconds: u64) -> PluginVersion {
    PluginVersion {
        digest: letter.to_string().repeat(64),
        bytes: 3,
        world: "grimoire:analyzer@0.1.0".to_owned(),
        version: (letter != 'a').then(|| format!("1.0.{seconds}")),
        source: format!("{letter}.wasm"),
        installed_by: "token:ana".to_owned(),
        installed_at: at(seconds),
        quarantine: (letter == 'b').then(|| "it failed".to_owned()),
    }
}

fn receipt(plugin: &InstalledPlugin, seconds: u64) -> PluginReceipt {
    PluginReceipt {
        number: 0,
        plugin: plugin.name().to_owned(),
        action: PluginAction::ALL[usize::try_from(seconds).unwrap_or(0) % PluginAction::ALL.len()],
        digest: plugin.active().map(|version| version.digest.clone()),
        previous: None,
        source: "somewhere".to_owned(),
        reason: seconds.is_multiple_of(2).then(|| "it failed".to_owned()),
        verified: vec!["size".to_owned(), "form".to_owned()],
        by: "token:ana".to_owned(),
        at: at(seconds),
    }
}

/// Installs a version whose component consists of its letter three times.
async fn install(store: &impl PluginStore, plugin: &mut InstalledPlugin, letter: char, seconds: u64) {
    plugin.install(version(letter, seconds));
    let component = letter.to_string().repeat(3).into_bytes();
    let receipt = receipt(plugin, seconds);
    let change = PluginChange { plugin: Some(plugin.clone()), component: Some(component), receipt };
    store.change_plugin(change).await.unwrap();
}

/// The same holds after everything was closed and opened again.
pub async fn an_installed_plugin_comes_back_equal<S: Subject>(subject: S) {
    let store = subject.store();
    assert_eq!(store.installed_plugins().await.unwrap(), []);
    let (mut first, mut second) = (InstalledPlugin::new("b-plugin"), InstalledPlugin::new("a-plugin"));
    install(&store, &mut first, 'a', 1).await;
    install(&store, &mut first, 'b', 2).await;
    install(&store, &mut second, 'a', 3).await;
    first.activate("aaaa").unwrap();
    let change = PluginChange { plugin: Some(first.clone()), component: None, receipt: receipt(&first, 4) };
    store.change_plugin(change).await.unwrap();
    drop(store);
    let subject = subject.reopen().await;
    assert_eq!(subject.store().installed_plugins().await.unwrap(), [second, first], "by name");
}

/// Each plugin has its own copy, even if two plugins have the same component.
pub async fn components_are_kept_as_long_as_their_versions<S: Subject>(subject: S) {
    let store = subject.store();
    let (mut plugin, mut other) = (InstalledPlugin::new("plugin"), InstalledPlugin::new("plugin-b"));
    install(&store, &mut other, 'a', 1).await;
    for (letter, seconds) in "abcd".chars().zip(2..) {
        install(&store, &mut plugin, letter, seconds).await;
    }
    let component = async |plugin: &str, letter: char| {
        store.plugin_component(plugin, &letter.to_string().repeat(64)).await
    };
    assert_eq!(component("plugin", 'b').await.unwrap(), b"bbb");
    assert_eq!(component("plugin", 'd').await.unwrap(), b"ddd");
    assert_eq!(kind_of(component("plugin", 'a').await), ErrorKind::NotFound, "three are kept");
    assert_eq!(component("plugin-b", 'a').await.unwrap(), b"aaa");
    plugin.remove_all();
    let change = PluginChange { plugin: Some(plugin.clone()), component: None, receipt: receipt(&plugin, 9) };
    store.change_plugin(change).await.unwrap();
    assert_eq!(kind_of(component("plugin", 'd').await), ErrorKind::NotFound);
    assert_eq!(store.installed_plugins().await.unwrap(), [other]);
}

/// Neither the plugin nor a receipt is written.
pub async fn a_version_without_its_component_is_refused<S: Subject>(subject: S) {
    let store = subject.store();
    let mut plugin = InstalledPlugin::new("plugin");
    plugin.install(version('a', 1));
    let change = PluginChange { plugin: Some(plugin.clone()), component: None, receipt: receipt(&plugin, 1) };
    assert_eq!(kind_of(store.change_plugin(change).await), ErrorKind::Invalid);
    assert_eq!(store.installed_plugins().await.unwrap(), []);
    assert_eq!(store.plugin_receipts(None, PageRequest::default()).await.unwrap().total, 0);
}

/// The newest come first, including those of plugins that no longer exist.
pub async fn receipts_are_numbered_and_kept_for_good<S: Subject>(subject: S) {
    let store = subject.store();
    let plugins = ["one", "two", "one"].map(InstalledPlugin::new);
    let mut expected = Vec::new();
    for (plugin, number) in plugins.iter().zip(1..) {
        let receipt = receipt(plugin, number);
        let change = PluginChange { plugin: None, component: None, receipt: receipt.clone() };
        let stored = store.change_plugin(change).await.unwrap();
        assert_eq!(stored, PluginReceipt { number, ..receipt });
        expected.insert(0, stored);
    }
    drop(store);
    let subject = subject.reopen().await;
    let store = subject.store();
    let all = store.plugin_receipts(None, PageRequest::default()).await.unwrap();
    assert_eq!((all.items, all.total), (expected.clone(), 3));
    let of_one = store.plugin_receipts(Some("one"), PageRequest::new(1, 1).unwrap()).await.unwrap();
    assert_eq!((of_one.items, of_one.total), (vec![expected[2].clone()], 2));
}
