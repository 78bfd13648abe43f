//! Changes of plugins by operators: the running and the kept versions, the receipts, and that a failure changes
//! nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::installed_plugin::{PluginAction, PluginReceipt};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::page::PageRequest;
use grimoire_domain::ranking::Panel;
use grimoire_pipeline::{
    FailurePolicy, HealthStatus, PipelineError, PluginRequest, PluginStatus, PluginUpload, Settings,
};
use grimoire_ports::fakes::{ScriptedFiles, ScriptedPlugins};
use grimoire_ports::plugins::{PluginOrigin, PluginSource, PluginStatistics};
use grimoire_ports::store::PluginStore as _;

use crate::world::World;

/// A world for operators, with the sources of plugins outside the store and the host.
pub(crate) struct Operator {
    pub(crate) world: World,
    files: ScriptedFiles,
    pub(crate) plugins: ScriptedPlugins,
}

impl Operator {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { matcher: Panel::one("scripted-matcher"), ..Settings::default() };
        change(&mut settings);
        let (files, plugins) = (ScriptedFiles::default(), ScriptedPlugins::default());
        let (found, host) = (files.clone(), plugins.clone());
        let world = World::with(settings, |ports| {
            ports.plugin_files = Arc::new(found);
            ports.plugins = Arc::new(host);
        });
        world.pipeline.load_plugins().await.expect("they load");
        Self { world, files, plugins }
    }

    pub(crate) async fn ask(&self, request: PluginRequest) -> Result<PluginReceipt, PipelineError> {
        self.world.pipeline.change_plugin(request, &Actor::COMMAND_LINE).await
    }

    pub(crate) async fn install(
        &self,
        name: &str,
        component: &'static str,
    ) -> Result<PluginReceipt, PipelineError> {
        self.ask(PluginRequest::Install(upload(name, component))).await
    }

    pub(crate) async fn activate(&self, name: &str, digest: &str) -> Result<PluginReceipt, PipelineError> {
        let (name, digest) = (name.to_owned(), digest.to_owned());
        self.ask(PluginRequest::Activate { name, digest, force: false }).await
    }

    /// Activates a version whatever speaks against it.
    pub(crate) async fn insist(&self, name: &str, digest: &str) -> Result<PluginReceipt, PipelineError> {
        let (name, digest) = (name.to_owned(), digest.to_owned());
        self.ask(PluginRequest::Activate { name, digest, force: true }).await
    }

    async fn roll_back(&self, name: &str) -> Result<PluginReceipt, PipelineError> {
        self.ask(PluginRequest::RollBack { name: name.to_owned() }).await
    }

    async fn remove(&self, name: &str, digest: Option<&str>) -> Result<PluginReceipt, PipelineError> {
        self.ask(PluginRequest::Remove { name: name.to_owned(), digest: digest.map(str::to_owned) }).await
    }

    pub(crate) async fn status(&self, name: &str) -> PluginStatus {
        let details = self.world.pipeline.plugin_details(name, &Actor::COMMAND_LINE).await;
        details.expect("the plugin").status
    }

    /// Everything that a failed change must leave untouched.
    pub(crate) async fn picture(&self) -> (u64, Vec<PluginStatus>, u64) {
        let receipts = self.world.store.plugin_receipts(None, PageRequest::default()).await;
        (
            self.world.pipeline.plugins().current().generation(),
            self.world.pipeline.list_plugins(&Actor::COMMAND_LINE).await.expect("a list"),
            receipts.expect("receipts").total,
        )
    }

    /// Asserts that a refused change has left everything untouched.
    #[track_caller]
    pub(crate) fn refused(before: &(u64, Vec<PluginStatus>, u64), after: &(u64, Vec<PluginStatus>, u64)) {
        assert_eq!(before, after, "a refusal changes nothing");
    }
}

pub(crate) fn upload(name: &str, component: &'static str) -> PluginUpload {
    PluginUpload {
        name: name.to_owned(),
        source: format!("{name}.wasm"),
        component: component.as_bytes().into(),
        replay: 0,
        force: false,
    }
}

#[tokio::test]
async fn an_installed_plugin_runs_and_its_receipt_says_who_what_and_how() {
    let operator = Operator::new().await;
    let before = operator.status("scripted-matcher").await.loaded.expect("it ships");
    let ana = Actor::Token { label: "ana".to_owned(), permission: Permission::Admin };
    let request = PluginRequest::Install(upload("scripted-matcher", "mine"));
    let receipt = operator.world.pipeline.change_plugin(request, &ana).await.expect("a receipt");
    assert_eq!((receipt.number, receipt.action), (1, PluginAction::Install));
    assert_eq!((receipt.source.as_str(), receipt.by.as_str()), ("scripted-matcher.wasm", "token:ana"));
    assert_eq!(receipt.previous, Some(before.identity.digest));
    assert_eq!(receipt.verified, ["as the script says", "golden vectors: none"]);
    let status = operator.status("scripted-matcher").await;
    let loaded = status.loaded.expect("it runs");
    assert_eq!(Some(loaded.identity.digest), receipt.digest);
    assert_eq!((loaded.origin, loaded.replaces), (PluginOrigin::Installed, Some(PluginOrigin::Shipped)));
    let health = operator.world.pipeline.plugins_health();
    assert_eq!(health.status, HealthStatus::Healthy);
    let said = "scripted-matcher (installed) replaces the one that is shipped";
    assert!(health.detail.contains(said), "{}", health.detail);
}

#[tokio::test]
async fn what_is_installed_runs_after_the_next_start() {
    let operator = Operator::new().await;
    let receipt = operator.install("team-matcher", "mine").await.expect("a receipt");
    let again = World::over(&operator.world, |_| {});
    again.pipeline.load_plugins().await.expect("they load");
    let details =
        again.pipeline.plugin_details("team-matcher", &Actor::COMMAND_LINE).await.expect("it is there");
    assert_eq!(details.status.loaded.map(|loaded| loaded.identity.digest), receipt.digest);
    assert_eq!(details.receipts, [receipt]);
}

#[tokio::test]
async fn rolling_back_walks_through_the_kept_versions_to_what_ships() {
    let operator = Operator::new().await;
    let shipped = operator.status("scripted-matcher").await.loaded.map(|loaded| loaded.identity.digest);
    let mut digests = Vec::new();
    for component in ["one", "two", "three", "four"] {
        digests.push(operator.install("scripted-matcher", component).await.expect("a receipt").digest);
    }
    for expected in [&digests[2], &digests[1], &shipped] {
        let receipt = operator.roll_back("scripted-matcher").await.expect("a receipt");
        assert_eq!((receipt.action, &receipt.digest), (PluginAction::RollBack, expected));
        let runs = operator.status("scripted-matcher").await.loaded.map(|loaded| loaded.identity.digest);
        assert_eq!(runs, *expected);
    }
    let error = operator.roll_back("scripted-matcher").await.expect_err("what ships is the last");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("activate one"), "{error}");
    // No kept version was lost on the way.
    let newest = digests[3].as_deref().expect("a digest");
    let receipt = operator.activate("scripted-matcher", &newest[..12]).await.expect("it is kept");
    assert_eq!(receipt.digest.as_deref(), Some(newest));
}

#[tokio::test]
async fn the_only_version_of_a_plugin_has_nothing_to_go_back_to() {
    let operator = Operator::new().await;
    operator.install("team-matcher", "mine").await.expect("a receipt");
    let before = operator.picture().await;
    let error = operator.roll_back("team-matcher").await.expect_err("there is no version before");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("install another, or remove it"), "{error}");
    Operator::refused(&before, &operator.picture().await);
}

#[tokio::test]
async fn a_component_that_does_not_load_changes_nothing() {
    let operator = Operator::new().await;
    for name in ["scripted-matcher", "new-matcher"] {
        let before = operator.picture().await;
        let error = operator.install(name, "bad").await.expect_err("it does not load");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.to_string(), format!("{name} was refused: is not a valid component"));
        Operator::refused(&before, &operator.picture().await);
    }
}

#[tokio::test]
async fn a_full_disk_changes_nothing() {
    let operator = Operator::new().await;
    let before = operator.picture().await;
    operator.world.store.set_trouble(Some("the store's disk is full: free some room"));
    let error = operator.install("team-matcher", "mine").await.expect_err("it cannot be kept");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.to_string(), "team-matcher was not changed: the store's disk is full: free some room");
    operator.world.store.set_trouble(None);
    Operator::refused(&before, &operator.picture().await);
}

#[tokio::test]
async fn a_name_belongs_to_one_kind_of_plugin() {
    let operator = Operator::new().await;
    let (files, plugins) = (operator.files.clone(), operator.plugins.clone());
    files.add(PluginSource::file("odd-matcher", "odd.wasm"));
    operator.world.pipeline.reload_plugins().await.expect("the file loads");
    let mut set = plugins.current_set();
    let odd =
        set.plugins.iter_mut().find(|plugin| plugin.identity.name == "odd-matcher").expect("it is there");
    odd.world = "grimoire:analyzer@0.1.0".to_owned();
    plugins.replace(set);
    let before = operator.picture().await;
    let error = operator.install("odd-matcher", "mine").await.expect_err("the name is taken");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().ends_with("give it another name"), "{error}");
    Operator::refused(&before, &operator.picture().await);
}

#[tokio::test]
async fn two_changes_at_once_are_one_change_and_one_refusal() {
    let operator = Operator::new().await;
    let turn = operator.plugins.hold();
    let first = operator.install("team-matcher", "one");
    let second = async {
        let refused = operator.install("team-matcher", "two").await;
        drop(turn);
        refused
    };
    let (first, second) = futures::join!(first, second);
    assert_eq!(first.expect("a receipt").number, 1);
    let error = second.expect_err("somebody else is at it");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().ends_with("try again when it has ended"), "{error}");
}

#[tokio::test]
async fn what_the_settings_need_cannot_be_taken_away() {
    let policies = BTreeMap::from([("team-analyzer".to_owned(), FailurePolicy::Fail)]);
    let operator = Operator::with(|settings| settings.failure_policies = policies).await;
    // A plugin that is missing already does not prevent a repair.
    operator.install("other-matcher", "mine").await.expect("a receipt");
    operator.install("team-analyzer", "mine").await.expect("a receipt");
    let before = operator.picture().await;
    let error = operator.remove("team-analyzer", None).await.expect_err("it is needed");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("nothing works without team-analyzer"), "{error}");
    Operator::refused(&before, &operator.picture().await);
}

#[tokio::test]
async fn the_version_that_runs_is_removed_only_with_all_others() {
    let operator = Operator::new().await;
    let one = operator.install("team-matcher", "one").await.expect("a receipt").digest.expect("a digest");
    let two = operator.install("team-matcher", "two").await.expect("a receipt").digest.expect("a digest");
    let before = operator.picture().await;
    let error = operator.remove("team-matcher", Some(&two)).await.expect_err("it runs");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("activate another or roll back first"), "{error}");
    Operator::refused(&before, &operator.picture().await);
    operator.remove("team-matcher", Some(&one)).await.expect("it only lies there");
    let error = operator.activate("team-matcher", &one).await.expect_err("it is gone");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let receipt = operator.remove("team-matcher", None).await.expect("a receipt");
    assert_eq!((receipt.digest, receipt.previous), (None, Some(two)));
    let gone = operator.world.pipeline.plugin_details("team-matcher", &Actor::COMMAND_LINE).await;
    let gone = gone.expect("its receipts stay");
    assert_eq!((gone.status.loaded, gone.status.installed), (None, None));
    assert_eq!(gone.receipts[0].action, PluginAction::Remove);
}

#[tokio::test]
async fn what_was_not_installed_is_steered_elsewhere() {
    let operator = Operator::new().await;
    operator.files.add(PluginSource::file("folder-matcher", "folder.wasm"));
    operator.world.pipeline.reload_plugins().await.expect("the file loads");
    for (name, kind, remedy) in [
        ("scripted-matcher", ErrorKind::Conflict, "install a component under its name to replace it"),
        ("folder-matcher", ErrorKind::Conflict, "change the file, the folder is watched"),
        ("nobody", ErrorKind::NotFound, "Plugin with id nobody not found"),
    ] {
        let error = operator.remove(name, None).await.expect_err("it was not installed");
        assert_eq!(error.kind(), kind, "{name}");
        assert!(error.to_string().ends_with(remedy), "{error}");
    }
}

#[tokio::test]
async fn a_file_of_the_folder_gets_a_receipt_when_it_comes_and_when_it_goes() {
    let operator = Operator::new().await;
    operator.files.add(PluginSource::file("folder-matcher", "folder.wasm"));
    for _ in 0..2 {
        operator.world.pipeline.reload_plugins().await.expect("the file loads");
    }
    operator.files.clear_folder();
    operator.world.pipeline.reload_plugins().await.expect("what ships loads");
    let receipts =
        operator.world.store.plugin_receipts(None, PageRequest::default()).await.expect("receipts");
    let told: Vec<_> =
        receipts.items.iter().map(|receipt| (receipt.action, receipt.digest.is_some())).collect();
    assert_eq!(
        told,
        [(PluginAction::Folder, false), (PluginAction::Folder, true)],
        "newest first, none twice"
    );
    assert_eq!(receipts.items[1].by, "system:plugins.folder");
}

#[tokio::test]
async fn a_file_that_would_break_what_runs_is_left_alone() {
    let operator = Operator::new().await;
    operator.files.add(PluginSource::file("scripted-matcher", "bad"));
    let before = operator.picture().await;
    let error =
        operator.world.pipeline.reload_plugins().await.map(drop).expect_err("it would break the matcher");
    assert!(error.to_string().starts_with("scripted-matcher, which runs, would be refused"), "{error}");
    Operator::refused(&before, &operator.picture().await);
    let health = operator.world.pipeline.plugins_health();
    assert_eq!(health.status, HealthStatus::Degraded);
    let said = format!("plugins.folder was not taken up: {error}");
    assert!(health.detail.contains(&said), "{}", health.detail);
    operator.files.clear_folder();
    operator.world.pipeline.reload_plugins().await.expect("what ships loads");
    assert_eq!(operator.world.pipeline.plugins_health().status, HealthStatus::Healthy);
}

#[tokio::test]
async fn a_file_of_another_kind_replaces_no_plugin_that_runs() {
    let operator = Operator::new().await;
    operator.files.add(PluginSource::file("team-plugin", "matcher"));
    operator.world.pipeline.reload_plugins().await.expect("the file loads");
    let mut set = operator.plugins.current_set();
    let running = set.plugins.iter_mut().find(|plugin| plugin.identity.name == "team-plugin");
    running.expect("it is there").world = "grimoire:analyzer@0.1.0".to_owned();
    operator.plugins.replace(set);
    let before = operator.picture().await;
    let error = operator.world.pipeline.reload_plugins().await.map(drop).expect_err("the name is taken");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().ends_with("give it another name"), "{error}");
    Operator::refused(&before, &operator.picture().await);
}

#[tokio::test]
async fn only_a_service_writes_receipts_for_files_of_the_folder() {
    let operator = Operator::new().await;
    operator.files.add(PluginSource::file("folder-matcher", "folder.wasm"));
    operator.world.pipeline.load_plugins().await.expect("the file loads");
    let receipts = async || {
        let page = operator.world.store.plugin_receipts(None, PageRequest::default()).await;
        page.expect("receipts").total
    };
    assert_eq!(receipts().await, 0, "a command loads them too");
    operator.world.pipeline.note_plugin_folder().await.expect("written");
    assert_eq!(receipts().await, 1);
}

#[tokio::test]
async fn whoever_is_no_administrator_changes_nothing() {
    let operator = Operator::new().await;
    let before = operator.picture().await;
    let ana = Actor::Token { label: "ana".to_owned(), permission: Permission::Write };
    let request = PluginRequest::Install(upload("team-matcher", "mine"));
    let error = operator.world.pipeline.change_plugin(request, &ana).await.expect_err("she may not");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    Operator::refused(&before, &operator.picture().await);
}

#[tokio::test]
async fn a_plugin_whose_calls_fail_shows_in_health_until_one_ends_well() {
    let operator = Operator::new().await;
    let problem = grimoire_domain::review::PluginProblem {
        plugin: "scripted-matcher".to_owned(),
        reason: FailureReason::Trap,
        detail: "call stack exhausted".to_owned(),
    };
    let mut statistics = PluginStatistics {
        calls: 9,
        failures: 3,
        failures_in_a_row: 3,
        last_problem: Some(problem),
        ..PluginStatistics::default()
    };
    operator.plugins.set_statistics("scripted-matcher", statistics.clone());
    let health = operator.world.pipeline.plugins_health();
    assert_eq!(health.status, HealthStatus::Degraded);
    let said = "the last 3 calls of scripted-matcher failed (trap): call stack exhausted";
    assert!(health.detail.contains(said), "{}", health.detail);
    statistics.failures_in_a_row = 0;
    operator.plugins.set_statistics("scripted-matcher", statistics);
    assert_eq!(operator.world.pipeline.plugins_health().status, HealthStatus::Healthy);
}
