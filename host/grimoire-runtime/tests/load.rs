//! Files that are no plugins, or not for this host: each is refused with a reason and disturbs nobody.

mod support;

use std::fmt::Write as _;
use std::time::Duration;

use grimoire_ports::plugins::PluginInventory as _;
use grimoire_ports::plugins::matcher::Matchers as _;
use grimoire_runtime::{Options, PluginHost, PluginSource};
use support::guests::{Group, component, guest, section, with_modules};
use support::{candidates, diagnostic, shipped};

const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

/// Why a host refuses a component that it is given beside an honest one, which must still answer.
async fn refusals(sources: Vec<PluginSource>) -> Vec<String> {
    let count = sources.len();
    let mut plugins = vec![guest(Group::Matcher, "honest")];
    plugins.extend(sources);
    let options = Options { active_matcher: "honest".to_owned(), ..Options::default() };
    let host = PluginHost::start(options, plugins).expect("a host");
    assert_eq!(host.plugins().len(), 1, "only the honest one is loaded");
    let judgement = host.score(&diagnostic(), &candidates(1)).await.expect("a judgement");
    assert_eq!(judgement.verdicts.len(), 1);
    let rejected = host.rejected();
    assert_eq!(rejected.len(), count);
    rejected.into_iter().map(|problem| problem.detail).collect()
}

async fn refusal(component: Vec<u8>) -> String {
    refusals(vec![PluginSource::new("subject", component)]).await.remove(0)
}

#[tokio::test]
async fn a_file_that_is_cut_off_anywhere_is_refused() {
    let whole = shipped("analyzer-rust").component;
    let cut = |part: usize| {
        let length = whole.len() * part / 64;
        PluginSource::new(format!("part-{part}"), whole[..length].to_vec())
    };
    for (part, detail) in refusals((0..64).map(cut).collect()).await.into_iter().enumerate() {
        assert!(
            detail.contains("cut off")
                || detail.contains("empty")
                || detail.contains("not a valid component")
                // Cut between two sections: whole, and of no use.
                || detail.contains("the component exports nothing"),
            "{part}/64: {detail}"
        );
    }
}

#[tokio::test]
async fn a_file_with_one_wrong_byte_never_harms_the_host() {
    let whole = component(Group::Matcher, "honest");
    let mut sources = vec![guest(Group::Matcher, "empty")];
    for (index, place) in (0..whole.len()).step_by(61).enumerate() {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        sources.push(PluginSource::new(format!("damaged-{index}"), damaged));
    }
    let options = Options { active_matcher: "empty".to_owned(), ..Options::default() };
    let host = PluginHost::start(options, sources).expect("a host");
    host.score(&diagnostic(), &candidates(1)).await.expect("a judgement");
}

#[tokio::test]
async fn what_is_not_a_component_is_refused() {
    let module = wat::parse_str("(module)").expect("a module");
    assert!(refusal(module).await.contains("core module"));
    let engine = wasmtime::Engine::default();
    let code = engine.precompile_component(&component(Group::Matcher, "honest")).expect("compiled code");
    assert!(refusal(code).await.contains("never accepted"));
    assert!(refusal(b"(component)".to_vec()).await.contains("this is text"));
    assert!(refusal(HEADER.to_vec()).await.contains("the component exports nothing"));
}

#[tokio::test]
async fn too_many_functions_are_refused_before_anything_is_compiled() {
    let mut module = "(module".to_owned();
    for _ in 0..100_000 {
        write!(module, "(func)").expect("text grows");
    }
    module.push(')');
    let detail = refusal(with_modules(component(Group::Matcher, "honest"), &[&module])).await;
    assert!(detail.ends_with("functions; a plugin may have at most 65536"), "{detail}");
}

#[tokio::test]
async fn deep_nesting_is_refused() {
    let mut nested = HEADER.to_vec();
    for _ in 0..200 {
        let mut outer = HEADER.to_vec();
        section(&mut outer, 4, &nested);
        nested = outer;
    }
    assert_eq!(refusal(nested).await, "has 17 nested parts; a plugin may have at most 16");
}

#[tokio::test]
async fn a_file_above_the_size_cap_is_refused_unread() {
    let mut large = component(Group::Matcher, "honest");
    // A custom section as padding: everything about it is valid.
    let mut padding = vec![1, b'x'];
    padding.resize(1 << 20, 0);
    section(&mut large, 0, &padding);
    let size = large.len();
    let options = Options { max_component_bytes: 1 << 20, ..Options::default() };
    let host = PluginHost::start(options, vec![PluginSource::new("large", large)]).expect("a host");
    assert_eq!(
        host.rejected()[0].detail,
        format!("the file has {size} bytes, a plugin may have at most 1048576")
    );
}

#[tokio::test]
async fn names_are_checked_and_taken_once() {
    let honest = component(Group::Matcher, "honest");
    for name in ["", "Matcher", "a b", "../escape", "x\u{202e}y", "honest"] {
        let detail = refusals(vec![PluginSource::new(name, honest.clone())]).await.remove(0);
        let expected = if name == "honest" { "another plugin of this name" } else { "a plugin's name has" };
        assert!(detail.contains(expected), "{name:?}: {detail}");
    }
}

#[tokio::test]
async fn a_missing_matcher_is_said_call_by_call() {
    let options = Options { active_matcher: "absent".to_owned(), ..Options::default() };
    let host = PluginHost::start(options, vec![guest(Group::Analyzer, "honest")]).expect("a host");
    let problem = host.score(&diagnostic(), &candidates(1)).await.expect_err("no matcher").0;
    assert_eq!((problem.plugin.as_str(), problem.reason.as_str()), ("absent", "refused"));
    assert_eq!(problem.detail, "is chosen as the matcher and is not loaded");
    let options = Options { active_matcher: "honest".to_owned(), ..Options::default() };
    let host = PluginHost::start(options, vec![guest(Group::Analyzer, "honest")]).expect("a host");
    let problem = host.score(&diagnostic(), &candidates(1)).await.expect_err("no matcher").0;
    assert_eq!(problem.detail, "is chosen as the matcher and is none");
}

#[test]
fn the_version_of_a_plugin_is_read_from_its_metadata() {
    let mut component = component(Group::Matcher, "honest");
    let mut version = vec![7];
    version.extend_from_slice(b"version1.2.3");
    section(&mut component, 0, &version);
    let host =
        PluginHost::start(Options::default(), vec![PluginSource::new("p", component)]).expect("a host");
    assert_eq!(host.plugins()[0].version.as_deref(), Some("1.2.3"));
}

#[tokio::test]
async fn compilations_over_their_time_are_bounded_in_number_and_told() {
    let copy = |number: usize| {
        let mut plugin = shipped("analyzer-generic");
        plugin.name = format!("copy-{number}");
        // Another component in the eyes of the cache in memory.
        section(plugin.component.to_mut(), 0, &[1, b'n', u8::try_from(number).expect("few")]);
        plugin
    };
    let options = Options { compile_wait: Duration::ZERO, ..Options::default() };
    let host = PluginHost::start(options, (0..4).map(copy).collect()).expect("a host");
    let details: Vec<String> = host.rejected().into_iter().map(|problem| problem.detail).collect();
    assert_eq!(details.len(), 4);
    assert!(details[..2].iter().all(|detail| detail == "did not compile within 0 s"), "{details:?}");
    let refused = "was not compiled: 2 compilations before it went over their time and still run";
    assert!(details[2..].iter().all(|detail| detail == refused), "{details:?}");
    // They end by themselves, and leave the count.
    while host.abandoned_compilations() > 0 {
        tokio::task::yield_now().await;
    }
}
